package tensor

import "math"

// NanToNum returns x with NaN replaced by 0, infinities by the largest finite numbers of x's dtype. Replaced elements have no
// gradient; integers are returned as they are. NanToNumWith gives other numbers.
func (x *Tensor) NanToNum() *Tensor {
	big := map[DType]float64{Float64: math.MaxFloat64, Float32: math.MaxFloat32, Float16: 65504, BFloat16: 0x1.fep127}[x.dtype]
	return x.NanToNumWith(0, big, -big)
}

// NanToNumWith is NanToNum with given replacements of NaN, +Inf and -Inf.
func (x *Tensor) NanToNumWith(nan, posInf, negInf float64) *Tensor {
	if !x.dtype.IsFloat() {
		return x
	}
	d := x.Detach()
	x = x.MaskedFill(d.EqScalar(math.Inf(1)), posInf).MaskedFill(d.EqScalar(math.Inf(-1)), negInf)
	return x.MaskedFill(d.IsNaN(), nan)
}
