package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Cumsum returns the sums of the elements up to each one along an axis, y_t = Σ_{k<=t} x_k, in x's shape. Integers and bools
// sum as int64; float32 accumulates in float64. A scalar has the axes 0 and -1. It panics with ErrAxis.
func (x *Tensor) Cumsum(axis int) *Tensor {
	return x.scan(axis, func(axis int) Op { return cumsumOp{axis, false} })
}

// scan applies the op that walks along an axis; a scalar is a row of one element, as in PyTorch.
func (x *Tensor) scan(axis int, op func(axis int) Op) *Tensor {
	if x.shape.rank == 0 && (axis == 0 || axis == -1) {
		return Apply1(op(0), x.Reshape(1)).ReshapeTo(x.shape)
	}
	return Apply1(op(x.shape.axis(op(0).Name(), axis)), x)
}

// cumsumOp sums the elements up to each one or, in reverse, from each one on.
type cumsumOp struct {
	axis    int
	reverse bool
}

type cumsumKernel interface {
	Cumsum(r cpu.Rows, reverse bool, x, y View) bool
}

func (cumsumOp) Name() string { return "cumsum" }
func (cumsumOp) Infer(c *Call) {
	d := c.In[0].dtype
	if !d.IsFloat() {
		d = Int64
	}
	c.Output(c.In[0].shape, d)
}
func (cumsumOp) Reads() Reads { return ReadsNothing }
func (o cumsumOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(cumsumOp{o.axis, !o.reverse}, b.Dout(0)))
}
func (o cumsumOp) Run(d Device, c *Call) bool {
	k, ok := d.(cumsumKernel)
	if !ok {
		return false
	}
	if y := c.Y(0).DType; c.In[0].dtype != y {
		c.In[0] = c.In[0].Detach().To(y)
	}
	return k.Cumsum(rowsOf(c.In[0].shape, o.axis), o.reverse, c.X(0), c.Y(0))
}

func (cpuDevice) Cumsum(r cpu.Rows, reverse bool, x, y View) bool {
	switch y.DType {
	case Float32:
		cpu.Cumsum[float32, float64](r, reverse, sliceOf[float32](x), sliceOf[float32](y))
	case Float64:
		cpu.Cumsum[float64, float64](r, reverse, sliceOf[float64](x), sliceOf[float64](y))
	case Int64:
		cpu.Cumsum[int64, int64](r, reverse, sliceOf[int64](x), sliceOf[int64](y))
	default:
		return false
	}
	return true
}
