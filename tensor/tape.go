package tensor

import "sync/atomic"

// node is one recorded application of an op. Nodes link to the nodes that made their inputs; there is no tape elsewhere.
type node struct {
	op    Op
	in    []edge
	saved []*Tensor
	outs  []outRef
	scope *Scope
	seg   *segment // the Checkpoint that it is part of
	mark  uint64   // id of the Backward that visits it, under visiting
	pos   int32    // its place in that Backward's order
	freed atomic.Bool

	inBuf  [3]edge
	outBuf [1]outRef
}

// edge is one input of a node: the tensor, or only the place in the graph that it came from when the VJP does not read its
// data, so that the data can go.
type edge struct {
	t       *Tensor
	node    *node // that made it as its result number out
	out     int32
	version uint32 // of t's storage
}

func (e *edge) inSpec() Spec {
	if e.t != nil {
		return e.t.Spec()
	}
	return e.node.outs[e.out].spec
}

func (e *edge) leaf() *leaf {
	if e.t != nil {
		return e.t.leaf
	}
	return nil
}

// outRef holds what the VJP may ask of a result: its spec and, if it reads outputs, the storage.
type outRef struct {
	spec Spec
	st   *storage
}

// leaf collects the gradient of a tensor that requires one.
type leaf struct {
	grad  *Tensor
	owned bool   // grad's storage is this leaf's alone (storage.held) and may be reused after ZeroGrad
	mark  uint64 // as in node
	pos   int32
}

// record puts the call onto the tape; in are the inputs as the caller gave them.
func (c *Call) record(in []*Tensor) {
	diff := false
	for _, t := range c.outs[:c.nout] {
		diff = diff || t.dtype.IsFloat()
	}
	if !diff {
		return
	}
	reads := c.op.Reads()
	var n *node
	if s := c.outs[0].scope; s != nil && s.arena != nil {
		n = s.arena.node()
	} else {
		n = new(node)
	}
	n.op = c.op
	if len(in) <= len(n.inBuf) {
		n.in = n.inBuf[:len(in)]
	} else {
		n.in = make([]edge, len(in))
	}
	for _, t := range in {
		if t.node != nil {
			n.seg = n.seg.inner(t.node.seg)
		}
	}
	if s := c.outs[0].scope; s != nil {
		n.seg = n.seg.inner(s.seg)
	}
	for i, t := range in {
		e := &n.in[i]
		e.node, e.out = t.node, t.out
		switch {
		case n.seg != nil || reads.in(i) || t.leaf != nil || t.node == nil && t.st.bytes <= tinyBytes:
			e.t, e.version = t, t.st.version.Load()
			if n.seg != nil || reads.in(i) {
				t.st.want()
			}
		case t.node == nil:
			e.t = &Tensor{shape: t.shape, dtype: t.dtype, dev: t.dev, st: new(storage)}
		}
	}
	n.outs = n.outBuf[:0]
	if c.nout > len(n.outBuf) {
		n.outs = make([]outRef, 0, c.nout)
	}
	for i, t := range c.outs[:c.nout] {
		r := outRef{spec: t.Spec()}
		if reads.outs() {
			if c.specs[i].view {
				c.Fail(ErrGraph, "the VJP of an op that returns views cannot read its results")
			}
			r.st = t.st
			t.st.want()
		}
		n.outs = append(n.outs, r)
		n.scope = t.scope
		if t.dtype.IsFloat() {
			t.node, t.out = n, int32(i)
		}
	}
	if len(c.outs) > c.nout {
		n.saved = append(n.saved, c.outs[c.nout:]...)
	}
}

// release drops everything the node holds.
func (n *node) release() {
	clear(n.in)
	clear(n.outs)
	n.in, n.saved, n.outs = nil, nil, nil
}

// Back is what a VJP is given.
type Back struct {
	node   *node
	create bool
	relu   ReLURule
	scope  *Scope // of what the VJP computes; nil: the inputs'
	dout   []*Tensor
	douts  []*Tensor // memory for dout
	need   []bool
	ret    []*Tensor
}

// NumIn returns the number of inputs.
func (b *Back) NumIn() int { return len(b.node.in) }

// NumOut returns the number of outputs.
func (b *Back) NumOut() int { return len(b.node.outs) }

// InSpec returns the spec of input i; it is known even when the data is gone.
func (b *Back) InSpec(i int) Spec { return b.node.in[i].inSpec() }

// OutSpec returns the spec of output i.
func (b *Back) OutSpec(i int) Spec { return b.node.outs[i].spec }

// In returns input i: as recorded when the gradient itself is to be differentiated, else detached. The op must declare it
// in Reads. It panics with ErrStale when the data was updated since.
func (b *Back) In(i int) *Tensor {
	e := &b.node.in[i]
	if !b.node.op.Reads().in(i) {
		Fail(b.node.op.Name(), ErrGraph, nil, "its VJP reads input %d without declaring it in Reads", i)
	}
	if e.t.st.version.Load() != e.version {
		Fail(b.node.op.Name(), ErrStale, []Shape{e.t.shape}, "input %d was updated after it was recorded; run Backward before Update or Step", i)
	}
	if b.create || !e.t.RequiresGrad() {
		return e.t
	}
	return b.scope.copied(e.t).detach()
}

// Out returns output i under the same rules as In.
func (b *Back) Out(i int) *Tensor {
	o := &b.node.outs[i]
	if o.st == nil {
		Fail(b.node.op.Name(), ErrGraph, nil, "its VJP reads output %d without declaring it in Reads", i)
	}
	t := &Tensor{shape: o.spec.Shape, dtype: o.spec.DType, dev: o.spec.Device, st: o.st, scope: b.node.scope}
	if b.create {
		t.node, t.out = b.node, int32(i)
	}
	return t
}

// Saved returns the value that Infer declared as the i-th Save. It is a constant: nothing flows back through it.
func (b *Back) Saved(i int) *Tensor { return b.node.saved[i] }

// Dout returns the gradient of output i; nil means zero. It may be used until VJP returns, and be returned.
func (b *Back) Dout(i int) *Tensor { return b.dout[i] }

// DoutOrZeros is Dout with zeros in place of nil.
func (b *Back) DoutOrZeros(i int) *Tensor {
	if b.dout[i] != nil {
		return b.dout[i]
	}
	s := b.OutSpec(i)
	return b.scope.Enter(Factory{s.DType, s.Device}.FullShape(0, s.Shape))
}

// Need reports whether the gradient of input i is wanted.
func (b *Back) Need(i int) bool { return b.need[i] }

// CreateGraph reports whether the gradient will itself be differentiated.
func (b *Back) CreateGraph() bool { return b.create }

// Give returns the gradients in a slice that the engine recycles.
func (b *Back) Give(grads ...*Tensor) []*Tensor {
	b.ret = append(b.ret[:0], grads...)
	return b.ret
}

// BackwardConfig are the options of BackwardWith.
type BackwardConfig struct {
	Grad        *Tensor   // gradient of the tensor itself; default: ones, for a single element only
	Wrt         []*Tensor // the leaves to accumulate into; default: all
	Retain      bool      // keep the graph for another Backward
	CreateGraph bool      // record the gradients so that they can be differentiated; implies Retain; they stay in their scope
}

// Backward adds the gradient of t, a single element, to Grad of every leaf it depends on, or only of the leaves listed.
// What it walked of the graph is freed. It panics with ErrGraph when nothing was recorded or the graph was freed before.
func (t *Tensor) Backward(wrt ...*Tensor) { t.BackwardWith(BackwardConfig{Wrt: wrt}) }

// BackwardWith is Backward with options.
func (t *Tensor) BackwardWith(cfg BackwardConfig) {
	noneNil("backward", "leaf", cfg.Wrt)
	for _, w := range cfg.Wrt {
		if w.leaf == nil {
			Fail("backward", ErrGraph, []Shape{w.shape}, "only leaves accumulate a gradient; use autograd.Grad for other tensors")
		}
	}
	seed := t.seed(cfg.Grad)
	p := newPass([]*Tensor{t}, cfg.Wrt, cfg.CreateGraph, cfg.Retain || cfg.CreateGraph, nil)
	if cfg.Grad != nil {
		p.isForeign(seed)
	}
	p.run([]*Tensor{seed})
	for i, l := range p.leaves {
		if g := p.leafGrad[i].t; g != nil && (len(cfg.Wrt) == 0 || wanted(cfg.Wrt, l)) {
			l.accumulate(g, p)
		}
	}
	p.done()
}

func wanted(wrt []*Tensor, l *leaf) bool {
	for _, w := range wrt {
		if w.leaf == l {
			return true
		}
	}
	return false
}

func (t *Tensor) seed(g *Tensor) *Tensor {
	if g == nil {
		if t.Numel() != 1 {
			Fail("backward", ErrShape, []Shape{t.shape}, "only a single element has an implied gradient of 1; reduce it (Sum, Mean) or pass one")
		}
		return OnesLike(t)
	}
	if g.shape != t.shape || g.dtype != t.dtype {
		Fail("backward", ErrShape, []Shape{t.shape, g.shape}, "the gradient must have the tensor's shape and dtype (%v, got %v)", t.dtype, g.dtype)
	}
	return g
}

// Gradients returns the gradients of sum_i <outs[i], douts[i]> with respect to each of wrt, leaves or not; nil where there
// is no dependence. It writes to no leaf. Nil douts stand for ones of a single-element output. Package autograd is the
// friendlier face of this.
func Gradients(outs, douts, wrt []*Tensor, createGraph, retain bool) []*Tensor {
	return GradientsWith(outs, wrt, GradientsConfig{Douts: douts, CreateGraph: createGraph, Retain: retain})
}

func gradients(outs, douts, wrt []*Tensor, create, retain bool, stop map[*node]bool, relu ReLURule) []*Tensor {
	seeds := make([]*Tensor, len(outs))
	for i, o := range outs {
		var g *Tensor
		if i < len(douts) {
			g = douts[i]
		}
		seeds[i] = o.seed(g)
	}
	p := newPass(outs, wrt, create, retain, stop)
	p.back.relu = relu
	p.run(seeds)
	r := make([]*Tensor, len(wrt))
	for i, w := range wrt {
		r[i] = p.gradOf(w)
	}
	p.done()
	return r
}

// accumulate adds g, which p computed, to the leaf's gradient. A gradient computed in a scope leaves it.
func (l *leaf) accumulate(g *Tensor, p *pass) {
	switch {
	case p.create:
		if l.grad != nil {
			g = l.grad.Add(g)
		}
		l.grad, l.owned = g, false
	case l.grad != nil:
		g = l.grad.Detach().Add(g).Materialize()
		l.drop()
		l.keep(g, true)
	default:
		l.keep(g, !p.foreign[g.st])
	}
}

// keep makes g the leaf's gradient; own says that nobody but gradients uses its memory. If a scope owned that memory the
// leaf does from now on; elsewhere it is left to the garbage collector.
func (l *leaf) keep(g *Tensor, own bool) {
	l.grad, l.owned = g, false
	if g.scope == nil {
		return
	}
	scoped := g.st.scope != nil
	l.grad = g.scope.Keep(g)
	if l.grad.st != g.st || own && scoped {
		l.owned, l.grad.st.held = true, true
	}
}

// set replaces the gradient by g, whose memory others use too.
func (l *leaf) set(g *Tensor) {
	if g != nil {
		g.Materialize()
	}
	if g == nil || l.grad == nil || g.st != l.grad.st {
		l.drop()
	}
	if g == nil || l.owned {
		l.grad = g
		return
	}
	l.keep(g, false)
}

// drop forgets the gradient and returns memory that nobody else can hold.
func (l *leaf) drop() {
	if l.grad != nil && l.owned {
		l.grad.st.free()
	}
	l.grad, l.owned = nil, false
}

// LowerVJP differentiates an op through its Lower: the gradient of ops without a better one, and the second derivative of
// fused gradient ops. The op must declare all its inputs in Reads.
func LowerVJP(b *Back) []*Tensor { return b.through(b.node.op.(Lowerer).Lower, nil) }

// through differentiates f, which computes what the op did from its inputs, in scope s unless that is nil.
func (b *Back) through(f func(in []*Tensor) []*Tensor, s *Scope) []*Tensor {
	in := make([]*Tensor, b.NumIn())
	var wrt []*Tensor
	stop := map[*node]bool{}
	for i := range in {
		in[i] = b.In(i)
		if s != nil {
			r := *in[i]
			r.scope = s
			in[i] = &r
		}
		switch {
		case b.create && in[i].RequiresGrad():
			// A fresh name, so that an input computed from another one is not counted twice, and a place to stop.
			in[i] = Apply1(aliasOp{}, in[i])
			stop[in[i].node] = true
		case b.Need(i):
			in[i] = in[i].RequireGrad()
		}
		if b.Need(i) {
			wrt = append(wrt, in[i])
		}
	}
	var outs, douts []*Tensor
	for i, o := range f(in) {
		if i < b.NumOut() && b.Dout(i) != nil && o.RequiresGrad() {
			outs, douts = append(outs, o), append(douts, b.Dout(i))
		}
	}
	r := make([]*Tensor, len(in))
	if len(outs) == 0 {
		return r
	}
	for i, g := 0, gradients(outs, douts, wrt, b.create, b.create, stop, b.relu); i < len(in); i++ {
		if b.Need(i) {
			r[i], g = g[0], g[1:]
		}
	}
	return r
}

// aliasOp is the identity as a view.
type aliasOp struct{}

func (aliasOp) Name() string { return "alias" }
func (aliasOp) Infer(c *Call) {
	c.OutputView(0, c.In[0].shape, c.In[0].strides(), 0)
}
func (aliasOp) Run(Device, *Call) bool { return true }
func (aliasOp) VJP(b *Back) []*Tensor  { return b.Give(b.Dout(0)) }
func (aliasOp) Reads() Reads           { return ReadsNothing }
