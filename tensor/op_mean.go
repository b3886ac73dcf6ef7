package tensor

import "math"

// Mean returns the mean over the axes (all when none are given), which are removed. The mean of nothing is NaN. It panics
// with ErrDType for integers.
func (x *Tensor) Mean(axes ...int) *Tensor {
	return x.mean(x.reductionOf("mean", false, axes))
}

// MeanKeepdim is Mean with the reduced axes kept at size 1.
func (x *Tensor) MeanKeepdim(axes ...int) *Tensor {
	return x.mean(x.reductionOf("mean", true, axes))
}

func (x *Tensor) mean(r reduction) *Tensor {
	if !x.dtype.IsFloat() {
		Fail("mean", ErrDType, []Shape{x.shape}, "the mean of %v is not %v; convert with To(tensor.Float32)", x.dtype, x.dtype)
	}
	n := r.count(x.shape)
	s := Apply1(sumOp{r}, x)
	if n == 0 {
		return s.AddScalar(math.NaN())
	}
	return s.MulScalar(1 / float64(n))
}

// Var returns the variance over the axes (all when none are given): Σ (x − mean)² / (n − correction). Correction 1 is the
// unbiased estimate and PyTorch's default, 0 the maximum-likelihood one.
func (x *Tensor) Var(correction int, axes ...int) *Tensor {
	return x.variance(correction, x.reductionOf("var", false, axes))
}

// VarKeepdim is Var with the reduced axes kept at size 1.
func (x *Tensor) VarKeepdim(correction int, axes ...int) *Tensor {
	return x.variance(correction, x.reductionOf("var", true, axes))
}

func (x *Tensor) variance(correction int, r reduction) *Tensor {
	d := x.Sub(x.mean(reduction{r.axes, true}))
	s := Apply1(sumOp{r}, d.Mul(d))
	n := r.count(x.shape) - correction
	if n <= 0 {
		return s.MulScalar(math.NaN())
	}
	return s.MulScalar(1 / float64(n))
}

// Std returns the square root of Var.
func (x *Tensor) Std(correction int, axes ...int) *Tensor { return x.Var(correction, axes...).Sqrt() }

// StdKeepdim is Std with the reduced axes kept at size 1.
func (x *Tensor) StdKeepdim(correction int, axes ...int) *Tensor {
	return x.VarKeepdim(correction, axes...).Sqrt()
}
