package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// BinaryCrossEntropy computes loss = -(t ln p + (1-t) ln (1-p)) for probabilities p, with logarithms of -100 at least.
func BinaryCrossEntropy[T Float](p, t, loss []T) {
	parallel.For(len(p), grainCostly, func(lo, hi int) {
		buf, block := borrow[T](2 * tile)
		defer block.Put()
		for ; lo < hi; lo += tile {
			n := min(tile, hi-lo)
			p, t, loss, ln, ln1 := p[lo:lo+n], t[lo:lo+n], loss[lo:lo+n], buf[:n], buf[tile:tile+n]
			MapFlat(Pointwise{Code: Log}, ln, p, nil, nil)
			MapFlat(Pointwise{Code: Neg}, ln1, p, nil, nil)
			MapFlat(Pointwise{Code: Log1p}, ln1, ln1, nil, nil)
			for i, t := range t {
				t := float64(t)
				loss[i] = T(float64(-t*max(float64(ln[i]), -100)) - float64((1-t)*max(float64(ln1[i]), -100)))
			}
		}
	})
}
