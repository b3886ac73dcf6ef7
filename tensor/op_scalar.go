package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// AddScalar returns x + s. Integers become float32 when s is not whole. Like all arithmetic with a number it panics with
// ErrValue when s does not fit an integer x.
func (x *Tensor) AddScalar(s float64) *Tensor { return Apply1(scalarOp{code: cpu.AddS, s: s}, x) }

// SubScalar returns x - s. Integers become float32 when s is not whole.
func (x *Tensor) SubScalar(s float64) *Tensor { return x.AddScalar(-s) }

// RSubScalar returns s - x. Integers become float32 when s is not whole.
func (x *Tensor) RSubScalar(s float64) *Tensor { return Apply1(scalarOp{code: cpu.RSubS, s: s}, x) }

// MulScalar returns x * s. Integers become float32 when s is not whole.
func (x *Tensor) MulScalar(s float64) *Tensor { return Apply1(scalarOp{code: cpu.MulS, s: s}, x) }

// DivScalar returns x / s, correctly rounded; integers become float32.
func (x *Tensor) DivScalar(s float64) *Tensor { return Apply1(scalarOp{code: cpu.DivS, s: s}, x) }

type scalarOp struct {
	pointwise
	code cpu.Code
	s    float64
}

func (o scalarOp) Name() string {
	switch o.code {
	case cpu.AddS:
		return "add_scalar"
	case cpu.RSubS:
		return "rsub_scalar"
	case cpu.MulS:
		return "mul_scalar"
	}
	return "div_scalar"
}
func (o scalarOp) Infer(c *Call) {
	d := c.In[0].scalarDType(o.s)
	if o.code == cpu.DivS && !d.IsFloat() {
		d = Float32
	}
	if !d.IsFloat() && !(math.Abs(o.s) <= d.largest()) {
		c.Fail(ErrValue, "%v does not fit %v; convert with To(tensor.Int64) or To(tensor.Float32)", o.s, d)
	}
	c.Output(c.In[0].shape, d)
}
func (o scalarOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: o.code, S0: o.s} }
func (o scalarOp) Reads() Reads          { return ReadsNothing }
func (o scalarOp) VJP(b *Back) []*Tensor {
	switch o.code {
	case cpu.AddS:
		return b.Give(b.Dout(0))
	case cpu.RSubS:
		return b.Give(b.Dout(0).Neg())
	}
	return b.Give(Apply1(o, b.Dout(0)))
}

// largest returns the magnitude up to which a number may be combined with integers of type d.
func (d DType) largest() float64 {
	switch d {
	case Uint8:
		return math.MaxUint8
	case Int32:
		return math.MaxInt32
	}
	return 1 << 62
}

// scalarDType returns the type of x combined with the number s: x's own, but float32 for integers when s is not whole, and
// int64 for bools otherwise.
func (x *Tensor) scalarDType(s float64) DType {
	switch {
	case x.dtype.IsFloat():
		return x.dtype
	case s != math.Trunc(s):
		return Float32
	case x.dtype == Bool:
		return Int64
	}
	return x.dtype
}

// scalar returns the number v as a tensor without dimensions, of t's dtype and on its device.
func (t *Tensor) scalar(v float64) *Tensor { return Factory{t.dtype, t.dev}.FullShape(v, Shape{}) }
