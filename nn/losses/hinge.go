package losses

import "github.com/hadal-go/hadal/tensor"

// Hinge returns the mean of max(0, 1 − y x) for scores x and targets y of −1 or 1 (Cortes and Vapnik, 1995).
func Hinge(x, y *tensor.Tensor) *tensor.Tensor { return HingeLoss{}.Of(x, y) }

// HingeLoss is the hinge loss with options.
type HingeLoss struct {
	Margin    *float64 // nil: 1
	Squared   bool
	Reduction Reduction
}

// Of returns the reduced max(0, margin − y x), squared if asked for. The shapes are equal.
func (l HingeLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	sameShape("hinge", x, y)
	margin := 1.0
	if l.Margin != nil {
		margin = *l.Margin
	}
	v := x.Mul(y).RSubScalar(margin).ReLU()
	if l.Squared {
		v = v.Mul(v)
	}
	return l.Reduction.apply(v)
}

// MultiMargin returns the mean multi-class hinge loss Σ_{k≠y} max(0, 1 − x_y + x_k)/C of scores x (N, C) and classes y
// (N,) int64 (Weston and Watkins, 1999).
func MultiMargin(x, y *tensor.Tensor) *tensor.Tensor { return MultiMarginLoss{}.Of(x, y) }

// MultiMarginLoss is the multi-class hinge loss with options.
type MultiMarginLoss struct {
	Margin    *float64 // nil: 1
	Reduction Reduction
}

// Of returns the reduced loss of each sample.
func (l MultiMarginLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	if x.Rank() != 2 || y.Shape() != tensor.ShapeOf(x.Dim(0)) || y.DType() != tensor.Int64 {
		tensor.Fail("multi_margin", tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "scores must be (N, C) and the target int64 classes (N,), not %v", y.DType())
	}
	margin := 1.0
	if l.Margin != nil {
		margin = *l.Margin
	}
	at := y.Unsqueeze(1)
	v := x.Sub(x.Gather(1, at)).AddScalar(margin).ReLU()
	other := tensor.OnesLike(x.Detach()).Scatter(1, at, tensor.With(x.DType()).Zeros(x.Dim(0), 1))
	return l.Reduction.apply(v.Mul(other).Sum(1).MulScalar(1 / float64(x.Dim(1))))
}
