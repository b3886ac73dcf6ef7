package tensor

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/hadal-go/hadal/internal/mem"
)

// storage is the memory behind one or more tensors (a tensor and its views).
type storage struct {
	ptr     unsafe.Pointer
	bytes   int
	scope   *Scope                   // the scope that frees it, under its lock; nil: a leaf or the garbage collector
	from    *fromPool                // where the memory is from; nil: it lies beside the storage
	version atomic.Uint32            // bumped by every Param or Buffer update
	freed   atomic.Bool              // set when its owner, a scope or a leaf, gave it back
	held    bool                     // a leaf owns it as its gradient
	passing bool                     // a gradient on its way through one backward pass, which frees it
	pending int32                    // how many gradients that have yet to be used lie in it, while passing
	inArena bool                     // the memory is the scope's arena's
	mutable bool                     // the data may change or go while others refer to it
	wanted  atomic.Bool              // keep the result when it is computed on the way to another
	readers atomic.Int32             // how many that are put off read it
	later   atomic.Pointer[deferred] // what computes the data, until that is done
}

// fromPool is memory from package mem.
type fromPool struct {
	block   mem.Block
	cleanup runtime.Cleanup
}

// tinyBytes is the size up to which data lies beside its storage: below 64 bytes mem promises no more than alignment to 8.
const tinyBytes = 56

type tinyStorage struct {
	storage
	data [tinyBytes / 8]uint64
}

type largeStorage struct {
	storage
	from fromPool
}

// alloc gives st n bytes of arbitrary content, owned by scope or by the collector: from the pool, or at tiny.
func (st *storage) alloc(n int, scope *Scope, p *fromPool, tiny *[tinyBytes / 8]uint64) {
	st.bytes = n
	if n == 0 {
		return
	}
	if tiny != nil {
		st.ptr = unsafe.Pointer(tiny)
	} else {
		p.block = mem.Get(n)
		st.from, st.ptr = p, p.block.Ptr()
	}
	if scope != nil {
		st.scope = scope
		scope.own(st)
	} else {
		st.collect()
	}
}

// collect leaves the memory to the garbage collector.
func (st *storage) collect() {
	st.scope = nil
	if p := st.from; p != nil && p.block.OffHeap() {
		p.cleanup = runtime.AddCleanup(st, func(b mem.Block) { b.Put() }, p.block)
	}
}

// free returns the memory at once; any later use panics with ErrScope.
func (st *storage) free() {
	if st.freed.CompareAndSwap(false, true) {
		if d := st.later.Swap(nil); d != nil {
			d.unread()
			return
		}
		st.ptr = nil
		if p := st.from; p != nil {
			p.cleanup.Stop()
			p.block.Put()
		}
	}
}

// force is the one door to a tensor's data: work put off is done here, and use after a scope's end is caught here.
func (t *Tensor) force(op string) unsafe.Pointer {
	if t.st.freed.Load() {
		Fail(op, ErrScope, []Shape{t.shape}, "this tensor's memory is gone: its scope has ended (Keep it there, or read it before), or it was a gradient before Backward, SetGrad or ZeroGrad (Clone it)")
	}
	if d := t.st.later.Load(); d != nil {
		t.st.compute(d)
	}
	return unsafe.Add(t.st.ptr, t.off*t.dtype.Size())
}

// View is direct access to a tensor's elements for kernels and updates: element (i, j, ...) is at i*Strides[0] +
// j*Strides[1] + ... from the start. It is valid only during the call that it was handed to.
type View struct {
	DType   DType
	Shape   Shape
	Strides Strides
	ptr     unsafe.Pointer
}

// Slice returns the view's elements from its first to its last address: all of them in row-major order when the view is
// contiguous, else the span that the strides walk. It panics with ErrDType when T is not the view's element type.
func Slice[T Elem](v View) []T {
	if DTypeOf[T]() != v.DType {
		Fail("slice", ErrDType, []Shape{v.Shape}, "the view holds %v, not %v", v.DType, DTypeOf[T]())
	}
	return sliceOf[T](v)
}

// IsContiguous reports whether the elements lie in row-major order without gaps.
func (v View) IsContiguous() bool { return v.Shape.isContiguous(&v.Strides) }

func (t *Tensor) view(op string) View {
	v := View{DType: t.dtype, Shape: t.shape, Strides: t.strides()}
	v.ptr = t.force(op)
	return v
}

// sliceOf is Slice for code that has already matched T to the dtype.
func sliceOf[T any](v View) []T {
	n := 1
	for i := range v.Shape.rank {
		d := v.Shape.at(i)
		if d == 0 {
			return nil
		}
		n += (d - 1) * v.Strides[i]
	}
	return unsafe.Slice((*T)(v.ptr), n)
}
