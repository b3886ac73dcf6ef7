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
	v := x.Mul(pair("hinge", x, y)).RSubScalar(or(l.Margin, 1)).ReLU()
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
	Weight    *tensor.Tensor // of each class (C,); the mean still divides by N
	Margin    *float64       // nil: 1
	Squared   bool           // each term of the sum is squared: PyTorch's p=2
	Reduction Reduction
}

// Of returns the reduced w_y Σ_{k≠y} max(0, margin − x_y + x_k)/C of each sample. It panics with ErrIndex when a class is
// outside [0, C).
func (l MultiMarginLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	checkClasses("multi_margin", x, y)
	if x.Rank() != 2 {
		tensor.Fail("multi_margin", tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "the scores must be (N, C)")
	}
	at := y.Unsqueeze(1)
	v := x.Sub(x.Gather(1, at)).AddScalar(or(l.Margin, 1)).ReLU()
	if l.Squared {
		v = v.Mul(v)
	}
	other := tensor.OnesLike(x).Scatter(1, at, tensor.ZerosLike(x).Narrow(1, 0, 1))
	v = v.Mul(other).Sum(1).MulScalar(1 / float64(x.Dim(1)))
	if l.Weight != nil {
		v = v.Mul(classWeights("multi_margin", l.Weight, x).IndexSelect(0, y))
	}
	return l.Reduction.apply(v)
}
