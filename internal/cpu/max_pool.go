package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// MaxPool writes the largest element of each window of each volume to y and its place in the volume to at, unless nil. The
// first of equals wins; NaN wins over numbers. A window that covers padding alone gives -Inf and -1.
//
// 32, 64, 56, 56 on one thread (Zen 3): 2x2 2.0 ms, 3x3 with stride 2 and padding 1.8, which is how long memory takes; with places
// half as much again. PyTorch 1.13 needs 33 ms for NCHW and 2.6 and 3.8 for channels last. Windows that pairs (max_pool_rows.go) does not have
// go through phases (max_pool_taps.go), three times as slow; in Go it is 19 and 28.
func MaxPool[T float32 | float64](g Window, volumes int, x, y []T, at []int32) {
	in, out := g.sizes()
	m := rowPool{g: g, ds: g.spans(0), hs: g.spans(1), ws: g.spans(2)}
	m.prepare()
	pairs := m.pairs(vectors[T]())
	var taps *tapPool
	if pairs == nil {
		taps = m.taps(vectors[T]())
	}
	parallel.For(volumes, max(1, grainCheap/max(1, in)), func(lo, hi int) {
		var a, own, best []int32
		var buf []float32
		if taps != nil {
			var block mem.Block
			buf, block = borrow[float32](taps.size())
			defer block.Put()
			fill(buf, float32(math.Inf(-1)))
		}
		for n := lo; n < hi; n++ {
			p, o := x[n*in:(n+1)*in], y[n*out:(n+1)*out]
			if a = nil; at != nil {
				a = at[n*out : (n+1)*out]
			}
			if pairs != nil && pairs.max(as32(p), as32(o), a) {
				continue
			}
			if taps != nil && taps.split(as32(p), buf) {
				taps.max(buf, as32(o), a)
				continue
			}
			if best == nil {
				own, best = make([]int32, out), make([]int32, g.In[0]*g.In[1]*g.Out[2])
			}
			if a == nil {
				a = own
			}
			if sum := sum4(p); m.empty || sum != sum { // perhaps a NaN
				maxPoolWindows(&m, p, o, a)
			} else {
				maxPoolRows(&m, p, o, a, best)
			}
		}
	})
}

// rowPool is a window with its parts along each axis.
type rowPool struct {
	g          Window
	ds, hs, ws []span
	first, n   []int32 // where the windows begin along a row, and how many elements they have there
	rows       []bool  // which rows of a volume windows read
	empty      bool    // a window has no element
}

func (m *rowPool) prepare() {
	for _, s := range [][]span{m.ds, m.hs, m.ws} {
		for _, p := range s {
			m.empty = m.empty || p.lo >= p.hi
		}
	}
	for _, w := range m.ws {
		m.first, m.n = append(m.first, int32(w.lo)), append(m.n, int32((w.hi-w.lo+w.step-1)/w.step))
	}
	m.rows = make([]bool, m.g.In[0]*m.g.In[1])
	m.eachRow(func(_, row int) { m.rows[row] = true })
}

// eachRow calls f with each row of the result and, in order, each row of the input that its windows read.
func (m *rowPool) eachRow(f func(to, from int)) {
	for i, d := range m.ds {
		for j, h := range m.hs {
			for k := d.lo; k < d.hi; k += d.step {
				for l := h.lo; l < h.hi; l += h.step {
					f(i*len(m.hs)+j, k*m.g.In[1]+l)
				}
			}
		}
	}
}

// maxPoolRows finds the largest element of each window's part in each row once, for all windows that read the row, and then
// the largest of those. It chooses places by arithmetic: branches on the values would be mispredicted.
func maxPoolRows[T float32 | float64](m *rowPool, p, o []T, a, best []int32) {
	w, ow := m.g.In[2], m.g.Out[2]
	for r, used := range m.rows {
		if used {
			maxOfRow(m, p[r*w:(r+1)*w], best[r*ow:(r+1)*ow])
		}
	}
	last := -1
	m.eachRow(func(to, from int) {
		k, b, base := a[to*ow:(to+1)*ow], best[from*ow:(from+1)*ow], int32(from*w)
		b = b[:len(k)]
		if to != last {
			last = to
			for j, c := range b {
				k[j] = base + c
			}
			return
		}
		for j, c := range b {
			c += base
			k[j] += (c - k[j]) & -int32(one(p[c] > p[k[j]]))
		}
	})
	for i, k := range a {
		o[i] = p[k]
	}
}

// maxOfRow writes where in the row each window's largest element lies.
func maxOfRow[T float32 | float64](m *rowPool, row []T, best []int32) {
	first, n := m.first[:len(best)], m.n[:len(best)]
	copy(best, first)
	step, more := int32(m.ws[0].step), true
	for t := int32(1); more; t++ {
		more = false
		for j, k := range best {
			if t >= n[j] {
				continue
			}
			more = true
			c := first[j] + t*step
			best[j] = k + (c-k)&-int32(one(row[c] > row[k]))
		}
	}
}

// maxPoolWindows is MaxPool window by window, of volumes with NaN and of windows without elements.
func maxPoolWindows[T float32 | float64](m *rowPool, p, o []T, a []int32) {
	i := 0
	for _, d := range m.ds {
		for _, h := range m.hs {
			for _, w := range m.ws {
				k := maxInWindow(&m.g, p, d, h, w)
				a[i], o[i] = int32(k), T(math.Inf(-1))
				if k >= 0 {
					o[i] = p[k]
				}
				i++
			}
		}
	}
}

// maxInWindow returns the place of a window's largest element, the first of equals or the first NaN; -1 for an empty window.
func maxInWindow[T float32 | float64](g *Window, p []T, ds, hs, ws span) int {
	k := -1
	for d := ds.lo; d < ds.hi; d += ds.step {
		for h := hs.lo; h < hs.hi; h += hs.step {
			row := (d*g.In[1] + h) * g.In[2]
			for i := row + ws.lo; i < row+ws.hi; i += ws.step {
				if v := p[i]; k < 0 || v > p[k] || v != v && p[k] == p[k] {
					k = i
				}
			}
		}
	}
	return k
}

// FractionalMaxPool is MaxPool over windows of Kernel whose starts are drawn: samples has, for each plane, a number in [0, 1)
// for columns and one for rows. In and Out have a depth of 1.
func FractionalMaxPool[T float32 | float64](g Window, planes int, x, samples, y []T, at []int32) {
	in, out := g.sizes()
	parallel.For(planes, max(1, grainCheap/max(1, in)), func(lo, hi int) {
		hs, ws := make([]span, g.Out[1]), make([]span, g.Out[2])
		for n := lo; n < hi; n++ {
			fractionalSpans(hs, samples[2*n+1], g.In[1], g.Kernel[1])
			fractionalSpans(ws, samples[2*n], g.In[2], g.Kernel[2])
			p, o := x[n*in:(n+1)*in], y[n*out:(n+1)*out]
			i := 0
			for _, h := range hs {
				for _, w := range ws {
					k := maxInWindow(&g, p, span{0, 1, 1, 1}, h, w)
					o[i] = p[k]
					if at != nil {
						at[n*out+i] = int32(k)
					}
					i++
				}
			}
		}
	})
}

// fractionalSpans fills s with windows of k that start at ⌊(i + u)·α⌋ − ⌊u·α⌋, α = (n − k)/(len(s) − 1); the last ends at n.
func fractionalSpans[T float32 | float64](s []span, u T, n, k int) {
	alpha := T(0)
	if len(s) > 1 {
		alpha = T(n-k) / T(len(s)-1)
	}
	for i := range s {
		lo := int((T(i)+u)*alpha) - int(u*alpha)
		if i == len(s)-1 {
			lo = n - k
		}
		s[i] = span{lo, lo + k, 1, k}
	}
}

// poolShort is the length of rows up to which the loop over places beats vectors of phases.
const poolShort = 64

// MaxPoolGrad adds each element of dy to the element of dx, volumes of size in, that at, from MaxPool, names.
func MaxPoolGrad[T float32 | float64](g Window, volumes int, dy []T, at []int32, dx []T) {
	in, out := g.sizes()
	m := rowPool{g: g, ds: g.spans(0), hs: g.spans(1), ws: g.spans(2)}
	m.prepare()
	if pairs := m.pairs(vectors[T]()); pairs != nil && pairs.grad {
		parallel.For(volumes, max(1, grainCheap/max(1, in)), func(lo, hi int) {
			for n := lo; n < hi; n++ {
				pairs.spread(as32(dx[n*in:(n+1)*in]), as32(dy[n*out:(n+1)*out]), at[n*out:(n+1)*out])
			}
		})
		return
	}
	taps := m.taps(vectors[T]())
	if taps == nil || g.Out[2] < poolShort {
		PoolScatter(volumes, in, out, dy, at, dx)
		return
	}
	parallel.For(volumes, max(1, grainCheap/max(1, in)), func(lo, hi int) {
		buf, block := borrow[float32](taps.size())
		defer block.Put()
		for n := lo; n < hi; n++ {
			clear(buf)
			taps.add(buf, as32(dy[n*out:(n+1)*out]), at[n*out:(n+1)*out])
			taps.merge(as32(dx[n*in:(n+1)*in]), buf)
		}
	})
}

// PoolScatter adds each element of dy to the element of dx, volumes of size in, that at names.
func PoolScatter[T float32 | float64](volumes, in, out int, dy []T, at []int32, dx []T) {
	parallel.For(volumes, max(1, grainCheap/max(1, in)), func(lo, hi int) {
		for n := lo; n < hi; n++ {
			d, g, a := dx[n*in:(n+1)*in], dy[n*out:(n+1)*out], at[n*out:(n+1)*out]
			clear(d)
			for i, k := range a {
				if k >= 0 {
					d[k] += g[i]
				}
			}
		}
	})
}

// PoolGather reads the elements of x that at names, 0 for -1.
func PoolGather[T float32 | float64](volumes, in, out int, x []T, at []int32, y []T) {
	parallel.For(volumes, max(1, grainCheap/max(1, in)), func(lo, hi int) {
		for n := lo; n < hi; n++ {
			p, o, a := x[n*in:(n+1)*in], y[n*out:(n+1)*out], at[n*out:(n+1)*out]
			for i, k := range a {
				o[i] = 0
				if k >= 0 {
					o[i] = p[k]
				}
			}
		}
	})
}

// MaxUnpool writes the elements of x, volumes of size in, at the indices of y, volumes of size out, and zeros elsewhere; of
// equal indices the last stays. at, unless nil, gets the index of each element, or -1 where it was overwritten.
func MaxUnpool[T float32 | float64](volumes, in, out int, x []T, indices []int64, y []T, at []int32) {
	parallel.For(volumes, max(1, grainCheap/max(1, out)), func(lo, hi int) {
		var last []int32
		if at != nil {
			last = make([]int32, out)
		}
		for n := lo; n < hi; n++ {
			p, idx, o := x[n*in:(n+1)*in], indices[n*in:(n+1)*in], y[n*out:(n+1)*out]
			clear(o)
			for i, k := range idx {
				o[k] = p[i]
			}
			if at == nil {
				continue
			}
			for i, k := range idx {
				last[k] = int32(i)
			}
			for i, k := range idx {
				a := int32(k)
				if last[k] != int32(i) {
					a = -1
				}
				at[n*in+i] = a
			}
		}
	})
}
