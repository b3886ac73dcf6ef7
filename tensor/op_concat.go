package tensor

// Concat joins tensors along an axis; their other sizes must be equal, dtypes are promoted. It panics with ErrShape when
// they are not, or when there is nothing to join. One tensor alone is returned as it is.
func Concat(axis int, ts ...*Tensor) *Tensor {
	if len(ts) == 0 {
		Fail("concat", ErrShape, nil, "there is nothing to join")
	}
	if len(ts) == 1 {
		ts[0].shape.axis("concat", axis)
		return ts[0]
	}
	d := ts[0].dtype
	for _, t := range ts[1:] {
		d = Promote(d, t.dtype)
	}
	in := make([]*Tensor, len(ts))
	for i, t := range ts {
		in[i] = t.To(d)
	}
	return Apply1(concatOp{ts[0].shape.axis("concat", axis)}, in...)
}

// Stack joins tensors of one shape along a new axis, -1 being the last; dtypes are promoted. It panics with ErrShape when
// shapes differ, or when there is nothing to join.
func Stack(axis int, ts ...*Tensor) *Tensor {
	if len(ts) == 0 {
		Fail("stack", ErrShape, nil, "there is nothing to join")
	}
	if n := ts[0].shape.rank; axis < -n-1 || axis > n {
		Fail("stack", ErrAxis, []Shape{ts[0].shape}, "the new axis %d is out of range for %d dimensions", axis, n+1)
	}
	in := make([]*Tensor, len(ts))
	for i, t := range ts {
		if t.shape != ts[0].shape {
			Fail("stack", ErrShape, []Shape{ts[0].shape, t.shape}, "all tensors must have one shape, tensor %d differs from the first", i)
		}
		in[i] = t.Unsqueeze(axis)
	}
	return Concat(axis, in...)
}

// Split cuts t along an axis into views of the given sizes. It panics with ErrShape unless they add up to the axis's size.
func (t *Tensor) Split(axis int, sizes ...int) []*Tensor {
	axis = t.shape.axis("split", axis)
	n := 0
	for _, s := range sizes {
		if s < 0 {
			Fail("split", ErrValue, []Shape{t.shape}, "size %d is negative", s)
		}
		n += s
	}
	if n != t.shape.at(axis) {
		Fail("split", ErrShape, []Shape{t.shape}, "the sizes %v add up to %d, axis %d has %d", sizes, n, axis, t.shape.at(axis))
	}
	if len(sizes) == 0 {
		return nil
	}
	return Apply(splitOp{axis, append([]int(nil), sizes...)}, t)
}

// Chunk cuts t along an axis of size d into views of size ⌈d/n⌉: at most n, of which the last may be smaller, and n empty
// ones when d is 0, as PyTorch does. It panics with ErrValue unless n >= 1.
func (t *Tensor) Chunk(axis, n int) []*Tensor {
	axis = t.shape.axis("chunk", axis)
	if n < 1 {
		Fail("chunk", ErrValue, []Shape{t.shape}, "the number of chunks, %d, must be positive", n)
	}
	left := t.shape.at(axis)
	if left == 0 {
		return t.Split(axis, make([]int, n)...)
	}
	var sizes []int
	for size := (left + n - 1) / n; left > 0; left -= size {
		sizes = append(sizes, min(size, left))
	}
	return t.Split(axis, sizes...)
}

// Unbind returns the views along an axis, which is removed. Its gradient stacks theirs, where selecting each step on its
// own would make a full-size gradient a step.
func (t *Tensor) Unbind(axis int) []*Tensor {
	axis = t.shape.axis("unbind", axis)
	sizes := make([]int, t.shape.at(axis))
	for i := range sizes {
		sizes[i] = 1
	}
	parts := t.Split(axis, sizes...)
	for i, p := range parts {
		parts[i] = p.ReshapeTo(t.shape.Remove(axis))
	}
	return parts
}

type concatOp struct{ axis int }

func (concatOp) Strided()     {}
func (concatOp) Name() string { return "concat" }
func (concatOp) Reads() Reads { return ReadsNothing }
func (o concatOp) Infer(c *Call) {
	s := c.In[0].shape
	for _, t := range c.In[1:] {
		if t.shape.rank != s.rank || t.shape.With(o.axis, 0) != s.With(o.axis, 0) {
			c.Fail(ErrShape, "all sizes but that of axis %d must be equal", o.axis)
		}
		s.set(o.axis, s.at(o.axis)+t.shape.at(o.axis))
	}
	c.Output(s, c.In[0].dtype)
}
func (o concatOp) Run(d Device, c *Call) bool {
	k, ok := d.(placeKernel)
	if ok {
		y, at := c.Y(0), 0
		for i, t := range c.In {
			part := y
			part.Shape.set(o.axis, t.shape.at(o.axis))
			k.Place(part, at*y.Strides[o.axis], c.X(i))
			at += t.shape.at(o.axis)
		}
	}
	return ok
}
func (o concatOp) VJP(b *Back) []*Tensor {
	g, at := make([]*Tensor, b.NumIn()), 0
	for i := range g {
		n := b.InSpec(i).Shape.Dim(o.axis)
		if b.Need(i) {
			g[i] = b.Dout(0).Narrow(o.axis, at, n)
		}
		at += n
	}
	return g
}

type splitOp struct {
	axis  int
	sizes []int
}

func (splitOp) Name() string           { return "split" }
func (splitOp) Reads() Reads           { return ReadsNothing }
func (splitOp) Run(Device, *Call) bool { return true }
func (o splitOp) Infer(c *Call) {
	x := c.In[0]
	st := x.strides()
	at := 0
	for _, n := range o.sizes {
		s := x.shape
		s.set(o.axis, n)
		c.OutputView(0, s, st, at*st[o.axis])
		at += n
	}
}
func (o splitOp) VJP(b *Back) []*Tensor {
	g := make([]*Tensor, b.NumOut())
	for i := range g {
		g[i] = b.DoutOrZeros(i)
	}
	return b.Give(Concat(o.axis, g...))
}
