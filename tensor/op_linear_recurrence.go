package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// linearRecurrenceOp maps (a, b) to h_t = a_t h_{t-1} + b_t along an axis, from h_0 = b_0 on, or to its transpose, h_t =
// a_{t+1} h_{t+1} + b_t from the last h_t = b_t back. Gradients of products and sums along an axis are made of it.
type linearRecurrenceOp struct {
	axis       int
	transposed bool
}

type linearRecurrenceKernel interface {
	LinearRecurrence(r cpu.Rows, transposed bool, a, b, h View)
}

func (linearRecurrenceOp) Name() string { return "linear_recurrence" }
func (linearRecurrenceOp) Infer(c *Call) {
	if c.In[0].shape != c.In[1].shape {
		c.Fail(ErrShape, "factors and terms must have the same shape")
	}
	c.Output(c.In[0].shape, c.SameDType())
}
func (linearRecurrenceOp) Reads() Reads { return ReadsIn(0) | ReadsOut }

// VJP uses that either direction's dL/db is the other direction's recurrence over dh: da_t is the product of the state that
// a_t multiplies and of the gradient where it arrives.
func (o linearRecurrenceOp) VJP(b *Back) (g []*Tensor) {
	db := Apply1(linearRecurrenceOp{o.axis, !o.transposed}, b.In(0), b.Dout(0))
	g = b.Give(nil, db)
	if b.Need(0) {
		forth, back := b.Out(0), db
		if o.transposed {
			forth, back = db, b.Out(0)
		}
		g[0] = forth.delayed(o.axis, 0).Mul(back)
	}
	return g
}
func (o linearRecurrenceOp) Run(d Device, c *Call) bool {
	k, ok := d.(linearRecurrenceKernel)
	if ok {
		k.LinearRecurrence(rowsOf(c.In[0].shape, o.axis), o.transposed, c.X(0), c.X(1), c.Y(0))
	}
	return ok
}

func (cpuDevice) LinearRecurrence(r cpu.Rows, transposed bool, a, b, h View) {
	if h.DType == Float64 {
		cpu.LinearRecurrence(r, transposed, sliceOf[float64](a), sliceOf[float64](b), sliceOf[float64](h))
	} else {
		cpu.LinearRecurrence(r, transposed, sliceOf[float32](a), sliceOf[float32](b), sliceOf[float32](h))
	}
}

// delayed returns x moved on by one along an axis, first in its place.
func (x *Tensor) delayed(axis int, first float64) *Tensor {
	n := x.shape.at(axis)
	if n == 0 {
		return x
	}
	f := Factory{x.dtype, x.dev}.FullShape(first, x.shape.With(axis, 1))
	return Concat(axis, f, x.Narrow(axis, 0, n-1))
}
