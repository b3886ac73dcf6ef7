package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// SegmentSum returns the sums of the slices of x (E, ...) with equal ids: y[k] = Σ x[e] over all e with ids[e] = k, of shape
// (numSegments, ...). ids is Int64 of shape (E,), sorted (faster) or not; a segment without elements gives 0. float32
// accumulates in float64. With messages along the edges of a graph and the edges' targets it is the sum aggregation of graph
// networks (Gilmer et al., 2017). It panics with ErrIndex on an id outside [0, numSegments), with ErrShape or ErrDType on other
// ids.
func (x *Tensor) SegmentSum(ids *Tensor, numSegments int) *Tensor {
	x.checkSegments("segment_sum", ids, numSegments)
	return Apply1(indexAddOp{0, numSegments, -1}, x, ids)
}

// SegmentMean returns the means of the slices of x with equal ids, 0 for a segment without elements; integers become float32.
// See SegmentSum.
func (x *Tensor) SegmentMean(ids *Tensor, numSegments int) *Tensor {
	x.checkSegments("segment_mean", ids, numSegments)
	if x.dtype.half() { // rounded once
		return x.To(Float32).SegmentMean(ids, numSegments).To(x.dtype)
	}
	f := Factory{Float32, x.dev}
	if x.dtype.IsFloat() {
		f.DType = x.dtype
	}
	n := Apply1(indexAddOp{0, numSegments, -1}, f.FullShape(1, ids.shape), ids).ClampMin(1)
	return x.SegmentSum(ids, numSegments).Div(n.alongAxis(0, x.shape.rank))
}

// SegmentMax returns the largest elements of the slices of x with equal ids, 0 for a segment without elements; NaN counts as
// largest. The gradient is shared evenly among equal maxima, and is NaN where the maximum is. See SegmentSum.
func (x *Tensor) SegmentMax(ids *Tensor, numSegments int) *Tensor {
	x.checkSegments("segment_max", ids, numSegments)
	return Apply1(segmentExtremeOp{numSegments, true}, x, ids)
}

// SegmentMin returns the smallest elements of the slices of x with equal ids, 0 for a segment without elements; NaN counts as
// smallest. See SegmentMax.
func (x *Tensor) SegmentMin(ids *Tensor, numSegments int) *Tensor {
	x.checkSegments("segment_min", ids, numSegments)
	return Apply1(segmentExtremeOp{numSegments, false}, x, ids)
}

// SegmentSoftmax returns exp(x[e]) / Σ exp(x[f]) over all f with ids[f] = ids[e], for each column of x (E, ...), computed from
// differences to the segment's maximum: attention over the neighbours in a graph (Veličković et al., 2018). Infinities and NaN
// are as in Softmax, ids as in SegmentSum.
func (x *Tensor) SegmentSoftmax(ids *Tensor, numSegments int) *Tensor {
	x.checkSegments("segment_softmax", ids, numSegments)
	return Apply1(segmentSoftmaxOp{numSegments}, x, ids)
}

// checkSegments panics unless ids holds an id in [0, n) for each slice of x.
func (x *Tensor) checkSegments(op string, ids *Tensor, n int) {
	shapes := []Shape{x.shape, ids.shape}
	if x.shape.rank == 0 || ids.shape.rank != 1 || ids.shape.at(0) != x.shape.at(0) {
		Fail(op, ErrShape, shapes, "the ids must be a vector with one for each slice of the input along its first axis")
	}
	if ids.dtype != Int64 {
		Fail(op, ErrDType, shapes, "the ids are %v; convert them with To(tensor.Int64)", ids.dtype)
	}
	if n < 0 {
		Fail(op, ErrValue, shapes, "the number of segments, %d, is negative", n)
	}
	checkPositions(op, n, shapes, ids)
}

type segmentKernel interface {
	SegmentExtreme(max bool, n int, x, ids, y View) bool
	SegmentShare(n int, x, y, ids, dy, dx View)
	SegmentSoftmax(n int, x, ids, y View)
	SegmentSoftmaxGrad(n int, dy, y, ids, dx View)
}

type segmentExtremeOp struct {
	n   int
	max bool
}

func (o segmentExtremeOp) Name() string {
	if o.max {
		return "segment_max"
	}
	return "segment_min"
}
func (segmentExtremeOp) Reads() Reads    { return ReadsIn(0, 1) | ReadsOut }
func (o segmentExtremeOp) Infer(c *Call) { c.Output(c.In[0].shape.With(0, o.n), c.In[0].dtype) }
func (o segmentExtremeOp) Run(d Device, c *Call) bool {
	k, ok := d.(segmentKernel)
	return ok && k.SegmentExtreme(o.max, o.n, c.X(0), c.X(1), c.Y(0))
}
func (o segmentExtremeOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(segmentShareOp{o.n}, b.In(0).Detach(), b.Out(0).Detach(), b.In(1), b.Dout(0)), nil)
}

// segmentShareOp shares dy (its last input) evenly among the elements of x that equal their segment's y. It is linear in dy,
// and constant in the others wherever it is smooth.
type segmentShareOp struct{ n int }

func (segmentShareOp) Name() string  { return "segment_share" }
func (segmentShareOp) Reads() Reads  { return ReadsIn(0, 1, 2) }
func (segmentShareOp) Infer(c *Call) { c.Output(c.In[0].shape, c.In[3].dtype) }
func (o segmentShareOp) Run(d Device, c *Call) bool {
	k, ok := d.(segmentKernel)
	if ok {
		k.SegmentShare(o.n, c.X(0), c.X(1), c.X(2), c.X(3), c.Y(0))
	}
	return ok
}
func (o segmentShareOp) VJP(b *Back) []*Tensor {
	x, y, ids := b.In(0), b.In(1), b.In(2)
	share := Apply1(o, x, y, ids, OnesLike(y))
	return b.Give(nil, nil, nil, b.Dout(0).Mul(share).SegmentSum(ids, o.n))
}

type segmentSoftmaxOp struct{ n int }

func (segmentSoftmaxOp) Name() string { return "segment_softmax" }
func (segmentSoftmaxOp) Reads() Reads { return ReadsIn(1) | ReadsOut }
func (segmentSoftmaxOp) Infer(c *Call) {
	d := c.In[0].dtype
	if !d.IsFloat() {
		c.Fail(ErrDType, "%v is not supported here; convert with To(tensor.Float32)", d)
	}
	c.Output(c.In[0].shape, d)
}
func (o segmentSoftmaxOp) Run(d Device, c *Call) bool {
	k, ok := d.(segmentKernel)
	if ok {
		k.SegmentSoftmax(o.n, c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o segmentSoftmaxOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(segmentSoftmaxGradOp(o), b.Dout(0), b.Out(0), b.In(1)), nil)
}

// segmentSoftmaxGradOp maps (dy, y, ids) to y (dy - Σ dy y), the sum over the segment.
type segmentSoftmaxGradOp struct{ n int }

func (segmentSoftmaxGradOp) Name() string  { return "segment_softmax_grad" }
func (segmentSoftmaxGradOp) Reads() Reads  { return ReadsIn(0, 1, 2) }
func (segmentSoftmaxGradOp) Infer(c *Call) { c.Output(c.In[0].shape, c.In[0].dtype) }
func (o segmentSoftmaxGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(segmentKernel)
	if ok {
		k.SegmentSoftmaxGrad(o.n, c.X(0), c.X(1), c.X(2), c.Y(0))
	}
	return ok
}
func (o segmentSoftmaxGradOp) VJP(b *Back) (g []*Tensor) {
	v, dy, y, ids := b.Dout(0), b.In(0), b.In(1), b.In(2)
	total := func(t *Tensor) *Tensor { return t.SegmentSum(ids, o.n).IndexSelect(0, ids) }
	g = b.Give(nil, nil, nil)
	if b.Need(0) { // the Jacobian is symmetric
		g[0] = Apply1(o, v, y, ids)
	}
	if b.Need(1) {
		g[1] = v.Mul(dy.Sub(total(dy.Mul(y)))).Sub(dy.Mul(total(y.Mul(v))))
	}
	return g
}

func (cpuDevice) SegmentExtreme(max bool, n int, x, ids, y View) bool {
	i, inner := sliceOf[int64](ids), rowsOf(x.Shape, 0).Inner
	switch y.DType {
	case Float32:
		cpu.SegmentExtreme(max, inner, n, sliceOf[float32](x), i, sliceOf[float32](y))
	case Float64:
		cpu.SegmentExtreme(max, inner, n, sliceOf[float64](x), i, sliceOf[float64](y))
	case Int64:
		cpu.SegmentExtreme(max, inner, n, sliceOf[int64](x), i, sliceOf[int64](y))
	case Int32:
		cpu.SegmentExtreme(max, inner, n, sliceOf[int32](x), i, sliceOf[int32](y))
	case Uint8:
		cpu.SegmentExtreme(max, inner, n, sliceOf[uint8](x), i, sliceOf[uint8](y))
	default:
		return false
	}
	return true
}

func (cpuDevice) SegmentShare(n int, x, y, ids, dy, dx View) {
	i, inner := sliceOf[int64](ids), rowsOf(x.Shape, 0).Inner
	if dx.DType == Float64 {
		cpu.SegmentShare(inner, n, sliceOf[float64](x), sliceOf[float64](y), i, sliceOf[float64](dy), sliceOf[float64](dx))
	} else {
		cpu.SegmentShare(inner, n, sliceOf[float32](x), sliceOf[float32](y), i, sliceOf[float32](dy), sliceOf[float32](dx))
	}
}

func (cpuDevice) SegmentSoftmax(n int, x, ids, y View) {
	i, inner := sliceOf[int64](ids), rowsOf(x.Shape, 0).Inner
	if y.DType == Float64 {
		cpu.SegmentSoftmax(inner, n, sliceOf[float64](x), i, sliceOf[float64](y))
	} else {
		cpu.SegmentSoftmax(inner, n, sliceOf[float32](x), i, sliceOf[float32](y))
	}
}

func (cpuDevice) SegmentSoftmaxGrad(n int, dy, y, ids, dx View) {
	i, inner := sliceOf[int64](ids), rowsOf(dx.Shape, 0).Inner
	if dx.DType == Float64 {
		cpu.SegmentSoftmaxGrad(inner, n, sliceOf[float64](dy), sliceOf[float64](y), i, sliceOf[float64](dx))
	} else {
		cpu.SegmentSoftmaxGrad(inner, n, sliceOf[float32](dy), sliceOf[float32](y), i, sliceOf[float32](dx))
	}
}
