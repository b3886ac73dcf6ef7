package tensor

import (
	"runtime"
	"slices"
	"sync"
)

// Param is a trainable leaf: ops on it are recorded, Backward adds to its Grad, and Update, alone, changes its data.
type Param struct{ *Tensor }

// NewParam returns a Param with a copy of t's data.
func NewParam(t *Tensor) *Param { return &Param{t.Detach().mutable().RequireGrad()} }

// Update calls f with the data to change it in place. A graph that recorded the old data refuses to run afterwards
// (ErrStale).
func (p *Param) Update(f func(data View)) { p.update("param.Update", f) }

// Buffer is state that is saved and loaded with a module but not trained, such as running statistics.
type Buffer struct{ *Tensor }

// NewBuffer returns a Buffer with a copy of t's data.
func NewBuffer(t *Tensor) *Buffer { return &Buffer{t.Detach().mutable()} }

// mutable returns a copy whose data may change.
func (t *Tensor) mutable() *Tensor {
	t = t.Clone().Materialize()
	t.st.mutable = true
	return t
}

// Update calls f with the data to change it in place.
func (b *Buffer) Update(f func(data View)) { b.update("buffer.Update", f) }

func (t *Tensor) update(op string, f func(View)) {
	t.st.version.Add(1)
	if t.dev != Meta {
		f(t.view(op))
		runtime.KeepAlive(t)
	}
}

// CopyFrom replaces the data with src's, converted to the dtype. It panics with ErrShape when the shapes differ, with ErrDevice when
// src is a meta tensor, without data.
func (p *Param) CopyFrom(src *Tensor) { p.copyFrom(src) }

// CopyFrom replaces the data with src's, converted to the dtype. It panics with ErrShape when the shapes differ, with ErrDevice when
// src is a meta tensor, without data.
func (b *Buffer) CopyFrom(src *Tensor) { b.copyFrom(src) }

func (t *Tensor) copyFrom(src *Tensor) {
	if src.shape != t.shape {
		Fail("copy_from", ErrShape, []Shape{t.shape, src.shape}, "the shapes must be equal")
	}
	if src.dev == Meta && t.dev != Meta {
		Fail("copy_from", ErrDevice, []Shape{t.shape, src.shape}, "a meta tensor has no data")
	}
	src = src.Detach().To(t.dtype)
	t.update("copy_from", func(v View) { cpuDevice{}.Place(v, 0, src.view("copy_from")) })
	runtime.KeepAlive(src)
}

// Named is a tensor with a name, as saved files hold them.
type Named struct {
	Name string
	*Tensor
}

// viewPool spares small networks half of what a step allocates.
var viewPool = sync.Pool{New: func() any { return new([]View) }}

// UpdateAll is Update for several parameters at once, with further tensors to read: f gets the data of ps and of in, which
// is contiguous. It is what an optimizer's step over all parameters uses.
func UpdateAll(ps []*Param, in []*Tensor, f func(data, in []View)) {
	pooled := viewPool.Get().(*[]View)
	views := slices.Grow((*pooled)[:0], len(ps)+len(in))[:len(ps)+len(in)]
	defer func() {
		clear(views)
		*pooled = views
		viewPool.Put(pooled)
	}()
	keep := make([]*Tensor, len(in))
	for i, p := range ps {
		p.st.version.Add(1)
		views[i] = p.view("param.UpdateAll")
	}
	for i, t := range in {
		if !t.IsContiguous() {
			t = t.Detach().Contiguous()
		}
		keep[i] = t
		views[len(ps)+i] = t.view("param.UpdateAll")
	}
	f(views[:len(ps)], views[len(ps):])
	runtime.KeepAlive(ps)
	runtime.KeepAlive(keep)
}
