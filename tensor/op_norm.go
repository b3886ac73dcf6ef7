package tensor

import "math"

// Norm returns the p-norm (Σ |x|^p)^(1/p) over the axes (all when none are given), which are removed: p = 2 is Euclid's,
// math.Inf(1) and math.Inf(-1) the largest and smallest magnitude, 0 the number of non-zero elements. The gradient of the
// 2-norm at zero is zero.
func (x *Tensor) Norm(p float64, axes ...int) *Tensor {
	return x.norm(p, x.reductionOf("norm", false, axes))
}

// NormKeepdim is Norm with the reduced axes kept at size 1.
func (x *Tensor) NormKeepdim(p float64, axes ...int) *Tensor {
	return x.norm(p, x.reductionOf("norm", true, axes))
}

func (x *Tensor) norm(p float64, r reduction) *Tensor {
	switch {
	case p == 2:
		s := Apply1(sumOp{r}, x.Mul(x))
		zero := s.Detach().EqScalar(0)
		return s.MaskedFill(zero, 1).Sqrt().MaskedFill(zero, 0)
	case p == 1:
		return Apply1(sumOp{r}, x.Abs())
	case p == 0:
		return Apply1(sumOp{r}, x.Detach().NeScalar(0).To(x.dtype))
	case math.IsInf(p, 0):
		return Apply1(extremeOp{r, p > 0}, x.Abs())
	}
	return Apply1(sumOp{r}, x.Abs().PowScalar(p)).PowScalar(1 / p)
}

// Any reports, as Bool, whether any element over the axes is not zero; of nothing, false.
func (x *Tensor) Any(axes ...int) *Tensor {
	r := x.reductionOf("any", false, axes)
	return Apply1(sumOp{r}, x.Detach().To(Bool)).GtScalar(0)
}

// All reports, as Bool, whether all elements over the axes are not zero; of nothing, true.
func (x *Tensor) All(axes ...int) *Tensor {
	r := x.reductionOf("all", false, axes)
	return Apply1(sumOp{r}, x.Detach().To(Bool)).EqScalar(float64(r.count(x.shape)))
}
