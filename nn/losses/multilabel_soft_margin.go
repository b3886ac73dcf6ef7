package losses

import "github.com/hadal-go/hadal/tensor"

// MultiLabelSoftMargin returns the mean over samples of the binary cross-entropy of each of C labels: scores x (..., C), and
// targets y of the same shape, 1 where the label applies and 0 where not.
func MultiLabelSoftMargin(x, y *tensor.Tensor) *tensor.Tensor {
	return MultiLabelSoftMarginLoss{}.Of(x, y)
}

// MultiLabelSoftMarginLoss is PyTorch's multi-label soft-margin loss with options.
type MultiLabelSoftMarginLoss struct {
	Weight    *tensor.Tensor // of each label (C,); the mean still divides by C
	Reduction Reduction
}

// Of returns the reduced −1/C Σ_c w_c (y_c ln σ(x_c) + (1 − y_c) ln σ(−x_c)) of each sample: (N,) from (N, C). The shapes are
// equal.
func (l MultiLabelSoftMarginLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	const op = "multilabel_soft_margin"
	if x.Rank() == 0 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "the scores must be (..., C)")
	}
	y = pair(op, x, y)
	v := y.Mul(x.LogSigmoid()).Add(y.RSubScalar(1).Mul(x.Neg().LogSigmoid())).Neg()
	if l.Weight != nil {
		if c := x.Dim(-1); l.Weight.Shape() != tensor.ShapeOf(c) {
			tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape(), l.Weight.Shape()}, "the weights must have shape (%d,), one for each label", c)
		}
		v = v.Mul(weights(op, l.Weight, x))
	}
	return l.Reduction.apply(v.Mean(-1))
}
