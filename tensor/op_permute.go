package tensor

// Permute returns a view whose dimension i is dimension axes[i] of t. It panics with ErrAxis unless axes is a permutation.
func (t *Tensor) Permute(axes ...int) *Tensor {
	if len(axes) != t.shape.rank {
		Fail("permute", ErrAxis, []Shape{t.shape}, "%d axes given for %d dimensions", len(axes), t.shape.rank)
	}
	var o permuteOp
	var seen axisSet
	for i, a := range axes {
		a = t.shape.axis("permute", a)
		if seen[a] {
			Fail("permute", ErrAxis, []Shape{t.shape}, "axis %d is named twice", a)
		}
		seen[a] = true
		o.axes[i] = int8(a)
	}
	return Apply1(o, t)
}

// Transpose returns a view with dimensions i and j exchanged.
func (t *Tensor) Transpose(i, j int) *Tensor {
	i, j = t.shape.axis("transpose", i), t.shape.axis("transpose", j)
	var o permuteOp
	for k := range o.axes {
		o.axes[k] = int8(k)
	}
	o.axes[i], o.axes[j] = int8(j), int8(i)
	return Apply1(o, t)
}

// T returns the transpose of a matrix. It panics with ErrShape unless t has two dimensions.
func (t *Tensor) T() *Tensor {
	if t.shape.rank != 2 {
		Fail("t", ErrShape, []Shape{t.shape}, "T needs a matrix; use Transpose or Permute")
	}
	return t.Transpose(0, 1)
}

type permuteOp struct{ axes [MaxRank]int8 }

func (permuteOp) Name() string { return "permute" }
func (o permuteOp) Infer(c *Call) {
	x := c.In[0]
	s := Shape{rank: x.shape.rank}
	var st Strides
	from := x.strides()
	for i := range s.rank {
		s.dim[i], st[i] = x.shape.dim[o.axes[i]], from[o.axes[i]]
	}
	c.OutputView(0, s, st, 0)
}
func (permuteOp) Run(Device, *Call) bool { return true }
func (permuteOp) Reads() Reads           { return ReadsNothing }
func (o permuteOp) VJP(b *Back) []*Tensor {
	var inv permuteOp
	for i := range b.OutSpec(0).Shape.rank {
		inv.axes[o.axes[i]] = int8(i)
	}
	return b.Give(Apply1(inv, b.Dout(0)))
}
