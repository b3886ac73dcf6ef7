package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// BinaryCrossEntropy computes loss = -(t ln p + (1-t) ln (1-p)) for probabilities p, with logarithms of -100 at least.
func BinaryCrossEntropy[T Float](p, t, loss []T) {
	least := Pointwise{Code: Clamp, S0: -100, S1: math.Inf(1)}
	parallel.For(len(p), grainCostly, func(lo, hi int) {
		buf, block := borrow[T](2 * tile)
		defer block.Put()
		for ; lo < hi; lo += tile {
			n := min(tile, hi-lo)
			p, t, loss, a, b := p[lo:lo+n], t[lo:lo+n], loss[lo:lo+n], buf[:n], buf[tile:tile+n]
			MapFlat(Pointwise{Code: Log}, a, p, nil, nil)
			MapFlat(least, a, a, nil, nil)
			MapFlat(Pointwise{Code: Mul}, loss, t, a, nil) // t ln p
			MapFlat(Pointwise{Code: Neg}, b, p, nil, nil)
			MapFlat(Pointwise{Code: Log1p}, b, b, nil, nil)
			MapFlat(least, b, b, nil, nil)
			MapFlat(Pointwise{Code: RSubS, S0: 1}, a, t, nil, nil)
			MapFlat(Pointwise{Code: Mul}, b, a, b, nil) // (1-t) ln (1-p)
			MapFlat(Pointwise{Code: Add}, loss, loss, b, nil)
			MapFlat(Pointwise{Code: Neg}, loss, loss, nil, nil)
		}
	})
}
