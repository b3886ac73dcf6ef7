package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Window is a sliding window over planes of H x W, giving OH x OW. Where Adaptive, output i covers input rows
// ⌊i·H/OH⌋ to ⌈(i+1)·H/OH⌉, and the other fields are unused.
type Window struct {
	H, W, OH, OW     int
	R, S             int
	StrideH, StrideW int
	PadH, PadW       int
	DilH, DilW       int
	Adaptive         bool
}

// rows returns the input rows [lo, hi) by step that output row i covers, clipped to the plane.
func (g *Window) rows(i int) (lo, hi, step int) {
	if g.Adaptive {
		return i * g.H / g.OH, ((i+1)*g.H + g.OH - 1) / g.OH, 1
	}
	return clip(i*g.StrideH-g.PadH, g.R, g.DilH, g.H)
}

// cols is rows for columns.
func (g *Window) cols(j int) (lo, hi, step int) {
	if g.Adaptive {
		return j * g.W / g.OW, ((j+1)*g.W + g.OW - 1) / g.OW, 1
	}
	return clip(j*g.StrideW-g.PadW, g.S, g.DilW, g.W)
}

func clip(lo, n, dil, size int) (int, int, int) {
	hi := min(lo+(n-1)*dil+1, size)
	if lo < 0 {
		lo += (-lo + dil - 1) / dil * dil
	}
	return lo, hi, dil
}

// padded is the number of elements of the padded plane in the window at (i, j): the divisor of an average that counts them.
func (g *Window) padded(i, j int) int {
	y, x := i*g.StrideH-g.PadH, j*g.StrideW-g.PadW
	return (min(y+g.R, g.H+g.PadH) - y) * (min(x+g.S, g.W+g.PadW) - x)
}

// MaxPool writes the largest element of each window of each plane to y and its place in the plane to at, unless nil. The
// first of equals wins; NaN wins over numbers. A window that covers padding alone gives -Inf and -1.
func MaxPool[T float32 | float64](g Window, planes int, x, y []T, at []int32) {
	out := g.OH * g.OW
	parallel.For(planes, max(1, grainCheap/max(1, g.H*g.W)), func(lo, hi int) {
		var a []int32
		if at == nil {
			a = make([]int32, out)
		}
		for n := lo; n < hi; n++ {
			p, o := x[n*g.H*g.W:(n+1)*g.H*g.W], y[n*out:(n+1)*out]
			if at != nil {
				a = at[n*out : (n+1)*out]
			}
			if g.R == 2 && g.S == 2 && g.StrideH == 2 && g.StrideW == 2 && g.PadH == 0 && g.PadW == 0 && g.DilH == 1 && g.DilW == 1 && 2*g.OH <= g.H && 2*g.OW <= g.W {
				maxPool2(&g, p, o, a)
				continue
			}
			for i := range g.OH {
				r0, r1, rs := g.rows(i)
				for j := range g.OW {
					c0, c1, cs := g.cols(j)
					best, k := T(math.Inf(-1)), -1
					for r := r0; r < r1; r += rs {
						for c := c0; c < c1; c += cs {
							if v := p[r*g.W+c]; k < 0 || v > best || v != v && best == best {
								best, k = v, r*g.W+c
							}
						}
					}
					o[i*g.OW+j], a[i*g.OW+j] = best, int32(k)
				}
			}
		}
	})
}

// maxPool2 is MaxPool for 2x2 windows side by side.
func maxPool2[T float32 | float64](g *Window, p, o []T, a []int32) {
	for i := range g.OH {
		top, bot := p[2*i*g.W:(2*i+1)*g.W], p[(2*i+1)*g.W:(2*i+2)*g.W]
		oi, ai := o[i*g.OW:(i+1)*g.OW], a[i*g.OW:(i+1)*g.OW]
		base := int32(2 * i * g.W)
		for j := range oi {
			t, b := top[2*j:2*j+2], bot[2*j:2*j+2]
			v, k := t[0], int32(0)
			if t[1] > v || t[1] != t[1] && v == v {
				v, k = t[1], 1
			}
			if b[0] > v || b[0] != b[0] && v == v {
				v, k = b[0], int32(g.W)
			}
			if b[1] > v || b[1] != b[1] && v == v {
				v, k = b[1], int32(g.W)+1
			}
			oi[j], ai[j] = v, base+int32(2*j)+k
		}
	}
}

// PoolScatter adds each element of dy to the element of dx, planes of hw elements, that at names.
func PoolScatter[T float32 | float64](planes, hw, out int, dy []T, at []int32, dx []T) {
	parallel.For(planes, max(1, grainCheap/max(1, hw)), func(lo, hi int) {
		for n := lo; n < hi; n++ {
			d, g, a := dx[n*hw:(n+1)*hw], dy[n*out:(n+1)*out], at[n*out:(n+1)*out]
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
func PoolGather[T float32 | float64](planes, hw, out int, x []T, at []int32, y []T) {
	parallel.For(planes, max(1, grainCheap/max(1, hw)), func(lo, hi int) {
		for n := lo; n < hi; n++ {
			p, o, a := x[n*hw:(n+1)*hw], y[n*out:(n+1)*out], at[n*out:(n+1)*out]
			for i, k := range a {
				o[i] = 0
				if k >= 0 {
					o[i] = p[k]
				}
			}
		}
	})
}

// AvgPool writes the mean of each window, which has no dilation, to y.
func AvgPool[T float32 | float64](g Window, planes int, padded bool, x, y []T) {
	out := g.OH * g.OW
	parallel.For(planes, max(1, grainCheap/max(1, g.H*g.W)), func(lo, hi int) {
		for n := lo; n < hi; n++ {
			p, o := x[n*g.H*g.W:(n+1)*g.H*g.W], y[n*out:(n+1)*out]
			for i := range g.OH {
				r0, r1, _ := g.rows(i)
				for j := range g.OW {
					c0, c1, _ := g.cols(j)
					count := (r1 - r0) * (c1 - c0)
					if padded {
						count = g.padded(i, j)
					}
					var sum float64
					if c1-c0 == g.W { // rows without a gap between: a global average
						sum = sum4(p[r0*g.W : r1*g.W])
					} else {
						for r := r0; r < r1; r++ {
							for _, v := range p[r*g.W+c0 : r*g.W+c1] {
								sum += float64(v)
							}
						}
					}
					o[i*g.OW+j] = T(sum / float64(count))
				}
			}
		}
	})
}

// AvgPoolGrad writes to dx the gradient of AvgPool: each element of dy shared out over its window.
func AvgPoolGrad[T float32 | float64](g Window, planes int, padded bool, dy, dx []T) {
	out := g.OH * g.OW
	parallel.For(planes, max(1, grainCheap/max(1, g.H*g.W)), func(lo, hi int) {
		for n := lo; n < hi; n++ {
			d, o := dx[n*g.H*g.W:(n+1)*g.H*g.W], dy[n*out:(n+1)*out]
			clear(d)
			for i := range g.OH {
				r0, r1, _ := g.rows(i)
				for j := range g.OW {
					c0, c1, _ := g.cols(j)
					count := (r1 - r0) * (c1 - c0)
					if padded {
						count = g.padded(i, j)
					}
					v := o[i*g.OW+j] / T(count)
					for r := r0; r < r1; r++ {
						row := d[r*g.W+c0 : r*g.W+c1]
						for c := range row {
							row[c] += v
						}
					}
				}
			}
		}
	})
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
