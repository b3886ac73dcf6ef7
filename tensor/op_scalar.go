package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// AddScalar returns x + s. An integer tensor becomes float32 when s is not whole.
func (x *Tensor) AddScalar(s float64) *Tensor { return Apply1(scalarOp{code: cpu.AddS, s: s}, x) }

// MulScalar returns x * s. An integer tensor becomes float32 when s is not whole.
func (x *Tensor) MulScalar(s float64) *Tensor { return Apply1(scalarOp{code: cpu.MulS, s: s}, x) }

// SubScalar returns x - s.
func (x *Tensor) SubScalar(s float64) *Tensor { return x.AddScalar(-s) }

// DivScalar returns x / s; integers become float32.
func (x *Tensor) DivScalar(s float64) *Tensor {
	if !x.dtype.IsFloat() {
		x = x.To(Float32)
	}
	return x.MulScalar(1 / s)
}

type scalarOp struct {
	pointwise
	code cpu.Code
	s    float64
}

func (o scalarOp) Name() string {
	if o.code == cpu.AddS {
		return "add_scalar"
	}
	return "mul_scalar"
}
func (o scalarOp) Infer(c *Call) {
	d := c.In[0].dtype
	if d == Bool {
		d = Int64
	}
	if !d.IsFloat() && o.s != math.Trunc(o.s) {
		d = Float32
	}
	c.Output(c.In[0].shape, d)
}
func (o scalarOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: o.code, S0: o.s} }
func (o scalarOp) Reads() Reads          { return ReadsNothing }
func (o scalarOp) VJP(b *Back) []*Tensor {
	if o.code == cpu.AddS {
		return b.Give(b.Dout(0))
	}
	return b.Give(b.Dout(0).MulScalar(o.s))
}
