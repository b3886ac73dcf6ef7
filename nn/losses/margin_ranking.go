package losses

import "github.com/hadal-go/hadal/tensor"

// MarginRanking returns the mean of max(0, −y (x1 − x2)): y is 1 where x1 should rank above x2, −1 where below. The shapes
// are equal (Herbrich, Graepel and Obermayer, 2000).
func MarginRanking(x1, x2, y *tensor.Tensor) *tensor.Tensor { return MarginRankingLoss{}.Of(x1, x2, y) }

// MarginRankingLoss is the ranking loss with options.
type MarginRankingLoss struct {
	Margin    float64
	Reduction Reduction
}

// Of returns the reduced max(0, −y (x1 − x2) + margin). It panics with ErrShape unless the shapes are equal.
func (l MarginRankingLoss) Of(x1, x2, y *tensor.Tensor) *tensor.Tensor {
	x2, y = pair("margin_ranking", x1, x2), pair("margin_ranking", x1, y)
	return l.Reduction.apply(y.Neg().Mul(x1.Sub(x2)).AddScalar(l.Margin).ClampMin(0))
}
