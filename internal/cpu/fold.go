package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// Fold is the geometry of sliding blocks: planes of (H, W) and OH x OW places of kernels of (KH, KW).
type Fold struct {
	H, W, KH, KW, OH, OW                     int
	StrideH, StrideW, PadH, PadW, DilH, DilW int
}

// inside returns the places lo to hi whose element at, counted from the first place's, lies inside n.
func inside(at, stride, places, n int) (lo, hi int) {
	if at < 0 {
		lo = min(places, (-at+stride-1)/stride)
	}
	if at < n {
		hi = min(places, (n-1-at)/stride+1)
	}
	return lo, max(lo, hi)
}

// Unfold copies the blocks of each plane of x (planes, H, W) to the columns of y (planes, KH, KW, OH, OW); the padding is 0.
func Unfold[T any](planes int, g Fold, x, y []T) {
	taps, size := g.KH*g.KW, g.OH*g.OW
	parallel.For(planes*taps, max(1, grainCheap/max(1, size)), func(a, b int) {
		for t := a; t < b; t++ {
			src, dst := x[t/taps*g.H*g.W:][:g.H*g.W], y[t*size:(t+1)*size]
			top, left := t%taps/g.KW*g.DilH-g.PadH, t%g.KW*g.DilW-g.PadW
			y0, y1 := inside(top, g.StrideH, g.OH, g.H)
			x0, x1 := inside(left, g.StrideW, g.OW, g.W)
			clear(dst[:y0*g.OW])
			clear(dst[y1*g.OW:])
			for i := y0; i < y1; i++ {
				row, d := src[(i*g.StrideH+top)*g.W:][:g.W], dst[i*g.OW:(i+1)*g.OW]
				clear(d[:x0])
				clear(d[x1:])
				if x0 == x1 {
					continue
				}
				at := x0*g.StrideW + left
				if d = d[x0:x1]; g.StrideW == 1 {
					copy(d, row[at:])
					continue
				}
				for j := range d {
					d[j] = row[at]
					at += g.StrideW
				}
			}
		}
	})
}

// FoldSum is the transpose of Unfold: it sums the elements of y that are copies of one of x.
func FoldSum[T Number](planes int, g Fold, y, x []T) {
	taps, size := g.KH*g.KW, g.OH*g.OW
	parallel.For(planes, max(1, grainCheap/max(1, taps*size)), func(a, b int) {
		for p := a; p < b; p++ {
			dst := x[p*g.H*g.W : (p+1)*g.H*g.W]
			clear(dst)
			for t := range taps {
				src := y[(p*taps+t)*size:][:size]
				top, left := t/g.KW*g.DilH-g.PadH, t%g.KW*g.DilW-g.PadW
				y0, y1 := inside(top, g.StrideH, g.OH, g.H)
				x0, x1 := inside(left, g.StrideW, g.OW, g.W)
				if x0 == x1 {
					continue
				}
				for i := y0; i < y1; i++ {
					row, s := dst[(i*g.StrideH+top)*g.W:][:g.W], src[i*g.OW+x0:i*g.OW+x1]
					at := x0*g.StrideW + left
					if g.StrideW == 1 {
						row = row[at:][:len(s)]
						for j, v := range s {
							row[j] += v
						}
						continue
					}
					for _, v := range s {
						row[at] += v
						at += g.StrideW
					}
				}
			}
		}
	})
}

// UnfoldDimGrad sums sliding windows y (outer, places, inner, size) to x (outer, n, inner): window l begins at l·step.
func UnfoldDimGrad[T Number](outer, n, inner, places, size, step int, y, x []T) {
	parallel.For(outer*n, max(1, grainCheap/max(1, inner*(1+size/step))), func(a, b int) {
		for t := a; t < b; t++ {
			o, p := t/n, t%n
			d := x[t*inner : (t+1)*inner]
			clear(d)
			// The windows with l·step <= p < l·step + size.
			for l := max(0, (p-size+step)/step); l < places && l*step <= p; l++ {
				at := (o*places+l)*inner*size + p - l*step
				for i := range d {
					d[i] += y[at]
					at += size
				}
			}
		}
	})
}
