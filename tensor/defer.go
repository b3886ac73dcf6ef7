package tensor

import (
	"sync"
	"unsafe"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/internal/hook"
	"github.com/hadal-go/hadal/internal/mem"
)

// Elementwise ops on large tensors are put off until their result is read: then a chain of them, a.Mul(b).Add(c).Tanh(), passes
// through memory once, tile by tile, and only the last result gets memory, and those between that a gradient or another
// op reads. Shapes, dtypes, errors and the tape are settled at once, and the bits are those of one op at a time: nobody can
// tell but by the clock.
//
//   - A storage with work put off points to a deferred; force, the one door to data, has it done.
//   - What a deferred reads must stay as it is. Params, Buffers and gradients that user code was shown are mutable: ops on
//     them run at once. A scope's memory goes back at its end, and the work put off in it with it: Keep does the work first,
//     settle when only a part of a scope ends. Gradients of a backward pass are freed when nobody reads them any more.
//   - A result that several ops or a gradient read is kept when the first of them is computed, unless another goroutine is at it.

// maxChain is the number of ops that are put off together.
const maxChain = 8

// deferred is an elementwise computation that was put off. It does not change once putOff has returned, so that any goroutine may look at it.
type deferred struct {
	mu   sync.Mutex // held while the result is computed to be kept
	spec Spec
	p    cpu.Pointwise
	fill filler    // in place of p, unless nil
	in   []*Tensor // without a graph
	size int       // the number of ops put off behind it, itself included
	from *fromPool // for the result's memory

	inBuf [3]*Tensor
}

// filler computes elements [lo, lo+Numel) of a result into dst, which is one-dimensional; stream says that it may be written
// around the caches.
type filler func(dst View, lo int, stream bool)

// Materialize computes t's elements now if elementwise ops were put off until they are read, and returns t. Only
// measurements need it: whatever reads the elements does the same.
func (t *Tensor) Materialize() *Tensor {
	if t.dev != Meta {
		t.force("materialize")
	}
	return t
}

// defers reports whether a result of the spec may be put off.
func (c *Call) defers(s *Spec) bool {
	return s.Shape.Numel() >= int(hook.DeferLeast.Load()) && c.dev == CPU && (s.DType == Float32 || s.DType == Float64) && !anomaly.Load()
}

// later puts off an elementwise op; nil when it must run at once.
func (c *Call) later(scope *Scope) *Tensor {
	if len(c.specs) != 1 || !c.defers(&c.specs[0].Spec) {
		return nil
	}
	op, ok := c.op.(pointwiser)
	if !ok {
		return nil
	}
	spec, p := &c.specs[0].Spec, op.Kernel()
	if spec.DType == Float32 && !cpu.HasKernel[float32](p.Code) || spec.DType == Float64 && !cpu.HasKernel[float64](p.Code) {
		return nil
	}
	for _, t := range c.In {
		if t.dtype != spec.DType || t.transposed() || t.st.freed.Load() || t.st.changes() && t.shape.Numel() > spec.Shape.Numel()/8 {
			return nil
		}
	}
	t := newLater(*spec, scope)
	t.st.putOff(p, nil, c.In)
	return t
}

// changes reports whether the data may change, or go while its scope lives.
func (st *storage) changes() bool { return st.mutable || st.held }

// newLater returns a tensor without memory; putOff has to say what it will hold.
func newLater(spec Spec, scope *Scope) *Tensor {
	var t *Tensor
	var st *storage
	var from *fromPool
	if scope != nil && scope.arena != nil {
		t, st = scope.arena.tensor(0)
		from = scope.arena.fromPool()
	} else {
		f := new(largeStorage)
		t, st, from = new(Tensor), &f.storage, &f.from
	}
	st.bytes = spec.bytes()
	st.later.Store(&deferred{spec: spec, from: from})
	if scope != nil {
		st.scope = scope
		scope.own(st)
	}
	t.shape, t.dtype, t.dev, t.scope, t.st = spec.Shape, spec.DType, spec.Device, scope, st
	return t
}

// putOff says that p or fill of in is what st, from newLater, will hold.
func (st *storage) putOff(p cpu.Pointwise, fill filler, in []*Tensor) {
	d := st.later.Load()
	d.p, d.fill, d.size = p, fill, 1
	for _, t := range in {
		if x := t.st.later.Load(); x != nil {
			d.size += x.size
		}
	}
	if d.size > maxChain {
		d.size = 1
		for _, t := range in {
			t.force("elementwise")
		}
	}
	d.in = d.inBuf[:0]
	for _, t := range in {
		if t.st.changes() {
			t = t.Detach().Clone()
		} else {
			t = &Tensor{shape: t.shape, step: t.step, off: t.off, dtype: t.dtype, dev: t.dev, st: t.st, scope: t.scope}
		}
		if t.st.readers.Add(1) > 1 {
			t.st.want()
		}
		d.in = append(d.in, t)
	}
}

// want keeps a result that is put off when it is computed on the way to another.
func (st *storage) want() {
	if st.later.Load() != nil {
		st.wanted.Store(true)
	}
}

// unread tells what d reads that d does so no longer.
func (d *deferred) unread() {
	for _, t := range d.in {
		if st := t.st; st.readers.Add(-1) == 0 && st.passing && st.pending == 0 {
			st.free()
		}
	}
}

// compute does the work put off.
func (st *storage) compute(d *deferred) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if st.later.Load() != d { // somebody else did it
		return
	}
	g := &chain{shape: d.spec.Shape, root: d}
	defer g.unlock()
	d.forceViews(&g.shape)
	g.add(st, d, true)
	if d.spec.DType == Float32 {
		runChain[float32](g)
	} else {
		runChain[float64](g)
	}
}

// chains reports whether a chain of shape s can go through t, which x computes.
func (t *Tensor) chains(x *deferred, s *Shape) bool {
	return t.shape == *s && x.spec.Shape == *s && t.whole()
}

// forceViews computes what a chain of shape s cannot go through: views and broadcasts of results that are put off. It runs
// before any of the chain's steps is locked.
func (d *deferred) forceViews(s *Shape) {
	for _, t := range d.in {
		switch x := t.st.later.Load(); {
		case x == nil:
		case t.chains(x, s):
			x.forceViews(s)
		default:
			t.force("elementwise")
		}
	}
}

// chain is work put off that is done together: the operands and the steps in an order to run them in.
type chain struct {
	shape Shape
	root  *deferred // whose lock compute holds
	in    []*Tensor
	steps []chainStep
}

type chainStep struct {
	st   *storage
	d    *deferred // locked if kept
	in   []int     // as in cpu.Step
	kept bool      // the result gets memory
}

// add appends what d computes after what that needs, and returns its place as in cpu.Step.
func (g *chain) add(st *storage, d *deferred, kept bool) int {
	s := chainStep{st: st, d: d, kept: kept}
	if d.fill == nil {
		for _, t := range d.in {
			s.in = append(s.in, g.input(t))
		}
	}
	g.steps = append(g.steps, s)
	return ^(len(g.steps) - 1)
}

// input returns the place of t, a step if it is put off as well.
func (g *chain) input(t *Tensor) int {
	for i := range g.steps {
		if s := &g.steps[i]; s.st == t.st && t.chains(s.d, &g.shape) {
			return ^i
		}
	}
	if x := t.st.later.Load(); x != nil && t.chains(x, &g.shape) {
		kept := t.st.wanted.Load() && x.mu.TryLock()
		if t.st.later.Load() == x {
			return g.add(t.st, x, kept)
		}
		if kept {
			x.mu.Unlock()
		}
	}
	g.in = append(g.in, t)
	return len(g.in) - 1
}

func (g *chain) unlock() {
	for _, s := range g.steps {
		if s.kept && s.d != g.root {
			s.d.mu.Unlock()
		}
	}
}

func runChain[T cpu.Float](g *chain) {
	steps := make([]cpu.Step[T], len(g.steps))
	in := make([]cpu.Operand[T], len(g.in))
	for i, t := range g.in {
		in[i] = operand[T](t.view("elementwise").expand(g.shape))
	}
	for i, s := range g.steps {
		steps[i] = cpu.Step[T]{P: s.d.p, In: s.in}
		if fill := s.d.fill; fill != nil {
			dtype := s.d.spec.DType
			steps[i].Fill = func(dst []T, lo int, stream bool) {
				v := View{DType: dtype, Shape: Shape{rank: 1}, ptr: unsafe.Pointer(unsafe.SliceData(dst))}
				v.Shape.set(0, len(dst))
				v.Strides[0] = 1
				fill(v, lo, stream)
			}
		}
		if s.kept {
			s.d.from.block = mem.Get(s.st.bytes)
			steps[i].Dst = unsafe.Slice((*T)(s.d.from.block.Ptr()), g.shape.Numel())
		}
	}
	cpu.MapChain(g.shape.Dims(), steps, in)
	for _, s := range g.steps {
		if !s.kept {
			continue
		}
		s.st.from, s.st.ptr = s.d.from, s.d.from.block.Ptr()
		if s.st.scope == nil {
			s.st.collect()
		}
		s.st.later.Store(nil)
		s.d.unread()
	}
}

// settle makes t, computed in a part s of a scope that is about to end, independent of it.
func (s *Scope) settle(t *Tensor) {
	d := t.st.later.Load()
	if s == nil || d == nil {
		return
	}
	for _, x := range d.in {
		if x.st.scope == s && x.st.later.Load() == nil {
			t.force("elementwise")
			return
		}
	}
	for _, x := range d.in {
		if x.st.scope == s {
			s.settle(x)
			s.move(x)
			x.st.passing = true // it goes with its last reader, or with its own use if the VJP returns it too
		}
	}
}
