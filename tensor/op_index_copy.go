package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// IndexCopy returns x with the slices of src written at the given positions along an axis: idx is Int64 of shape (M,), and src
// has x's dtype and its shape but for size M there. Of equal positions the last stays, and gets the gradient. It panics with
// ErrIndex on a position outside [0, size).
func (x *Tensor) IndexCopy(axis int, idx, src *Tensor) *Tensor {
	axis = x.checkSlices("index_copy", axis, idx, src)
	return Apply1(indexCopyOp{axis}, x, idx, src)
}

// IndexAdd returns x with the slices of src added at the given positions along an axis, those of equal positions all; the
// arguments are as in IndexCopy.
func (x *Tensor) IndexAdd(axis int, idx, src *Tensor) *Tensor {
	axis = x.checkSlices("index_add", axis, idx, src)
	return x.Add(Apply1(indexAddOp{axis, x.shape.at(axis), -1}, src, idx))
}

// IndexReduce returns x with the slices of src joined to it at the given positions along an axis; see ScatterReduce for mode
// and includeSelf, IndexCopy for the other arguments.
func (x *Tensor) IndexReduce(axis int, idx, src *Tensor, mode ReduceMode, includeSelf bool) *Tensor {
	axis = x.checkSlices("index_reduce", axis, idx, src)
	return x.ScatterReduce(axis, idx.alongAxis(axis, x.shape.rank).ExpandTo(src.shape), src, mode, includeSelf)
}

// IndexFill returns x with its slices at the given positions along an axis filled with v; idx is as in IndexCopy. It panics
// with ErrValue when x is an integer and v is not.
func (x *Tensor) IndexFill(axis int, idx *Tensor, v float64) *Tensor {
	axis = x.shape.axis("index_fill", axis)
	checkPositions("index_fill", x.shape.at(axis), []Shape{x.shape, idx.shape}, idx)
	f := Factory{Bool, x.dev}
	mask := Apply1(indexCopyOp{0}, f.Zeros(x.shape.at(axis)), idx, f.Ones(idx.Numel()))
	return x.MaskedFill(mask.alongAxis(axis, x.shape.rank), v)
}

// alongAxis reshapes a vector to rank dimensions of which only axis is not 1.
func (t *Tensor) alongAxis(axis, rank int) *Tensor {
	s := Shape{rank: rank}
	for i := range rank {
		s.set(i, 1)
	}
	s.set(axis, t.Numel())
	return t.ReshapeTo(s)
}

// checkSlices returns the axis after checking that src holds a slice of x along it for each position in idx.
func (x *Tensor) checkSlices(op string, axis int, idx, src *Tensor) int {
	shapes := []Shape{x.shape, idx.shape, src.shape}
	axis = x.shape.axis(op, axis)
	checkPositions(op, x.shape.at(axis), shapes, idx)
	if want := x.shape.With(axis, idx.Numel()); src.shape != want {
		Fail(op, ErrShape, shapes, "the source must have the shape %v: the input's with a slice for each index", want)
	}
	if src.dtype != x.dtype {
		Fail(op, ErrDType, shapes, "the source is %v, the input %v; convert one with To", src.dtype, x.dtype)
	}
	return axis
}

// checkPositions panics unless idx is a vector of positions in [0, n).
func checkPositions(op string, n int, shapes []Shape, idx *Tensor) {
	if idx.dtype != Int64 {
		Fail(op, ErrDType, shapes, "the indices are %v; convert them with To(tensor.Int64)", idx.dtype)
	}
	if idx.shape.rank != 1 {
		Fail(op, ErrShape, shapes, "the indices must have one dimension")
	}
	if idx.dev != CPU {
		return
	}
	Read(idx, func(v []int64) {
		if at := cpu.Outside(v, n); at >= 0 {
			Fail(op, ErrIndex, shapes, "index %d at position %d is outside [0, %d)", v[at], at, n)
		}
	})
}

// indexCopyOp replaces slices of x at positions that the caller has checked.
type indexCopyOp struct{ axis int }

type indexCopyKernel interface {
	IndexCopy(r cpu.Rows, x, idx, src, y, won View)
}

func (indexCopyOp) anyDType()    {} // it moves bits
func (indexCopyOp) Name() string { return "index_copy" }
func (indexCopyOp) Reads() Reads { return ReadsIn(1) }
func (indexCopyOp) Infer(c *Call) {
	c.Output(c.In[0].shape, c.In[0].dtype)
	if c.Recording() {
		c.Save(c.In[1].shape, Bool) // which slices of src were not overwritten
	}
}
func (o indexCopyOp) Run(d Device, c *Call) bool {
	k, ok := d.(indexCopyKernel)
	if ok {
		var won View
		if c.Recording() {
			won = c.S(0)
		}
		k.IndexCopy(rowsOf(c.In[0].shape, o.axis), c.X(0), c.X(1), c.X(2), c.Y(0), won)
	}
	return ok
}
func (o indexCopyOp) VJP(b *Back) (g []*Tensor) {
	dy, idx := b.Dout(0), b.In(1)
	g = b.Give(nil, nil, nil)
	if b.Need(0) { // what was overwritten has no influence
		g[0] = dy.IndexFill(o.axis, idx, 0)
	}
	if b.Need(2) {
		won := b.Saved(0).To(dy.dtype).alongAxis(o.axis, dy.shape.rank)
		g[2] = dy.IndexSelect(o.axis, idx).Mul(won)
	}
	return g
}

func (cpuDevice) IndexCopy(r cpu.Rows, x, idx, src, y, won View) {
	i := sliceOf[int64](idx)
	last := cpu.LastOf(i, r.N)
	if won.ptr != nil {
		w := sliceOf[bool](won)
		for j, k := range i {
			w[j] = int(last[k]) == j
		}
	}
	if y.Shape.Numel() == 0 {
		return
	}
	m := len(i)
	switch y.DType.Size() {
	case 1:
		cpu.IndexCopy(r.Outer, r.N, m, r.Inner, sliceOf[uint8](x), sliceOf[uint8](src), last, sliceOf[uint8](y))
	case 2:
		cpu.IndexCopy(r.Outer, r.N, m, r.Inner, sliceOf[uint16](x), sliceOf[uint16](src), last, sliceOf[uint16](y))
	case 4:
		cpu.IndexCopy(r.Outer, r.N, m, r.Inner, sliceOf[uint32](x), sliceOf[uint32](src), last, sliceOf[uint32](y))
	case 8:
		cpu.IndexCopy(r.Outer, r.N, m, r.Inner, sliceOf[uint64](x), sliceOf[uint64](src), last, sliceOf[uint64](y))
	}
}
