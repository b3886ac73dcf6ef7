package losses

import "github.com/hadal-go/hadal/tensor"

// MSE returns the mean of (x − y)².
func MSE(x, y *tensor.Tensor) *tensor.Tensor { return MSELoss{}.Of(x, y) }

// MSELoss is the squared error with options.
type MSELoss struct{ Reduction Reduction }

// Of returns the reduced (x − y)²; the shapes are equal.
func (l MSELoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	d := x.Sub(pair("mse", x, y))
	return l.Reduction.apply(d.Mul(d))
}
