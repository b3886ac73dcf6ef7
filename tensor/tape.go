package tensor

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/hadal-go/hadal/internal/hook"
)

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
	owned bool // grad's storage is this leaf's alone (storage.held) and may be reused after ZeroGrad
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
	n := &node{op: c.op}
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
	return e.t.Detach()
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
	noneNil("gradients", "output", outs)
	noneNil("gradients", "tensor to differentiate by", wrt)
	return gradients(outs, douts, wrt, createGraph, createGraph || retain, nil)
}

func gradients(outs, douts, wrt []*Tensor, create, retain bool, stop map[*node]bool) []*Tensor {
	seeds := make([]*Tensor, len(outs))
	for i, o := range outs {
		var g *Tensor
		if i < len(douts) {
			g = douts[i]
		}
		seeds[i] = o.seed(g)
	}
	p := newPass(outs, wrt, create, retain, stop)
	p.run(seeds)
	r := make([]*Tensor, len(wrt))
	for i, w := range wrt {
		r[i] = p.gradOf(w)
	}
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
		g = l.grad.Detach().Add(g)
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

// pass is one backward traversal. Everything it writes is its own, so that several may run over shared parts of a graph.
type pass struct {
	create, retain bool
	nodes          []*node // every input's node comes before its user
	edges          []int   // for each node in order, for each input: position of its node, -1-k for leaf k, or noEdge
	edgeAt         []int
	need           []bool // the node leads to something wanted
	gradAt         []int
	grads          []grad // of each output of each node
	dout           []*Tensor
	leaves         []*leaf
	leafGrad       []grad
	want           map[*node][]int // outputs of inner nodes whose gradients are asked for
	final          map[wantKey]*Tensor
	roots          []*Tensor
	rootAt         []int             // the place of each root's node
	stop           map[*node]bool    // do not look below these
	foreign        map[*storage]bool // memory of gradients that not only gradients use
	back           Back
	scratch        *Scope // of the VJP that runs: what it does not return is freed
	heads          []Tensor
}

// grad is a sum of gradients in progress.
type grad struct {
	t   *Tensor
	own bool // t is a sum that nobody else refers to: more is added in place
}

// add adds g to the sum.
func (p *pass) add(sum *grad, g *Tensor) {
	switch {
	case sum.t == nil:
		sum.t = g
		g.st.pend(1)
	case sum.own && g.shape == sum.t.shape && g.dtype == sum.t.dtype && g.dtype.computes() && g.dev == CPU && !anomaly.Load():
		y, x := sum.t.view("add"), g.view("add")
		cpuDevice{}.Pointwise(addOp{}.Kernel(), y, []View{y, x})
		runtime.KeepAlive(g)
		g.st.pend(0)
	default:
		old := sum.t
		sum.t, sum.own = old.Add(g), !p.create
		if !p.create && hook.Apply.Load() == nil {
			sum.t.st.passing = true
			sum.t.st.pend(1)
			old.st.pend(-1)
			g.st.pend(0)
		}
	}
}

// pend changes the number of unused gradients that lie in memory that is passing, and frees it when none is left.
func (st *storage) pend(n int32) {
	if !st.passing {
		return
	}
	if st.pending += n; st.pending == 0 {
		st.free()
	}
}

type wantKey struct {
	node *node
	out  int
}

const noEdge = -1 << 62

var visiting sync.Mutex // guards node.mark and node.pos
var passes uint64

func newPass(roots, wrt []*Tensor, create, retain bool, stop map[*node]bool) *pass {
	p := &pass{create: create, retain: retain, stop: stop, roots: roots}
	for _, t := range roots {
		if !t.RequiresGrad() {
			Fail("backward", ErrGraph, []Shape{t.shape}, "nothing was recorded: no input required grad (RequireGrad, Param), or it was detached or computed by an Eval model")
		}
	}
	wantLeaf := map[*leaf]bool{}
	for _, w := range wrt {
		switch {
		case w.leaf != nil:
			wantLeaf[w.leaf] = true
		case w.node != nil:
			if p.want == nil {
				p.want, p.final = map[*node][]int{}, map[wantKey]*Tensor{}
			}
			p.want[w.node] = append(p.want[w.node], int(w.out))
		default:
			Fail("backward", ErrGraph, []Shape{w.shape}, "a gradient was asked for a tensor that does not require grad")
		}
	}
	p.order(len(wrt) == 0, wantLeaf)
	return p
}

// order lists the nodes below the roots, inputs first, by an iterative depth-first walk in a fixed order.
func (p *pass) order(all bool, wantLeaf map[*leaf]bool) {
	visiting.Lock()
	defer visiting.Unlock()
	passes++
	id := passes
	type frame struct {
		n    *node
		next int
	}
	var stack []frame
	leafPos := map[*leaf]int{}
	push := func(n *node) {
		if n.mark == id {
			return
		}
		if n.freed.Load() {
			Fail("backward", ErrGraph, nil, "the graph below %s was freed by an earlier Backward; pass Retain there to use it twice", n.op.Name())
		}
		n.mark = id
		stack = append(stack, frame{n, 0})
	}
	for _, t := range p.roots {
		if t.leaf != nil {
			p.leafIndex(leafPos, t.leaf)
		}
		if t.node != nil {
			push(t.node)
		}
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			if f.next < len(f.n.in) && !p.stop[f.n] {
				e := &f.n.in[f.next]
				f.next++
				if e.node != nil {
					push(e.node)
				}
				continue
			}
			n := f.n
			stack = stack[:len(stack)-1]
			n.pos = int32(len(p.nodes))
			p.edgeAt = append(p.edgeAt, len(p.edges))
			need := p.want[n] != nil
			for i := range n.in {
				e := &n.in[i]
				k := noEdge
				switch {
				case p.stop[n]:
				case e.node != nil && p.need[e.node.pos]:
					k = int(e.node.pos)
					need = true
				case e.leaf() != nil && (all || wantLeaf[e.leaf()]):
					k = -1 - p.leafIndex(leafPos, e.leaf())
					need = true
				}
				p.edges = append(p.edges, k)
			}
			p.nodes = append(p.nodes, n)
			p.need = append(p.need, need)
			p.gradAt = append(p.gradAt, len(p.grads))
			for range n.outs {
				p.grads = append(p.grads, grad{})
			}
		}
		at := -1
		if t.node != nil {
			at = int(t.node.pos)
		}
		p.rootAt = append(p.rootAt, at)
	}
	if !p.retain { // under the lock, so that of two passes at once one is refused
		for k, n := range p.nodes {
			if p.need[k] {
				n.freed.Store(true)
			}
		}
	}
}

func (p *pass) leafIndex(pos map[*leaf]int, l *leaf) int {
	i, ok := pos[l]
	if !ok {
		i = len(p.leaves)
		pos[l] = i
		p.leaves = append(p.leaves, l)
		p.leafGrad = append(p.leafGrad, grad{})
	}
	return i
}

func (p *pass) run(seeds []*Tensor) {
	defer func() { p.scratch.end() }()
	for i, t := range p.roots {
		g := seeds[i]
		if !p.create {
			g = g.Detach()
		}
		if t.scope != nil && g.scope == nil {
			g = t.scope.Enter(g)
		}
		if t.leaf != nil {
			for k, l := range p.leaves {
				if l == t.leaf {
					p.add(&p.leafGrad[k], g)
				}
			}
		} else {
			p.add(&p.grads[p.gradAt[p.rootAt[i]]+int(t.out)], g)
		}
	}
	for k := len(p.nodes) - 1; k >= 0; k-- {
		p.step(k)
	}
	for _, g := range p.leafGrad {
		if g.t != nil {
			g.t.st.passing = false
		}
	}
	for _, g := range p.final {
		if g != nil {
			g.st.passing = false
		}
	}
}

func (p *pass) step(k int) {
	n := p.nodes[k]
	dout := p.dout[:0]
	live := false
	for i := range n.outs {
		g := &p.grads[p.gradAt[k]+i]
		dout = append(dout, g.t)
		live = live || g.t != nil
		*g = grad{}
	}
	p.dout = dout
	for _, w := range p.want[n] {
		if p.final[wantKey{n, w}] = dout[w]; dout[w] != nil {
			dout[w].st.pend(1)
		}
	}
	edges := p.edges[p.edgeAt[k] : p.edgeAt[k]+len(n.in)]
	wanted := false
	b := &p.back
	b.node, b.create = n, p.create
	b.need = b.need[:0]
	for _, e := range edges {
		b.need = append(b.need, e != noEdge)
		wanted = wanted || e != noEdge
	}
	if live && wanted {
		p.open(b, dout)
		for i, g := range n.op.VJP(b) {
			if g == nil || edges[i] == noEdge {
				continue
			}
			g = p.leave(fit(n, i, g))
			if !p.create && g.RequiresGrad() {
				g = g.Detach()
			}
			if g.scope != nil && n.holds(g.st) {
				p.isForeign(g)
			}
			if e := edges[i]; e >= 0 {
				p.add(&p.grads[p.gradAt[e]+int(n.in[i].out)], g)
			} else {
				p.add(&p.leafGrad[-1-e], g)
			}
		}
		if b.scope != nil {
			b.scope.clear()
		}
	}
	if !keepsGradients(n.op) {
		for _, g := range dout {
			if g != nil {
				g.st.pend(-1)
			}
		}
	}
	clear(dout)
	if !p.retain && p.need[k] {
		n.release()
	}
}

// open makes b ready for a VJP: what it computes belongs to a scope of its own, so that memory that it does not return is
// free at once.
func (p *pass) open(b *Back, dout []*Tensor) {
	n := b.node
	b.dout, b.scope = dout, nil
	if p.create || keepsGradients(n.op) {
		return
	}
	scope := n.scope
	for _, g := range dout { // that of a parameter's view is none, its gradient's is
		if g != nil && g.scope != nil && (scope == nil || g.scope.within(scope)) {
			scope = g.scope
		}
	}
	if p.scratch == nil || p.scratch.parent != scope {
		p.scratch.end()
		p.scratch = &Scope{parent: scope}
	}
	b.scope = p.scratch
	if cap(p.heads) < len(dout) {
		p.heads = make([]Tensor, len(dout))
	}
	p.heads = p.heads[:len(dout)]
	b.dout = b.douts[:0]
	for i, g := range dout {
		if g == nil {
			b.dout = append(b.dout, nil)
			continue
		}
		p.heads[i] = *g
		p.heads[i].scope = p.scratch
		b.dout = append(b.dout, &p.heads[i])
	}
	b.douts = b.dout
}

// leave takes a gradient out of its VJP's scope. From now on the pass alone uses its memory.
func (p *pass) leave(g *Tensor) *Tensor {
	s := p.back.scope
	if s == nil {
		return g
	}
	if g.st.scope == s {
		g.st.passing, g.st.pending = true, 0
	}
	return s.lift(g)
}

// keepsGradients reports whether somebody may keep the gradients that an op's VJP sees: a user's function, or a watcher of
// all ops.
func keepsGradients(op Op) bool {
	if hook.Apply.Load() != nil {
		return true
	}
	switch op := op.(type) {
	case hookOp:
		return true
	case *madeOp:
		return op.keeps
	}
	return false
}

// isForeign notes that g's memory is not only a gradient's.
func (p *pass) isForeign(g *Tensor) {
	if p.foreign == nil {
		p.foreign = map[*storage]bool{}
	}
	p.foreign[g.st] = true
}

// holds reports whether st is memory of what the node's VJP reads.
func (n *node) holds(st *storage) bool {
	for i := range n.in {
		if t := n.in[i].t; t != nil && t.st == st {
			return true
		}
	}
	for i := range n.outs {
		if n.outs[i].st == st {
			return true
		}
	}
	for _, t := range n.saved {
		if t.st == st {
			return true
		}
	}
	return false
}

// fit brings a gradient to its input's shape and dtype: elementwise VJPs leave the sum over broadcast dimensions and the
// conversion of promoted inputs to the engine; any other mismatch is a mistake in the op.
func fit(n *node, i int, g *Tensor) *Tensor {
	spec := n.in[i].inSpec()
	if g.shape == spec.Shape && g.dtype == spec.DType {
		return g
	}
	if _, ok := n.op.(pointwiser); ok {
		return g.SumTo(spec.Shape).To(spec.DType)
	}
	Fail(n.op.Name(), ErrShape, []Shape{spec.Shape, g.shape}, "the VJP's gradient of input %d is %v %v, the input is %v %v", i, g.dtype, g.shape, spec.DType, spec.Shape)
	return nil
}

func (p *pass) gradOf(w *Tensor) *Tensor {
	if w.leaf != nil {
		for i, l := range p.leaves {
			if l == w.leaf {
				return p.leafGrad[i].t
			}
		}
		return nil
	}
	return p.final[wantKey{w.node, int(w.out)}]
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
	for i, g := 0, gradients(outs, douts, wrt, b.create, b.create, stop); i < len(in); i++ {
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
