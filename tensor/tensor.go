package tensor

import (
	"fmt"

	"github.com/hadal-go/hadal/internal/mem"
)

// Tensor is an n-dimensional array. Tensors never change; ops return new ones, and views share memory. A Tensor may be
// used by several goroutines at once; Backward writes to the leaves it reaches and must not run twice at once on the same
// leaves (autograd.Grad may).
type Tensor struct {
	shape Shape
	step  *Strides // nil: contiguous
	off   int      // elements from the storage's start
	dev   Device
	st    *storage
	scope *Scope
	node  *node // the recorded op that made it, if any
	leaf  *leaf // set on tensors that accumulate a gradient
	out   int32 // which of node's results it is
	dtype DType
}

// Spec is what is known of a tensor without its data.
type Spec struct {
	Shape  Shape
	DType  DType
	Device Device
}

// Shape returns the sizes along each dimension.
func (t *Tensor) Shape() Shape { return t.shape }

// Dim returns the size of dimension i; negative i counts from the end.
func (t *Tensor) Dim(i int) int { return t.shape.at(t.shape.axis("dim", i)) }

// Rank returns the number of dimensions.
func (t *Tensor) Rank() int { return t.shape.rank }

// Numel returns the number of elements.
func (t *Tensor) Numel() int { return t.shape.Numel() }

// DType returns the element type.
func (t *Tensor) DType() DType { return t.dtype }

// Device returns where the data lives.
func (t *Tensor) Device() Device { return t.dev }

// Strides returns the element distance between neighbours along each dimension.
func (t *Tensor) Strides() []int {
	st := t.strides()
	return append([]int(nil), st[:t.shape.rank]...)
}

func (t *Tensor) strides() Strides {
	if t.step != nil {
		return *t.step
	}
	return t.shape.Contiguous()
}

// Spec returns shape, dtype and device.
func (t *Tensor) Spec() Spec { return Spec{t.shape, t.dtype, t.dev} }

// IsContiguous reports whether the elements lie in memory in row-major order.
func (t *Tensor) IsContiguous() bool { return t.step == nil }

// RequiresGrad reports whether ops on t are recorded: t is a leaf that collects a gradient, or was computed from one.
func (t *Tensor) RequiresGrad() bool { return t.node != nil || t.leaf != nil }

// RequireGrad returns a leaf that shares t's data: ops on it are recorded and Backward adds to its Grad. It panics with
// ErrDType unless t is floating-point.
func (t *Tensor) RequireGrad() *Tensor {
	if !t.dtype.IsFloat() {
		Fail("require_grad", ErrDType, []Shape{t.shape}, "only floating-point tensors have gradients, not %v", t.dtype)
	}
	r := *t
	r.node, r.out, r.leaf = nil, 0, new(leaf)
	return &r
}

// Detach returns a tensor that shares t's data and is not part of any graph.
func (t *Tensor) Detach() *Tensor {
	r := *t
	return r.detach()
}

// detach takes the header of t out of its graph.
func (t *Tensor) detach() *Tensor {
	t.node, t.out, t.leaf = nil, 0, nil
	return t
}

// Grad returns the gradient that Backward accumulated in a leaf, or nil. It stays valid until the next Backward to this
// leaf, SetGrad or ZeroGrad, which may reuse its memory: Clone what is to stay.
func (t *Tensor) Grad() *Tensor {
	if t.leaf == nil {
		return nil
	}
	return t.leaf.grad
}

// SetGrad replaces a leaf's gradient; nil is ZeroGrad. It panics with ErrGraph when t is not a leaf and with ErrShape when g
// does not fit.
func (t *Tensor) SetGrad(g *Tensor) {
	if t.leaf == nil {
		Fail("set_grad", ErrGraph, []Shape{t.shape}, "only leaves (RequireGrad, Param) hold a gradient")
	}
	if g != nil && (g.shape != t.shape || g.dtype != t.dtype) {
		Fail("set_grad", ErrShape, []Shape{t.shape, g.shape}, "the gradient must have the tensor's shape and dtype (%v, got %v)", t.dtype, g.dtype)
	}
	t.leaf.set(g)
}

// ZeroGrad forgets a leaf's gradient.
func (t *Tensor) ZeroGrad() {
	if t.leaf != nil {
		t.leaf.drop()
	}
}

// String formats elements, dtype and shape on one line: floats with 5 digits; of more than 1000 elements, only their number.
func (t *Tensor) String() string {
	if t.dev == Meta {
		return fmt.Sprintf("tensor(%v %v on meta)", t.dtype, t.shape)
	}
	return fmt.Sprintf("tensor(%v, %v %v)", formatData(t), t.dtype, t.shape)
}

// newTensor returns a contiguous tensor of arbitrary content. The header and its storage are one allocation, small data
// included.
func newTensor(spec Spec, scope *Scope) *Tensor {
	if scope != nil && scope.arena != nil {
		return scope.tensor(spec)
	}
	if spec.bytes() > tinyBytes {
		f := new(struct {
			t  Tensor
			st largeStorage
		})
		f.t.init(spec, scope, &f.st.storage, &f.st.from, nil)
		return &f.t
	}
	f := new(struct {
		t  Tensor
		st tinyStorage
	})
	f.t.init(spec, scope, &f.st.storage, nil, &f.st.data)
	return &f.t
}

// newRecorded is newTensor with a storage apart: a detached copy that shares it must not keep the header, which leads to
// the graph.
func newRecorded(spec Spec, scope *Scope) *Tensor {
	if scope != nil && scope.arena != nil {
		return scope.tensor(spec)
	}
	t := new(Tensor)
	if spec.bytes() > tinyBytes {
		st := new(largeStorage)
		t.init(spec, scope, &st.storage, &st.from, nil)
	} else {
		st := new(tinyStorage)
		t.init(spec, scope, &st.storage, nil, &st.data)
	}
	return t
}

// tensor is newTensor from the scope's arena.
func (s *Scope) tensor(spec Spec) *Tensor {
	n := spec.bytes()
	if spec.Device == Meta {
		n = 0
	}
	t, st := s.arena.tensor(n)
	t.shape, t.dtype, t.dev, t.scope, t.st = spec.Shape, spec.DType, spec.Device, s, st
	if n == 0 {
		return t
	}
	st.bytes, st.scope = n, s
	if st.inArena = st.ptr != nil; !st.inArena {
		st.from = s.arena.fromPool()
		st.from.block = mem.Get(n)
		st.ptr = st.from.block.Ptr()
	}
	s.own(st)
	return t
}

func (s *Spec) bytes() int { return s.Shape.Numel() * s.DType.Size() }

func (t *Tensor) init(spec Spec, scope *Scope, st *storage, p *fromPool, tiny *[tinyBytes / 8]uint64) {
	t.shape, t.dtype, t.dev, t.scope, t.st = spec.Shape, spec.DType, spec.Device, scope, st
	if spec.Device != Meta {
		st.alloc(spec.bytes(), scope, p, tiny)
	}
}
