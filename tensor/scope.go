package tensor

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Scope owns the memory of the tensors computed from those that entered it and gives all of it back at once when it
// ends. A training step that runs in a scope maps no new memory and leaves the garbage collector nothing to do.
//
// Membership belongs to the data: the result of an op lives in its inputs' scope. Parameters, gradients of leaves,
// optimizer state and tensors made from slices have none. Two live scopes must not meet in one op.
type Scope struct {
	mu     sync.Mutex
	parent *Scope   // of a part of a scope, whose memory goes back sooner; see Checkpoint
	seg    *segment // that ops in this part belong to, unless nil
	owned  []*storage
	arena  *arena // of the outermost scope around; nil: what there is belongs to the garbage collector
	watch  func(op Op, in, out []*Tensor)
	closed atomic.Bool
}

// WithScope runs f with a new scope and frees what the scope owns when f returns or panics. Using a tensor of an ended
// scope panics with ErrScope.
func WithScope(f func(s *Scope)) {
	r := new(struct {
		s   Scope
		a   arena
		buf [16]*storage
	})
	r.s.arena, r.s.owned = &r.a, r.buf[:0]
	defer r.a.end()
	defer r.s.end()
	f(&r.s)
}

// part returns a scope within s, or within none.
func (s *Scope) part(seg *segment) *Scope {
	p := &Scope{parent: s, seg: seg}
	if s != nil {
		p.arena = s.arena
		if seg != nil { // ops of the forward pass; a backward pass has parts as well
			p.watch = s.watch
		}
	}
	return p
}

// Watch has f called after each op that is recorded and whose results belong to the scope, before anything else uses them: with
// the op, its inputs and its results, on the goroutine that applied it. It is how histograms of activations are made without a
// word in the model. f must not keep the slices; it may keep tensors until the scope ends, and what it computes of them it
// should compute of their Detach. The bits of what is watched are those of what is not: at most, elementwise ops are not put
// off. Ops that Backward runs are not recorded unless CreateGraph asks for it, and what Checkpoint computes again is not seen a
// second time. nil ends it.
func (s *Scope) Watch(f func(op Op, in, out []*Tensor)) { s.watch = f }

// child returns a scope within s for the ops of seg, also of no scope: then nil, and the garbage collector does the work.
func (s *Scope) child(seg *segment) *Scope {
	if s == nil {
		return nil
	}
	return s.part(seg)
}

// within reports whether s is outer or a scope within it.
func (s *Scope) within(outer *Scope) bool {
	for ; s != nil; s = s.parent {
		if s == outer {
			return true
		}
	}
	return false
}

// lift returns t as a member of the scope around s, and its memory with it.
func (s *Scope) lift(t *Tensor) *Tensor {
	if s == nil || t == nil {
		return t
	}
	return s.move(t.Materialize())
}

// move is lift for a tensor that reads nothing of the scope's even if it is put off.
func (s *Scope) move(t *Tensor) *Tensor {
	s.mu.Lock()
	mine := t.st.scope == s
	if mine {
		t.st.scope = s.parent // end skips it
	}
	s.mu.Unlock()
	switch {
	case mine && s.parent == nil:
		t.st.collect()
	case mine:
		s.parent.own(t.st)
	}
	r := s.copied(t)
	if r.scope == s {
		r.scope = s.parent
	}
	return r
}

// Enter returns t as a member of the scope: what is computed from it belongs to the scope. The memory of t itself does not.
func (s *Scope) Enter(t *Tensor) *Tensor {
	if s == nil {
		return t
	}
	if t.scope.within(s) {
		return t
	}
	if t.scope != nil {
		Fail("scope.Enter", ErrScope, []Shape{t.shape}, "the tensor belongs to another scope; Keep it there first")
	}
	r := *t
	r.scope = s
	return &r
}

// Keep returns t, detached, as a tensor that outlives the scope. A view of a larger tensor is copied.
func (s *Scope) Keep(t *Tensor) *Tensor {
	if s == nil || t.scope == nil {
		return t.Detach()
	}
	if !t.scope.within(s) {
		Fail("scope.Keep", ErrScope, []Shape{t.shape}, "the tensor belongs to another scope; Keep it there")
	}
	t.force("scope.Keep")
	if !t.scope.releases(t) {
		return t.copyOut()
	}
	r := t.Detach()
	r.scope = nil
	return r
}

// copyOut returns a copy that belongs to no scope.
func (t *Tensor) copyOut() *Tensor {
	if t.step != nil || t.shape.Numel() > 1<<14 {
		r := t.Detach()
		r.scope = nil
		return r.Clone().Materialize()
	}
	r := newTensor(t.Spec(), nil)
	if n := r.st.bytes; n > 0 {
		copy(unsafe.Slice((*byte)(r.st.ptr), n), unsafe.Slice((*byte)(t.force("scope.Keep")), n))
		runtime.KeepAlive(t)
	}
	return r
}

// releases makes t's memory outlive the scope if t is all that it holds, and reports whether it does.
func (s *Scope) releases(t *Tensor) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case t.st.held, t.st.inArena: // ZeroGrad would free it, or the scope's end
		return false
	case t.st.scope == s && t.whole():
		t.st.collect() // end skips it
	}
	return t.st.scope == nil // also what entered from outside: nobody frees it
}

// whole reports whether t is all of its storage in row-major order.
func (t *Tensor) whole() bool {
	return t.step == nil && t.st.bytes == t.shape.Numel()*t.dtype.Size()
}

func (s *Scope) own(st *storage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		Fail("scope", ErrScope, nil, "the scope has ended; it cannot own new tensors")
	}
	s.owned = append(s.owned, st)
}

func (s *Scope) end() {
	if s == nil {
		return
	}
	s.closed.Store(true)
	s.clear()
}

// clear frees what the scope owns.
func (s *Scope) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.owned {
		if st.scope == s {
			st.free()
		}
	}
	clear(s.owned)
	s.owned = s.owned[:0]
}
