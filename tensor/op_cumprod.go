package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Cumprod returns the products of the elements up to each one along an axis, y_t = Π_{k<=t} x_k, in x's shape. Its
// derivatives, found without a division, are exact also where factors are zero. Integers and bools multiply as int64; float32
// accumulates in float64. A scalar has the axes 0 and -1. It panics with ErrAxis.
func (x *Tensor) Cumprod(axis int) *Tensor {
	return x.scan(axis, func(axis int) Op { return cumprodOp{axis} })
}

type cumprodOp struct{ axis int }

type cumprodKernel interface {
	Cumprod(r cpu.Rows, x, y View) bool
}

func (cumprodOp) Name() string { return "cumprod" }
func (cumprodOp) Infer(c *Call) {
	d := c.In[0].dtype
	if !d.IsFloat() {
		d = Int64
	}
	c.Output(c.In[0].shape, d)
}
func (cumprodOp) Reads() Reads { return ReadsIn(0) | ReadsOut }

// VJP returns dx_k = y_{k-1} Σ_{t>=k} dy_t Π_{k<j<=t} x_j; the sum is s_k = dy_k + x_{k+1} s_{k+1}.
func (o cumprodOp) VJP(b *Back) []*Tensor {
	s := Apply1(linearRecurrenceOp{o.axis, true}, b.In(0), b.Dout(0))
	return b.Give(b.Out(0).delayed(o.axis, 1).Mul(s))
}
func (o cumprodOp) Run(d Device, c *Call) bool {
	k, ok := d.(cumprodKernel)
	if !ok {
		return false
	}
	if y := c.Y(0).DType; c.In[0].dtype != y {
		c.In[0] = c.In[0].Detach().To(y)
	}
	return k.Cumprod(rowsOf(c.In[0].shape, o.axis), c.X(0), c.Y(0))
}

func (cpuDevice) Cumprod(r cpu.Rows, x, y View) bool {
	switch y.DType {
	case Float32:
		cpu.Cumprod[float32, float64](r, sliceOf[float32](x), sliceOf[float32](y))
	case Float64:
		cpu.Cumprod[float64, float64](r, sliceOf[float64](x), sliceOf[float64](y))
	case Int64:
		cpu.Cumprod[int64, int64](r, sliceOf[int64](x), sliceOf[int64](y))
	default:
		return false
	}
	return true
}
