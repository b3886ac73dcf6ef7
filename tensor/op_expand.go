package tensor

// Expand returns a view broadcast to the given sizes; -1 keeps a size. It panics with ErrShape when t does not broadcast
// to them.
func (t *Tensor) Expand(dims ...int) *Tensor {
	var buf [MaxRank]int
	d := append(buf[:0], dims...)
	for i, v := range d {
		if k := i - (len(d) - t.shape.rank); v == -1 && k >= 0 {
			d[i] = t.shape.at(k)
		}
	}
	return t.ExpandTo(ShapeOf(d...))
}

// ExpandTo is Expand to a given shape.
func (t *Tensor) ExpandTo(s Shape) *Tensor {
	if t.shape == s {
		return t
	}
	if b, ok := Broadcast(t.shape, s); !ok || b != s {
		Fail("expand", ErrShape, []Shape{t.shape, s}, "the first shape does not broadcast to the second")
	}
	return Apply1(expandOp{s}, t)
}

type expandOp struct{ shape Shape }

func (expandOp) Name() string { return "expand" }
func (o expandOp) Infer(c *Call) {
	st := c.In[0].strides()
	c.OutputView(0, o.shape, expandStrides(c.In[0].shape, &st, o.shape), 0)
}
func (expandOp) Run(Device, *Call) bool { return true }
func (expandOp) Reads() Reads           { return ReadsNothing }
func (expandOp) VJP(b *Back) []*Tensor  { return b.Give(b.Dout(0).SumTo(b.InSpec(0).Shape)) }
