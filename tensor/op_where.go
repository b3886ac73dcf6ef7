package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Where returns a where cond is true and b elsewhere; all three broadcast, a and b promote. It panics with ErrDType unless
// cond holds bools.
func Where(cond, a, b *Tensor) *Tensor { return Apply1(whereOp{}, cond, a, b) }

// MaskedFill returns v where mask is true and x elsewhere, in x's dtype, broadcast. It panics with ErrDType unless mask
// holds bools and with ErrValue when x is an integer and v is not.
func (x *Tensor) MaskedFill(mask *Tensor, v float64) *Tensor {
	if !x.dtype.holds(v) {
		Fail("masked_fill", ErrValue, []Shape{x.shape, mask.shape}, "%v does not fit %v; convert with To(tensor.Float32)", v, x.dtype)
	}
	return Where(mask, x.scalar(v), x)
}

// holds reports whether tensors of type d can be filled with v: integers with a whole number that is not too large.
func (d DType) holds(v float64) bool {
	return d.IsFloat() || d == Bool || v == math.Trunc(v) && math.Abs(v) <= d.largest()
}

type whereOp struct{ AnyStrides }

type selectKernel interface{ Select(y, cond, a, b View) }

func (whereOp) Name() string { return "where" }
func (whereOp) Infer(c *Call) {
	if c.In[0].dtype != Bool {
		c.Fail(ErrDType, "the condition is %v; make bools of it with To(tensor.Bool) or a comparison", c.In[0].dtype)
	}
	s, _ := c.broadcast()
	c.Output(s, Promote(c.In[1].dtype, c.In[2].dtype))
}
func (whereOp) Reads() Reads { return ReadsIn(0) }
func (whereOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil, nil)
	dy := b.Dout(0)
	if b.Need(1) {
		g[1] = Where(b.In(0), dy, dy.scalar(0)).SumTo(b.InSpec(1).Shape).To(b.InSpec(1).DType)
	}
	if b.Need(2) {
		g[2] = Where(b.In(0), dy.scalar(0), dy).SumTo(b.InSpec(2).Shape).To(b.InSpec(2).DType)
	}
	return g
}
func (whereOp) Run(d Device, c *Call) bool {
	k, ok := d.(selectKernel)
	if !ok {
		return false
	}
	y := c.Y(0)
	for i, t := range c.In {
		if i > 0 {
			t = t.Detach().To(y.DType)
		}
		if t.transposed() {
			t = t.Detach().Contiguous()
		}
		c.In[i] = t
	}
	k.Select(y, c.X(0).expand(y.Shape), c.X(1).expand(y.Shape), c.X(2).expand(y.Shape))
	return true
}

// Select moves elements by size: the bits do not matter.
func (cpuDevice) Select(y, cond, a, b View) {
	switch y.DType.Size() {
	case 1:
		selectCPU[uint8](y, cond, a, b)
	case 2:
		selectCPU[uint16](y, cond, a, b)
	case 4:
		selectCPU[uint32](y, cond, a, b)
	case 8:
		selectCPU[uint64](y, cond, a, b)
	}
}

func selectCPU[T uint8 | uint16 | uint32 | uint64](y, cond, a, b View) {
	cpu.Select(y.Shape.Dims(), sliceOf[T](y), operand[bool](cond), operand[T](a), operand[T](b))
}
