package losses

import "github.com/hadal-go/hadal/tensor"

// NLL returns the mean negative log-likelihood −x[y] of log-probabilities x (N, C), or (N, C, ...), and classes y (N, ...)
// int64.
func NLL(x, y *tensor.Tensor) *tensor.Tensor { return NLLLoss{}.Of(x, y) }

// NLLLoss is the negative log-likelihood with options.
type NLLLoss struct {
	Weight      *tensor.Tensor // of each class (C,); the mean divides by the weights of the targets
	IgnoreIndex *int64         // targets of this class count neither in sum nor in mean; nil: -100
	Reduction   Reduction
}

// Of returns the reduced −w_y x[y].
func (l NLLLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	if x.Rank() < 2 || y.DType() != tensor.Int64 {
		tensor.Fail("nll", tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "log-probabilities must be (N, C) or (N, C, ...) and the target int64 classes, not %v", y.DType())
	}
	x, y, shape := classesLast("nll", x, y)
	skip := -100.0
	if l.IgnoreIndex != nil {
		skip = float64(*l.IgnoreIndex)
	}
	ignored := y.EqScalar(skip)
	at := y.MaskedFill(ignored, 0)
	v := x.Gather(1, at.Unsqueeze(1)).Squeeze(1).Neg()
	if l.Weight != nil {
		v = v.Mul(l.Weight.Detach().IndexSelect(0, at))
	}
	v = v.MaskedFill(ignored, 0)
	return reduceClasses(l.Reduction, v, y, l.Weight, l.IgnoreIndex, shape)
}
