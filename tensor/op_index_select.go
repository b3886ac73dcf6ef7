package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// IndexSelect returns the slices of x at the given positions along an axis: idx is Int64 of shape (M,), and the result has
// size M there; positions may repeat, and their gradients add up. It panics with ErrIndex on a position outside [0, size).
func (x *Tensor) IndexSelect(axis int, idx *Tensor) *Tensor {
	return Apply1(indexSelectOp{x.shape.axis("index_select", axis), -1}, x, idx)
}

// Embedding returns the rows of weight (V, D) at the given Int64 indices of any shape: result (..., D). The row
// paddingIdx, unless nil, gets no gradient; -1 is the last. It panics with ErrIndex on an index outside [0, V).
func Embedding(weight, idx *Tensor, paddingIdx *int64) *Tensor {
	if weight.shape.rank != 2 {
		Fail("embedding", ErrShape, []Shape{weight.shape, idx.shape}, "the weight must be (V, D), 2 dimensions")
	}
	skip := int64(-1)
	if paddingIdx != nil {
		v := int64(weight.shape.at(0))
		if skip = *paddingIdx; skip < -v || skip >= v {
			Fail("embedding", ErrIndex, []Shape{weight.shape, idx.shape}, "the padding index %d is no row of the weight", skip)
		}
		if skip < 0 {
			skip += v
		}
	}
	s := idx.shape.Insert(idx.shape.rank, weight.shape.at(1))
	return Apply1(indexSelectOp{0, skip}, weight, idx.Reshape(idx.Numel())).ReshapeTo(s)
}

// Flip returns x with the order reversed along the given axes; x itself when none are given.
func (x *Tensor) Flip(axes ...int) *Tensor {
	if len(axes) == 0 {
		return x
	}
	r := x.reductionOf("flip", true, axes)
	for a := range x.shape.rank {
		if n := x.shape.at(a); r.axes[a] {
			x = x.IndexSelect(a, Of(countdown(n)).onDeviceOf(x))
		}
	}
	return x
}

func countdown(n int) []int64 {
	v := make([]int64, n)
	for i := range v {
		v[i] = int64(n - 1 - i)
	}
	return v
}

func (t *Tensor) onDeviceOf(x *Tensor) *Tensor {
	if x.dev == CPU {
		return t
	}
	return t.ToDevice(x.dev)
}

type indexSelectOp struct {
	axis int
	skip int64 // this index gets no gradient
}

type indexKernel interface {
	IndexSelect(r cpu.Rows, x, idx, y View)
	IndexAdd(r cpu.Rows, x, idx View, skip int64, y View) bool
}

func (indexSelectOp) Name() string { return "index_select" }
func (indexSelectOp) Reads() Reads { return ReadsIn(1) }
func (o indexSelectOp) Infer(c *Call) {
	i := c.In[1]
	if i.dtype != Int64 {
		c.Fail(ErrDType, "the indices are %v; convert them with To(tensor.Int64)", i.dtype)
	}
	if i.shape.rank != 1 {
		c.Fail(ErrShape, "the indices must have one dimension; use Gather for others")
	}
	s := c.In[0].shape
	s.set(o.axis, i.shape.at(0))
	c.Output(s, c.In[0].dtype)
}
func (o indexSelectOp) Run(d Device, c *Call) bool {
	k, ok := d.(indexKernel)
	if ok {
		c.checkIndices(1, c.In[0].shape.at(o.axis))
		k.IndexSelect(rowsOf(c.In[0].shape, o.axis), c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o indexSelectOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(indexAddOp{o.axis, b.InSpec(0).Shape.Dim(o.axis), o.skip}, b.Dout(0), b.In(1)), nil)
}

// checkIndices panics unless input i holds indices in [0, n).
func (c *Call) checkIndices(i, n int) {
	if c.In[i].dev != CPU {
		return
	}
	idx := sliceOf[int64](c.X(i))
	if at := cpu.Outside(idx, n); at >= 0 {
		c.Fail(ErrIndex, "index %d at position %d is outside [0, %d)", idx[at], at, n)
	}
}

// indexAddOp is the transpose of indexSelectOp: zeros of size n along the axis, with the slices of x added at idx, which the
// caller has checked.
type indexAddOp struct {
	axis, n int
	skip    int64
}

func (indexAddOp) Name() string { return "index_add" }
func (indexAddOp) Reads() Reads { return ReadsIn(1) }
func (o indexAddOp) Infer(c *Call) {
	s := c.In[0].shape
	s.set(o.axis, o.n)
	c.Output(s, c.In[0].dtype)
}
func (o indexAddOp) Run(d Device, c *Call) bool {
	k, ok := d.(indexKernel)
	return ok && k.IndexAdd(rowsOf(c.Y(0).Shape, o.axis), c.X(0), c.X(1), o.skip, c.Y(0))
}
func (o indexAddOp) VJP(b *Back) []*Tensor {
	g := Apply1(indexSelectOp{o.axis, o.skip}, b.Dout(0), b.In(1))
	if o.skip >= 0 { // what was left out has no influence
		s := Shape{rank: g.shape.rank}
		for i := range s.rank {
			s.set(i, 1)
		}
		s.set(o.axis, b.In(1).Numel())
		g = g.Mul(b.In(1).NeScalar(float64(o.skip)).To(g.dtype).ReshapeTo(s))
	}
	return b.Give(g, nil)
}

func (cpuDevice) IndexSelect(r cpu.Rows, x, idx, y View) {
	i := sliceOf[int64](idx)
	if y.Shape.Numel() == 0 {
		return
	}
	switch y.DType.Size() {
	case 1:
		cpu.IndexSelect(r.Outer, r.N, r.Inner, sliceOf[uint8](x), i, sliceOf[uint8](y))
	case 2:
		cpu.IndexSelect(r.Outer, r.N, r.Inner, sliceOf[uint16](x), i, sliceOf[uint16](y))
	case 4:
		cpu.IndexSelect(r.Outer, r.N, r.Inner, sliceOf[uint32](x), i, sliceOf[uint32](y))
	case 8:
		cpu.IndexSelect(r.Outer, r.N, r.Inner, sliceOf[uint64](x), i, sliceOf[uint64](y))
	}
}

func (cpuDevice) IndexAdd(r cpu.Rows, x, idx View, skip int64, y View) bool {
	i := sliceOf[int64](idx)
	switch y.DType {
	case Float32:
		cpu.IndexAdd(r.Outer, r.N, r.Inner, sliceOf[float32](x), i, skip, sliceOf[float32](y))
	case Float64:
		cpu.IndexAdd(r.Outer, r.N, r.Inner, sliceOf[float64](x), i, skip, sliceOf[float64](y))
	case Int64:
		cpu.IndexAdd(r.Outer, r.N, r.Inner, sliceOf[int64](x), i, skip, sliceOf[int64](y))
	case Int32:
		cpu.IndexAdd(r.Outer, r.N, r.Inner, sliceOf[int32](x), i, skip, sliceOf[int32](y))
	case Uint8:
		cpu.IndexAdd(r.Outer, r.N, r.Inner, sliceOf[uint8](x), i, skip, sliceOf[uint8](y))
	default:
		return false
	}
	return true
}
