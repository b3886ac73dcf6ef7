package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Kthvalue returns the k-th smallest element along an axis, counted from 1, and its Int64 position; the axis is removed. NaN
// counts as largest; of equal elements it is the one that a stable sort puts there. The gradient goes to that position. It
// panics with ErrValue unless k is in [1, size].
func (x *Tensor) Kthvalue(k, axis int) (values, indices *Tensor) {
	axis = x.shape.axis("kthvalue", axis)
	if n := x.shape.at(axis); k < 1 || k > n {
		Fail("kthvalue", ErrValue, []Shape{x.shape}, "k must be in [1, %d], the size along axis %d, not %d", n, axis, k)
	}
	return x.kth(kthOp{axis, cpu.KthAt, k - 1})
}

// Median returns the median along an axis, the lower of two in the middle, and its Int64 position; the axis is removed. Where
// there is a NaN it is the first one. The gradient goes to that position. It panics with ErrShape when there are no elements.
func (x *Tensor) Median(axis int) (values, indices *Tensor) {
	return x.kth(kthOp{axis: x.shape.axis("median", axis), kind: cpu.KthMedian})
}

// NanMedian is Median of the elements that are not NaN; NaN where all are.
func (x *Tensor) NanMedian(axis int) (values, indices *Tensor) {
	return x.kth(kthOp{axis: x.shape.axis("nanmedian", axis), kind: cpu.KthNanMedian})
}

func (x *Tensor) kth(o kthOp) (values, indices *Tensor) {
	indices = Apply1(o, x.Detach())
	return x.Gather(o.axis, indices.Unsqueeze(o.axis)).ReshapeTo(indices.shape), indices
}

// kthOp gives the position of an element of the sorted rows along an axis.
type kthOp struct {
	axis int
	kind cpu.KthKind
	k    int
}

type kthKernel interface {
	Kth(r cpu.Rows, kind cpu.KthKind, k int, x, at View)
}

func (o kthOp) Name() string        { return [...]string{"kthvalue", "median", "nanmedian"}[o.kind] }
func (kthOp) Reads() Reads          { return ReadsNothing }
func (kthOp) VJP(b *Back) []*Tensor { return b.Give(nil) }
func (kthOp) anyDType()             {}
func (o kthOp) Infer(c *Call) {
	s := c.In[0].shape
	if s.at(o.axis) == 0 {
		c.Fail(ErrShape, "there are no elements along axis %d", o.axis)
	}
	c.Output(s.Remove(o.axis), Int64)
}
func (o kthOp) Run(d Device, c *Call) bool {
	k, ok := d.(kthKernel)
	if ok {
		k.Kth(rowsOf(c.In[0].shape, o.axis), o.kind, o.k, c.X(0), c.Y(0))
	}
	return ok
}

func (cpuDevice) Kth(r cpu.Rows, kind cpu.KthKind, k int, x, at View) {
	switch o, to := x.DType.sortOrder(false), sliceOf[int64](at); x.DType.Size() {
	case 1:
		cpu.Kth(scratch, o, r, kind, k, sliceOf[uint8](x), to)
	case 2:
		cpu.Kth(scratch, o, r, kind, k, sliceOf[uint16](x), to)
	case 4:
		cpu.Kth(scratch, o, r, kind, k, sliceOf[uint32](x), to)
	case 8:
		cpu.Kth(scratch, o, r, kind, k, sliceOf[uint64](x), to)
	}
}
