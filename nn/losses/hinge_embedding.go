package losses

import "github.com/hadal-go/hadal/tensor"

// HingeEmbedding returns the mean of x where y is 1 (alike) and max(0, 1 − x) where y is −1 (unlike), for distances x and
// targets y of one shape.
func HingeEmbedding(x, y *tensor.Tensor) *tensor.Tensor { return HingeEmbeddingLoss{}.Of(x, y) }

// HingeEmbeddingLoss is PyTorch's hinge embedding loss with options.
type HingeEmbeddingLoss struct {
	Margin    *float64 // unlike pairs farther apart cost nothing; nil: 1
	Reduction Reduction
}

// Of returns the reduced x where y is 1, max(0, margin − x) where y is −1 and, as in PyTorch, the sum of both for other y. The
// shapes are equal.
func (l HingeEmbeddingLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	y = pair("hinge_embedding", x, y)
	alike := x.MaskedFill(y.EqScalar(-1), 0)
	unlike := x.RSubScalar(or(l.Margin, 1)).ClampMin(0).MaskedFill(y.EqScalar(1), 0)
	return l.Reduction.apply(alike.Add(unlike))
}
