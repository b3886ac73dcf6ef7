package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Gather returns values picked along an axis: with axis 0 of three, y[i,j,k] = x[idx[i,j,k], j, k]. idx is Int64 of x's
// rank, and in the other dimensions at most x's size; the result has its shape. It panics with ErrIndex on an index outside
// [0, size), ErrDType or ErrShape on other indices.
func (x *Tensor) Gather(axis int, idx *Tensor) *Tensor {
	axis = x.shape.axis("gather", axis)
	return Apply1(gatherOp{axis}, x.shrinkTo("gather", axis, idx), idx)
}

// Scatter returns x with the values of src written at idx along an axis, the inverse of Gather: with axis 0 of three,
// y[idx[i,j,k], j, k] = src[i,j,k]; of equal indices the last in row-major order stays, and gets the gradient. src has x's
// dtype and idx's shape or a larger one, whose corner counts; idx and panics are as in Gather.
func (x *Tensor) Scatter(axis int, idx, src *Tensor) *Tensor {
	return x.scatter("scatter", false, axis, idx, src)
}

// ScatterAdd returns x with the values of src added at idx along an axis: with axis 0 of three,
// y[idx[i,j,k], j, k] += src[i,j,k], in row-major order (of long vectors in parts, whose sums are added in order). src, idx and panics are as in Scatter. IndexAdd and SegmentSum add
// whole rows and are faster.
func (x *Tensor) ScatterAdd(axis int, idx, src *Tensor) *Tensor {
	return x.scatter("scatter_add", true, axis, idx, src)
}

func (x *Tensor) scatter(op string, add bool, axis int, idx, src *Tensor) *Tensor {
	return x.scatterBy(op, axis, idx, src, func(axis int, p, src *Tensor) *Tensor {
		if add {
			return Apply1(scatterAddOp{axis}, p, idx, src)
		}
		return Apply1(scatterOp{axis}, p, idx, src)
	})
}

// scatterBy checks the arguments and calls f with the axis and the parts of x and src that idx covers; what f returns takes
// its part's place in x.
func (x *Tensor) scatterBy(op string, axis int, idx, src *Tensor, f func(axis int, part, src *Tensor) *Tensor) *Tensor {
	axis = x.shape.axis(op, axis)
	part := x.shrinkTo(op, axis, idx)
	fits := src.shape.rank == idx.shape.rank
	for i := 0; fits && i < idx.shape.rank; i++ {
		fits = src.shape.at(i) >= idx.shape.at(i)
	}
	if !fits {
		Fail(op, ErrShape, []Shape{x.shape, idx.shape, src.shape}, "the source's shape, the third, must be the indices', the second, or larger")
	}
	if src.dtype != x.dtype {
		Fail(op, ErrDType, []Shape{x.shape, idx.shape, src.shape}, "the source is %v, the input %v; convert one with To", src.dtype, x.dtype)
	}
	for i := range idx.shape.rank {
		if n := idx.shape.at(i); n < src.shape.at(i) {
			src = src.Narrow(i, 0, n)
		}
	}
	if part.shape == x.shape {
		return f(axis, x, src)
	}
	// Indices that cover a corner of x: write the corner, put it back.
	return x.place(part.shape, f(axis, part, src))
}

// shrinkTo returns the corner of x that idx covers outside the axis.
func (x *Tensor) shrinkTo(op string, axis int, idx *Tensor) *Tensor {
	if idx.dtype != Int64 {
		Fail(op, ErrDType, []Shape{x.shape, idx.shape}, "the indices are %v; convert them with To(tensor.Int64)", idx.dtype)
	}
	if idx.shape.rank != x.shape.rank {
		Fail(op, ErrShape, []Shape{x.shape, idx.shape}, "the indices must have as many dimensions as the input")
	}
	for i := range idx.shape.rank {
		n := idx.shape.at(i)
		if i == axis || n == x.shape.at(i) {
			continue
		}
		if n > x.shape.at(i) {
			Fail(op, ErrShape, []Shape{x.shape, idx.shape}, "the indices' size %d along axis %d is larger than the input's %d", n, i, x.shape.at(i))
		}
		x = x.Narrow(i, 0, n)
	}
	return x
}

// place returns x with its corner of shape s replaced by part.
func (x *Tensor) place(s Shape, part *Tensor) *Tensor {
	for i := range s.rank {
		if s.at(i) != x.shape.at(i) {
			head := x.Narrow(i, 0, s.at(i)).place(s, part)
			return Concat(i, head, x.Narrow(i, s.at(i), x.shape.at(i)-s.at(i)))
		}
	}
	return part
}

type gatherKernel interface {
	Gather(r cpu.Rows, m int, x, idx, y View)
	ScatterAdd(r cpu.Rows, m int, x, idx, y View) (outside int, ok bool)
	Scatter(r cpu.Rows, m int, x, idx, y, won View)
}

type gatherOp struct{ axis int }

func (gatherOp) Name() string  { return "gather" }
func (gatherOp) Reads() Reads  { return ReadsIn(1) }
func (gatherOp) Infer(c *Call) { c.Output(c.In[1].shape, c.In[0].dtype) }
func (o gatherOp) Run(d Device, c *Call) bool {
	k, ok := d.(gatherKernel)
	if ok {
		c.checkIndices(1, c.In[0].shape.at(o.axis))
		k.Gather(rowsOf(c.In[0].shape, o.axis), c.In[1].shape.at(o.axis), c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o gatherOp) VJP(b *Back) []*Tensor {
	s := b.InSpec(0)
	zero := Factory{s.DType, s.Device}.FullShape(0, s.Shape)
	return b.Give(Apply1(scatterAddOp(o), zero, b.In(1), b.Dout(0)), nil)
}

type scatterAddOp struct{ axis int }

func (scatterAddOp) Name() string  { return "scatter_add" }
func (scatterAddOp) Reads() Reads  { return ReadsIn(1) }
func (scatterAddOp) Infer(c *Call) { c.Output(c.In[0].shape, c.In[0].dtype) }
func (o scatterAddOp) Run(d Device, c *Call) bool {
	k, ok := d.(gatherKernel)
	if !ok {
		return false
	}
	d.(placeKernel).Place(c.Y(0), 0, c.X(0))
	at, ok := k.ScatterAdd(rowsOf(c.In[0].shape, o.axis), c.In[1].shape.at(o.axis), c.X(2), c.X(1), c.Y(0))
	if at >= 0 {
		c.checkIndices(1, c.In[0].shape.at(o.axis))
	}
	return ok
}
func (o scatterAddOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(b.Dout(0), nil, nil)
	if b.Need(2) {
		g[2] = Apply1(gatherOp(o), b.Dout(0), b.In(1))
	}
	return g
}

type scatterOp struct{ axis int }

func (scatterOp) Name() string { return "scatter" }
func (scatterOp) Reads() Reads { return ReadsIn(1) }
func (scatterOp) Infer(c *Call) {
	c.Output(c.In[0].shape, c.In[0].dtype)
	if c.Recording() {
		c.Save(c.In[1].shape, Bool) // which source elements were not overwritten
	}
}
func (o scatterOp) Run(d Device, c *Call) bool {
	k, ok := d.(gatherKernel)
	if ok {
		c.checkIndices(1, c.In[0].shape.at(o.axis))
		d.(placeKernel).Place(c.Y(0), 0, c.X(0))
		var won View
		if c.Recording() {
			won = c.S(0)
		}
		k.Scatter(rowsOf(c.In[0].shape, o.axis), c.In[1].shape.at(o.axis), c.X(2), c.X(1), c.Y(0), won)
	}
	return ok
}
func (o scatterOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil, nil)
	dy, idx := b.Dout(0), b.In(1)
	if b.Need(0) { // what was overwritten has no influence
		g[0] = Apply1(o, dy, idx, Factory{dy.dtype, dy.dev}.FullShape(0, idx.shape))
	}
	if b.Need(2) {
		g[2] = Apply1(gatherOp(o), dy, idx).Mul(b.Saved(0).To(dy.dtype))
	}
	return g
}

func (cpuDevice) Gather(r cpu.Rows, m int, x, idx, y View) {
	i := sliceOf[int64](idx)
	switch y.DType.Size() {
	case 1:
		cpu.Gather(r.Outer, r.N, m, r.Inner, sliceOf[uint8](x), i, sliceOf[uint8](y))
	case 2:
		cpu.Gather(r.Outer, r.N, m, r.Inner, sliceOf[uint16](x), i, sliceOf[uint16](y))
	case 4:
		cpu.Gather(r.Outer, r.N, m, r.Inner, sliceOf[uint32](x), i, sliceOf[uint32](y))
	case 8:
		cpu.Gather(r.Outer, r.N, m, r.Inner, sliceOf[uint64](x), i, sliceOf[uint64](y))
	}
}

func (cpuDevice) ScatterAdd(r cpu.Rows, m int, x, idx, y View) (outside int, ok bool) {
	i := sliceOf[int64](idx)
	switch y.DType {
	case Float32:
		outside = cpu.ScatterAdd(r.Outer, r.N, m, r.Inner, sliceOf[float32](x), i, sliceOf[float32](y))
	case Float64:
		outside = cpu.ScatterAdd(r.Outer, r.N, m, r.Inner, sliceOf[float64](x), i, sliceOf[float64](y))
	case Int64:
		outside = cpu.ScatterAdd(r.Outer, r.N, m, r.Inner, sliceOf[int64](x), i, sliceOf[int64](y))
	case Int32:
		outside = cpu.ScatterAdd(r.Outer, r.N, m, r.Inner, sliceOf[int32](x), i, sliceOf[int32](y))
	case Uint8:
		outside = cpu.ScatterAdd(r.Outer, r.N, m, r.Inner, sliceOf[uint8](x), i, sliceOf[uint8](y))
	default:
		return -1, false
	}
	return outside, true
}

func (cpuDevice) Scatter(r cpu.Rows, m int, x, idx, y, won View) {
	i := sliceOf[int64](idx)
	var w []bool
	if won.ptr != nil {
		w = sliceOf[bool](won)
	}
	switch y.DType.Size() {
	case 1:
		cpu.Scatter(r.Outer, r.N, m, r.Inner, sliceOf[uint8](x), i, sliceOf[uint8](y), w)
	case 2:
		cpu.Scatter(r.Outer, r.N, m, r.Inner, sliceOf[uint16](x), i, sliceOf[uint16](y), w)
	case 4:
		cpu.Scatter(r.Outer, r.N, m, r.Inner, sliceOf[uint32](x), i, sliceOf[uint32](y), w)
	case 8:
		cpu.Scatter(r.Outer, r.N, m, r.Inner, sliceOf[uint64](x), i, sliceOf[uint64](y), w)
	}
}
