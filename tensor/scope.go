package tensor

import "sync"

// Scope owns the memory of the tensors computed from those that entered it and gives all of it back at once when it
// ends. A training step that runs in a scope maps no new memory and leaves the garbage collector nothing to do.
//
// Membership belongs to the data: the result of an op lives in its inputs' scope. Parameters, gradients of leaves,
// optimizer state and tensors made from slices have none. Two live scopes must not meet in one op.
type Scope struct {
	mu     sync.Mutex
	owned  []*storage
	closed bool
}

// WithScope runs f with a new scope and frees what the scope owns when f returns or panics. Using a tensor of an ended
// scope panics with ErrScope.
func WithScope(f func(s *Scope)) {
	s := new(Scope)
	defer s.end()
	f(s)
}

// Enter returns t as a member of the scope: what is computed from it belongs to the scope. The memory of t itself does not.
func (s *Scope) Enter(t *Tensor) *Tensor {
	if s == nil {
		return t
	}
	if t.scope != nil && t.scope != s {
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
	t.force("scope.Keep")
	r := &Tensor{shape: t.shape, strides: t.strides, off: t.off, dtype: t.dtype, dev: t.dev, contiguous: t.contiguous, st: t.st}
	switch {
	case t.st.scope == nil: // entered from outside: nobody frees it
	case t.contiguous && t.st.bytes == t.shape.Numel()*t.dtype.Size():
		s.mu.Lock()
		if t.st.scope == s {
			t.st.collect() // end skips it
		}
		s.mu.Unlock()
	default:
		r.scope = nil
		return r.Clone()
	}
	return r
}

func (s *Scope) own(st *storage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		Fail("scope", ErrScope, nil, "the scope has ended; it cannot own new tensors")
	}
	s.owned = append(s.owned, st)
}

func (s *Scope) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, st := range s.owned {
		if st.scope == s {
			st.free()
		}
	}
	s.owned = nil
}
