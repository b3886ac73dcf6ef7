package losses

import "github.com/hadal-go/hadal/tensor"

// SoftMargin returns the mean logistic loss ln(1 + exp(−y x)) of scores x and targets y of −1 or 1, of one shape.
func SoftMargin(x, y *tensor.Tensor) *tensor.Tensor { return SoftMarginLoss{}.Of(x, y) }

// SoftMarginLoss is the logistic loss with options.
type SoftMarginLoss struct{ Reduction Reduction }

// Of returns the reduced ln(1 + exp(−y x)), without overflow where PyTorch 1.13 has one. The shapes are equal.
func (l SoftMarginLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	return l.Reduction.apply(x.Mul(pair("soft_margin", x, y)).LogSigmoid().Neg())
}
