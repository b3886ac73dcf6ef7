package losses

import "github.com/hadal-go/hadal/tensor"

// L1 returns the mean of |x − y|.
func L1(x, y *tensor.Tensor) *tensor.Tensor { return L1Loss{}.Of(x, y) }

// L1Loss is the absolute error with options.
type L1Loss struct{ Reduction Reduction }

// Of returns the reduced |x − y|; the shapes are equal. The gradient is 0 where they are.
func (l L1Loss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	return l.Reduction.apply(x.Sub(pair("l1", x, y)).Abs())
}
