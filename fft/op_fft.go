package fft

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// FFT returns the discrete Fourier transform of a complex tensor along an axis, y_k = Σ_j x_j exp(-2πi jk/n), in x's shape.
// If n is not 0 the axis is first cropped or padded with zeros to size n. Like all transforms here it panics with ErrShape
// unless the tensor is complex and the axis not empty, with ErrAxis, with ErrValue for a negative n or an unknown norm, and
// with ErrDType unless the dtype is floating-point.
func FFT(x *tensor.Tensor, n, axis int, norm Norm) *tensor.Tensor {
	return transform("fft", x, n, axis, norm, false)
}

// IFFT returns the inverse transform along an axis, y_j = 1/n Σ_k x_k exp(2πi jk/n), with the arguments of FFT.
func IFFT(x *tensor.Tensor, n, axis int, norm Norm) *tensor.Tensor {
	return transform("ifft", x, n, axis, norm, true)
}

func transform(op string, x *tensor.Tensor, n, axis int, norm Norm, inverse bool) *tensor.Tensor {
	axis = axisOf(op, isComplex(op, x), axis, x.Rank()-1)
	return transformAlong(op, x, []int{n}, []int{axis}, norm, inverse)
}

// transformAlong transforms x along different axes.
func transformAlong(op string, x *tensor.Tensor, sizes, axes []int, norm Norm, inverse bool) *tensor.Tensor {
	o, count := fftOp{inverse: inverse}, 1
	for i, a := range axes {
		x = resize(op, x, a, sizes[i])
		count *= x.Dim(a)
		o.axes |= 1 << a
	}
	if o.scale = norm.scale(op, count, inverse); len(axes) == 0 {
		return x
	}
	return tensor.Apply1(o, x)
}

// axisOf resolves a possibly negative axis among the first rank of x.
func axisOf(op string, x *tensor.Tensor, axis, rank int) int {
	if axis < -rank || axis >= rank {
		tensor.Fail(op, tensor.ErrAxis, []tensor.Shape{x.Shape()}, "axis %d is out of range for %d dimensions (the last one of a complex tensor does not count)", axis, rank)
	}
	if axis < 0 {
		axis += rank
	}
	return axis
}

// resize crops x or pads it with zeros to size n along an axis; 0 keeps the size.
func resize(op string, x *tensor.Tensor, axis, n int) *tensor.Tensor {
	size := x.Dim(axis)
	switch {
	case n < 0:
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{x.Shape()}, "the size %d is negative; 0 means that of the axis", n)
	case n == 0 && size == 0:
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "axis %d is empty; there is no transform of nothing", axis)
	case n == 0 || n == size:
	case n < size:
		return x.Narrow(axis, 0, n)
	default:
		pairs := make([]int, 2*(x.Rank()-axis))
		pairs[len(pairs)-1] = n - size
		return x.Pad(tensor.PadConstant, 0, pairs...)
	}
	return x
}

// fftOp is scale times the transform, or the unscaled inverse one, of a complex tensor along the axes named by the bits of a
// mask. The conjugate transpose of either is the other.
type fftOp struct {
	axes    uint
	inverse bool
	scale   float64
}

func (fftOp) Name() string { return "fft" }
func (fftOp) Infer(c *tensor.Call) {
	c.Output(c.In[0].Shape(), c.SameDType())
}
func (fftOp) Reads() tensor.Reads { return tensor.ReadsNothing }
func (o fftOp) VJP(b *tensor.Back) []*tensor.Tensor {
	return b.Give(tensor.Apply1(fftOp{o.axes, !o.inverse, o.scale}, b.Dout(0)))
}
func (o fftOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	dims := c.In[0].Shape().Dims()
	dims = dims[:len(dims)-1]
	if c.In[0].DType() == tensor.Float64 {
		cpu.FFTN(dims, o.axes, o.inverse, o.scale, pairs[float64](c.X(0)), pairs[float64](c.Y(0)))
	} else {
		cpu.FFTN(dims, o.axes, o.inverse, o.scale, pairs[float32](c.X(0)), pairs[float32](c.Y(0)))
	}
	return true
}
