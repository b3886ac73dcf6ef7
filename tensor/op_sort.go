package tensor

import (
	"math/bits"
	"unsafe"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/internal/mem"
)

// Sort returns the elements in ascending or descending order along an axis, and the Int64 positions they come from: values =
// x.TakeAlongDim(axis, indices). The sort is stable: equal elements keep their order. NaN counts as largest, false < true.
func (x *Tensor) Sort(axis int, descending bool) (values, indices *Tensor) {
	axis = x.shape.axis("sort", axis)
	r := Apply(sortOp{axis, x.shape.at(axis), descending}, x)
	return r[0], r[1]
}

// ArgSort returns the Int64 positions that sort x along an axis; see Sort.
func (x *Tensor) ArgSort(axis int, descending bool) *Tensor {
	_, indices := x.Detach().Sort(x.shape.axis("argsort", axis), descending)
	return indices
}

// TopK returns the k largest elements along an axis, or the k smallest, the best first, and their Int64 positions; the axis has
// size k in both. Of equal elements the first come first. NaN counts as largest. It panics with ErrValue unless k is in
// [0, size].
func (x *Tensor) TopK(k, axis int, largest bool) (values, indices *Tensor) {
	axis = x.shape.axis("topk", axis)
	if n := x.shape.at(axis); k < 0 || k > n {
		Fail("topk", ErrValue, []Shape{x.shape}, "k must be in [0, %d], the size along axis %d, not %d", n, axis, k)
	}
	r := Apply(sortOp{axis, k, largest}, x)
	return r[0], r[1]
}

// sortOp gives the first k elements of the sorted rows along an axis, and their positions.
type sortOp struct {
	axis, k int
	down    bool
}

type sortKernel interface {
	Sort(r cpu.Rows, k int, down bool, x, values, indices View)
}

func (sortOp) Name() string { return "sort" }
func (sortOp) Reads() Reads { return ReadsOut }
func (sortOp) anyDType()    {}
func (o sortOp) Infer(c *Call) {
	s := c.In[0].shape
	s.set(o.axis, o.k)
	c.Output(s, c.In[0].dtype)
	c.Output(s, Int64)
}
func (o sortOp) Run(d Device, c *Call) bool {
	k, ok := d.(sortKernel)
	if ok {
		k.Sort(rowsOf(c.In[0].shape, o.axis), o.k, o.down, c.X(0), c.Y(0), c.Y(1))
	}
	return ok
}
func (o sortOp) VJP(b *Back) []*Tensor {
	dy := b.Dout(0)
	if dy == nil {
		return b.Give(nil)
	}
	zero := Factory{dy.dtype, dy.dev}.FullShape(0, b.InSpec(0).Shape)
	return b.Give(Apply1(scatterOp{o.axis}, zero, b.Out(1).Detach(), dy))
}

// sortOrder says how elements of type d are sorted by their bits.
func (d DType) sortOrder(down bool) cpu.SortOrder {
	o := cpu.SortOrder{Mask: 1<<(8*d.Size()) - 1, Down: down}
	switch d {
	case Float32:
		o.Inf = 0x7f800000
	case Float64:
		o.Inf = 0x7ff << 52
	case BFloat16:
		o.Inf = 0x7f80
	case Float16:
		o.Inf = 0x7c00
	}
	if d != Uint8 && d != Bool {
		o.Sign = 1 << (bits.Len64(o.Mask) - 1)
	}
	return o
}

func (cpuDevice) Sort(r cpu.Rows, k int, down bool, x, values, indices View) {
	switch o, at := x.DType.sortOrder(down), sliceOf[int64](indices); x.DType.Size() {
	case 1:
		cpu.TopK(scratch, o, r, k, sliceOf[uint8](x), sliceOf[uint8](values), at)
	case 2:
		cpu.TopK(scratch, o, r, k, sliceOf[uint16](x), sliceOf[uint16](values), at)
	case 4:
		cpu.TopK(scratch, o, r, k, sliceOf[uint32](x), sliceOf[uint32](values), at)
	case 8:
		cpu.TopK(scratch, o, r, k, sliceOf[uint64](x), sliceOf[uint64](values), at)
	}
}

// scratch calls f with memory from the pool of tensors.
func scratch(words int, f func([]uint64)) {
	b := mem.Get(8 * max(1, words))
	defer b.Put()
	f(unsafe.Slice((*uint64)(b.Ptr()), words))
}
