package tensor

// Slice returns the view of elements start, start+step, ... below end along an axis, as Python's t[start:end:step] does:
// negative positions count from the end and positions outside are clipped. It panics with ErrValue unless step >= 1.
func (t *Tensor) Slice(axis, start, end, step int) *Tensor {
	axis = t.shape.axis("slice", axis)
	n := t.shape.at(axis)
	clip := func(i int) int {
		if i < 0 {
			i += n
		}
		return min(max(i, 0), n)
	}
	if step < 1 {
		Fail("slice", ErrValue, []Shape{t.shape}, "the step must be at least 1, not %d; use Flip to reverse", step)
	}
	start, end = clip(start), clip(end)
	return Apply1(sliceOp{axis, start, max(0, (end-start+step-1)/step), step}, t)
}

// Narrow returns the view of n elements along an axis from start on. It panics with ErrIndex when they are not all there.
func (t *Tensor) Narrow(axis, start, n int) *Tensor {
	axis = t.shape.axis("narrow", axis)
	if start < 0 {
		start += t.shape.at(axis)
	}
	if start < 0 || n < 0 || start+n > t.shape.at(axis) {
		Fail("narrow", ErrIndex, []Shape{t.shape}, "elements [%d, %d) are not within axis %d of size %d", start, start+n, axis, t.shape.at(axis))
	}
	return Apply1(sliceOp{axis, start, n, 1}, t)
}

// Select returns the view at position i along an axis, which is removed. It panics with ErrIndex when i is out of range.
func (t *Tensor) Select(axis, i int) *Tensor {
	axis = t.shape.axis("select", axis)
	if i < -t.shape.at(axis) || i >= t.shape.at(axis) {
		Fail("select", ErrIndex, []Shape{t.shape}, "index %d is out of range for axis %d of size %d", i, axis, t.shape.at(axis))
	}
	return t.Narrow(axis, i, 1).ReshapeTo(t.shape.Remove(axis))
}

type sliceOp struct{ axis, start, n, step int }

func (sliceOp) Name() string { return "slice" }
func (o sliceOp) Infer(c *Call) {
	x := c.In[0]
	s, st := x.shape, x.strides()
	s.set(o.axis, o.n)
	off := o.start * st[o.axis]
	st[o.axis] *= o.step
	c.OutputView(0, s, st, off)
}
func (sliceOp) Run(Device, *Call) bool { return true }
func (sliceOp) Reads() Reads           { return ReadsNothing }
func (o sliceOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(unsliceOp{o, b.InSpec(0).Shape}, b.Dout(0)))
}

// unsliceOp is the transpose of a slice: zeros with the slice in its place.
type unsliceOp struct {
	slice sliceOp
	shape Shape
}

func (unsliceOp) Name() string    { return "unslice" }
func (o unsliceOp) Strided()      {}
func (o unsliceOp) Infer(c *Call) { c.Output(o.shape, c.In[0].dtype) }
func (unsliceOp) Reads() Reads    { return ReadsNothing }
func (o unsliceOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(o.slice, b.Dout(0)))
}
func (o unsliceOp) Run(d Device, c *Call) bool {
	k, ok := d.(placeKernel)
	if ok {
		y := c.Y(0)
		at := y.Strides[o.slice.axis] * o.slice.start
		place := y
		place.Shape.set(o.slice.axis, o.slice.n)
		place.Strides[o.slice.axis] *= o.slice.step
		k.Zero(y)
		k.Place(place, at, c.X(0))
	}
	return ok
}
