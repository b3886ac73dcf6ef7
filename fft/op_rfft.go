package fft

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// RFFT returns the numbers 0..⌊n/2⌋ of the transform of a real tensor along an axis: x (..., n, ...) gives
// (..., ⌊n/2⌋+1, ..., 2). If n is not 0 the axis is first cropped or padded with zeros to size n.
func RFFT(x *tensor.Tensor, n, axis int, norm Norm) *tensor.Tensor {
	axis = axisOf("rfft", x, axis, x.Rank())
	x = resize("rfft", x, axis, n)
	s := norm.scale("rfft", x.Dim(axis), false)
	y := tensor.Apply1(rfftOp{s, s}, moved(x, axis, x.Rank()-1))
	return moved(y, x.Rank()-1, axis)
}

// IRFFT returns the real tensor of size n along an axis whose RFFT is x (..., m, ..., 2), which is first cropped or padded
// with zeros to size ⌊n/2⌋+1 there. n = 0 means 2(m-1). The imaginary parts of the numbers 0 and, for even n, n/2 are
// ignored.
func IRFFT(x *tensor.Tensor, n, axis int, norm Norm) *tensor.Tensor {
	isComplex("irfft", x)
	axis = axisOf("irfft", x, axis, x.Rank()-1)
	if n == 0 {
		n = 2 * (x.Dim(axis) - 1)
	}
	if n < 1 {
		tensor.Fail("irfft", tensor.ErrValue, []tensor.Shape{x.Shape()}, "the result would have size %d; name a size n of at least 1", n)
	}
	x = resize("irfft", x, axis, n/2+1)
	s := norm.scale("irfft", n, true)
	y := tensor.Apply1(irfftOp{n, s, 2 * s}, moved(x, axis, x.Rank()-2))
	return moved(y, y.Rank()-1, axis)
}

// moved returns x with one axis at another place, the others in their order.
func moved(x *tensor.Tensor, from, to int) *tensor.Tensor {
	if from == to {
		return x
	}
	var axes []int
	for i := range x.Rank() {
		if i != from {
			axes = append(axes, i)
		}
	}
	axes = append(axes[:to], append([]int{from}, axes[to:]...)...)
	return x.Permute(axes...)
}

// rfftOp maps real rows (..., n) to y_k = s_k Σ_j x_j exp(-2πi jk/n), k <= n/2, (..., ⌊n/2⌋+1, 2), where s_k is edge for k = 0
// and k = n/2, which have no conjugate partner, and inner for the others. Its transpose as a real linear map is irfftOp.
type rfftOp struct{ edge, inner float64 }

func (rfftOp) Name() string { return "rfft" }
func (rfftOp) Infer(c *tensor.Call) {
	s := c.In[0].Shape()
	c.Output(s.With(-1, s.Dim(-1)/2+1).Insert(s.Rank(), 2), c.SameDType())
}
func (rfftOp) Reads() tensor.Reads { return tensor.ReadsNothing }
func (o rfftOp) VJP(b *tensor.Back) []*tensor.Tensor {
	return b.Give(tensor.Apply1(irfftOp{b.InSpec(0).Shape.Dim(-1), o.edge, o.inner}, b.Dout(0)))
}
func (o rfftOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	n := c.In[0].Dim(-1)
	rows := c.In[0].Numel() / n
	if c.In[0].DType() == tensor.Float64 {
		cpu.RFFT(rows, n, o.edge, o.inner, tensor.Slice[float64](c.X(0)), pairs[float64](c.Y(0)))
	} else {
		cpu.RFFT(rows, n, o.edge, o.inner, tensor.Slice[float32](c.X(0)), pairs[float32](c.Y(0)))
	}
	return true
}

// irfftOp maps rows (..., ⌊n/2⌋+1, 2) to y_j = Σ_k s_k Re(x_k exp(2πi jk/n)), (..., n), with rfftOp's s_k. Its transpose is
// rfftOp.
type irfftOp struct {
	n           int
	edge, inner float64
}

func (irfftOp) Name() string { return "irfft" }
func (o irfftOp) Infer(c *tensor.Call) {
	s := c.In[0].Shape()
	c.Output(s.Remove(s.Rank()-1).With(-1, o.n), c.SameDType())
}
func (irfftOp) Reads() tensor.Reads { return tensor.ReadsNothing }
func (o irfftOp) VJP(b *tensor.Back) []*tensor.Tensor {
	return b.Give(tensor.Apply1(rfftOp{o.edge, o.inner}, b.Dout(0)))
}
func (o irfftOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	rows := c.In[0].Numel() / 2 / (o.n/2 + 1)
	if c.In[0].DType() == tensor.Float64 {
		cpu.IRFFT(rows, o.n, o.edge, o.inner, pairs[float64](c.X(0)), tensor.Slice[float64](c.Y(0)))
	} else {
		cpu.IRFFT(rows, o.n, o.edge, o.inner, pairs[float32](c.X(0)), tensor.Slice[float32](c.Y(0)))
	}
	return true
}
