package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// AvgPool writes to y the sum over each window, which has no dilation, divided by divisor, or where that is 0 by the number
// of elements, those of the padding included if padded.
func AvgPool[T float32 | float64](g Window, volumes, divisor int, padded bool, x, y []T) {
	in, out := g.sizes()
	ds, hs, ws := g.spans(0), g.spans(1), g.spans(2)
	m := rowPool{g: g, ds: ds, hs: hs, ws: ws}
	m.prepare()
	same := m.sameDivisor(divisor, padded)
	pairs := m.pairs(vectors[T]())
	parallel.For(volumes, max(1, grainCheap/max(1, in)), func(lo, hi int) {
		for n := lo; n < hi; n++ {
			p, o := x[n*in:(n+1)*in], y[n*out:(n+1)*out]
			if pairs != nil && same != 0 {
				pairs.average(as32(p), as32(o), float32(same))
				continue
			}
			if same != 0 && m.wholeRows() {
				averageRows(&m, float64(same), p, o)
				continue
			}
			i := 0
			for _, d := range ds {
				for _, h := range hs {
					for _, w := range ws {
						var sum float64
						for k := d.lo; k < d.hi; k++ {
							base := k * g.In[1] * g.In[2]
							if w.hi-w.lo == g.In[2] { // rows without a gap between: a global average
								sum += sum64(p[base+h.lo*g.In[2] : base+h.hi*g.In[2]])
								continue
							}
							for r := h.lo; r < h.hi; r++ {
								for _, v := range p[base+r*g.In[2]+w.lo : base+r*g.In[2]+w.hi] {
									sum += float64(v)
								}
							}
						}
						o[i] = T(sum / float64(averaged(d, h, w, divisor, padded)))
						i++
					}
				}
			}
		}
	})
}

// AvgPoolGrad writes to dx the gradient of AvgPool: each element of dy shared out over its window.
func AvgPoolGrad[T float32 | float64](g Window, volumes, divisor int, padded bool, dy, dx []T) {
	in, out := g.sizes()
	ds, hs, ws := g.spans(0), g.spans(1), g.spans(2)
	m := rowPool{g: g, ds: ds, hs: hs, ws: ws}
	m.prepare()
	same := m.sameDivisor(divisor, padded)
	if pairs := m.pairs(vectors[T]()); pairs != nil && pairs.grad && g.In[2] == 2*g.Out[2] && same > 0 && same&(same-1) == 0 {
		parallel.For(volumes, max(1, grainCheap/max(1, in)), func(lo, hi int) {
			buf, block := borrow[float32](3 * out)
			defer block.Put()
			for n := lo; n < hi; n++ {
				pairs.share(as32(dx[n*in:(n+1)*in]), as32(dy[n*out:(n+1)*out]), 1/float32(same), buf[:out], buf[out:])
			}
		})
		return
	}
	parallel.For(volumes, max(1, grainCheap/max(1, in)), func(lo, hi int) {
		for n := lo; n < hi; n++ {
			p, o := dx[n*in:(n+1)*in], dy[n*out:(n+1)*out]
			if same != 0 && m.wholeRows() {
				shareRows(&m, T(same), o, p)
				continue
			}
			clear(p)
			i := 0
			for _, d := range ds {
				for _, h := range hs {
					for _, w := range ws {
						v := o[i] / T(averaged(d, h, w, divisor, padded))
						i++
						for k := d.lo; k < d.hi; k++ {
							for r := h.lo; r < h.hi; r++ {
								row := (k*g.In[1] + r) * g.In[2]
								share := p[row+w.lo : row+w.hi]
								for c := range share {
									share[c] += v
								}
							}
						}
					}
				}
			}
		}
	})
}

// sameDivisor returns what all windows' sums are divided by, 0 where that differs.
func (m *rowPool) sameDivisor(divisor int, padded bool) (same int) {
	for _, d := range m.ds {
		for _, h := range m.hs {
			for _, w := range m.ws {
				n := averaged(d, h, w, divisor, padded)
				if same != 0 && n != same || n == 0 {
					return 0
				}
				same = n
			}
		}
	}
	return same
}

// averaged is what a window's sum is divided by.
func averaged(d, h, w span, divisor int, padded bool) int {
	switch {
	case divisor != 0:
		return divisor
	case padded:
		return d.padded * h.padded * w.padded
	}
	return (d.hi - d.lo) * (h.hi - h.lo) * (w.hi - w.lo)
}

// sum4 returns Σ x in float64, four sums at a time.
func sum4[T float32 | float64](x []T) float64 {
	var s0, s1, s2, s3 float64
	for ; len(x) >= 4; x = x[4:] {
		s0 += float64(x[0])
		s1 += float64(x[1])
		s2 += float64(x[2])
		s3 += float64(x[3])
	}
	for _, v := range x {
		s0 += float64(v)
	}
	return (s0 + s1) + (s2 + s3)
}
