package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// UnfoldDim returns the view of all windows of size elements along an axis, step apart: PyTorch's Tensor.unfold. The axis counts
// the ⌊(n − size)/step⌋ + 1 windows, whose elements lie along a new last axis: y[..., l, ..., k] = x[..., l·step + k, ...]. It
// panics with ErrShape when a window is larger than the axis and with ErrValue unless size >= 0 and step >= 1.
func (t *Tensor) UnfoldDim(axis, size, step int) *Tensor {
	axis = t.shape.axis("unfold_dim", axis)
	if size < 0 || step < 1 {
		Fail("unfold_dim", ErrValue, []Shape{t.shape}, "the size %d must not be negative, the step %d at least 1", size, step)
	}
	if n := t.shape.at(axis); size > n {
		Fail("unfold_dim", ErrShape, []Shape{t.shape}, "windows of %d are larger than axis %d of size %d", size, axis, n)
	}
	return Apply1(unfoldDimOp{axis, size, step}, t)
}

type unfoldDimOp struct{ axis, size, step int }

func (unfoldDimOp) Name() string           { return "unfold_dim" }
func (unfoldDimOp) Run(Device, *Call) bool { return true }
func (unfoldDimOp) Reads() Reads           { return ReadsNothing }
func (o unfoldDimOp) Infer(c *Call) {
	x := c.In[0]
	s, st := x.shape.Insert(x.shape.rank, o.size), x.strides()
	s.set(o.axis, (x.shape.at(o.axis)-o.size)/o.step+1)
	st[x.shape.rank] = st[o.axis]
	st[o.axis] *= o.step
	c.OutputView(0, s, st, 0)
}
func (o unfoldDimOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(unfoldDimGradOp{o, b.InSpec(0).Shape}, b.Dout(0)))
}

// unfoldDimGradOp is the transpose: it sums the copies of each element.
type unfoldDimGradOp struct {
	unfold unfoldDimOp
	shape  Shape
}

type unfoldDimKernel interface {
	UnfoldDimGrad(axis, step int, y, x View)
}

func (unfoldDimGradOp) Name() string            { return "unfold_dim_grad" }
func (unfoldDimGradOp) Reads() Reads            { return ReadsNothing }
func (o unfoldDimGradOp) Infer(c *Call)         { c.Output(o.shape, c.SameDType()) }
func (o unfoldDimGradOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(o.unfold, b.Dout(0))) }
func (o unfoldDimGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(unfoldDimKernel)
	if ok {
		k.UnfoldDimGrad(o.unfold.axis, o.unfold.step, c.X(0), c.Y(0))
	}
	return ok
}

func (cpuDevice) UnfoldDimGrad(axis, step int, y, x View) {
	r, places, size := rowsOf(x.Shape, axis), y.Shape.at(axis), y.Shape.at(y.Shape.rank-1)
	if x.DType == Float64 {
		cpu.UnfoldDimGrad(r.Outer, r.N, r.Inner, places, size, step, sliceOf[float64](y), sliceOf[float64](x))
	} else {
		cpu.UnfoldDimGrad(r.Outer, r.N, r.Inner, places, size, step, sliceOf[float32](y), sliceOf[float32](x))
	}
}
