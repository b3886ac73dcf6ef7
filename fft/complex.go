package fft

import "github.com/hadal-go/hadal/tensor"

// Complex returns the complex tensor with the given parts, of shape (..., 2); a nil im is zero. It panics with ErrShape
// when the shapes differ and with ErrDType unless both are of the same float dtype.
func Complex(re, im *tensor.Tensor) *tensor.Tensor {
	if im == nil {
		im = tensor.ZerosLike(re)
	}
	s := []tensor.Shape{re.Shape(), im.Shape()}
	if s[0] != s[1] {
		tensor.Fail("complex", tensor.ErrShape, s, "the real and imaginary parts must have the same shape")
	}
	if re.DType() != im.DType() || !re.DType().IsFloat() {
		tensor.Fail("complex", tensor.ErrDType, s, "the parts are %v and %v; they must be of one floating-point dtype", re.DType(), im.DType())
	}
	return tensor.Stack(re.Rank(), re, im)
}

// Real returns the real part of a complex tensor, without its last axis.
func Real(z *tensor.Tensor) *tensor.Tensor { return isComplex("real", z).Select(-1, 0) }

// Imag returns the imaginary part of a complex tensor, without its last axis.
func Imag(z *tensor.Tensor) *tensor.Tensor { return isComplex("imag", z).Select(-1, 1) }

// Abs returns |z| = √(re² + im²) of a complex tensor, without its last axis; its gradient at 0 is 0. The squares must not
// overflow: in float32, parts stay below 10¹⁹.
func Abs(z *tensor.Tensor) *tensor.Tensor { return isComplex("abs", z).Norm(2, -1) }

// Angle returns the argument of the complex numbers, in [-π, π], without the last axis; that of 0 is 0, as is its gradient.
func Angle(z *tensor.Tensor) *tensor.Tensor {
	re, im := Real(z), Imag(z)
	zero := re.Detach().EqScalar(0).LogicalAnd(im.Detach().EqScalar(0))
	return im.MaskedFill(zero, 0).Atan2(re.MaskedFill(zero, 1))
}

// Conj returns the complex conjugates.
func Conj(z *tensor.Tensor) *tensor.Tensor {
	isComplex("conj", z)
	return z.Mul(like(z, []float64{1, -1}, 2))
}

// Mul returns the products of complex numbers; all axes but the last broadcast. It panics with ErrShape where they do not, and
// with ErrDType unless both are of the same float dtype.
func Mul(a, b *tensor.Tensor) *tensor.Tensor {
	isComplex("mul", a)
	isComplex("mul", b)
	s, ok := tensor.Broadcast(a.Shape(), b.Shape())
	if !ok {
		tensor.Fail("mul", tensor.ErrShape, []tensor.Shape{a.Shape(), b.Shape()}, "the shapes do not broadcast")
	}
	if a.Rank() < b.Rank() {
		a, b = b, a
	}
	if a.Shape() != s || !isSuffix(b.Shape(), s) {
		a, b = a.ExpandTo(s), b.ExpandTo(s)
	}
	f, rows := b.Numel()/2, 1
	if f > 0 {
		rows = s.Numel() / b.Numel()
	}
	y := tensor.Apply1(contractOp{}, a.Reshape(1, rows, 1, f, 2), b.Reshape(1, 1, 1, f, 2))
	return y.ReshapeTo(s)
}

// isSuffix reports whether s ends in the sizes of t: a tensor of shape t is repeated as a whole.
func isSuffix(t, s tensor.Shape) bool {
	for i := range t.Rank() {
		if t.Dim(i) != s.Dim(i+s.Rank()-t.Rank()) {
			return false
		}
	}
	return true
}

// isComplex returns z, or panics naming the op unless z is complex.
func isComplex(op string, z *tensor.Tensor) *tensor.Tensor {
	if z.Rank() == 0 || z.Dim(-1) != 2 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{z.Shape()}, "a complex tensor has a last axis of size 2, (real, imaginary); make one with fft.Complex")
	}
	if !z.DType().IsFloat() {
		tensor.Fail(op, tensor.ErrDType, []tensor.Shape{z.Shape()}, "the parts of complex numbers are floating-point, not %v; convert with To(tensor.Float32)", z.DType())
	}
	return z
}

// like returns a constant of x's dtype and device.
func like(x *tensor.Tensor, v []float64, dims ...int) *tensor.Tensor {
	return tensor.Of(v, dims...).To(x.DType()).ToDevice(x.Device())
}
