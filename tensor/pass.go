package tensor

import (
	"runtime"
	"sync"

	"github.com/hadal-go/hadal/internal/hook"
)

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
	stack          []frame
	results        []*Tensor  // of the VJP that ran
	held           []*storage // memory of results, until letGo
}

// frame is a node on the way down, and the input to look at next.
type frame struct {
	n    *node
	next int
}

// passes are kept for their slices: on a tiny network these cost as much as the arithmetic.
var passPool = sync.Pool{New: func() any { return new(pass) }}

// done gives p back. Nothing of it may be used afterwards.
func (p *pass) done() {
	clear(p.nodes)
	clear(p.grads)
	clear(p.leaves)
	clear(p.leafGrad)
	clear(p.heads[:cap(p.heads)])
	clear(p.stack[:cap(p.stack)])
	clear(p.results[:cap(p.results)])
	clear(p.held[:cap(p.held)])
	clear(p.back.douts[:cap(p.back.douts)])
	clear(p.back.ret)
	*p = pass{
		nodes: p.nodes[:0], edges: p.edges[:0], edgeAt: p.edgeAt[:0], need: p.need[:0], gradAt: p.gradAt[:0], grads: p.grads[:0],
		dout: p.dout[:0], leaves: p.leaves[:0], leafGrad: p.leafGrad[:0], rootAt: p.rootAt[:0], heads: p.heads[:0], stack: p.stack[:0], results: p.results[:0], held: p.held[:0],
		back: Back{douts: p.back.douts[:0], need: p.back.need[:0], ret: p.back.ret[:0]},
	}
	passPool.Put(p)
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
	if st.pending += n; st.pending == 0 && st.readers.Load() == 0 {
		st.free()
	}
}

// arrive ends the passing: the memory is a gradient that was asked for. A pass around this one, as a Checkpoint's is, may count it anew.
func (st *storage) arrive() { st.passing, st.pending = false, 0 }

type wantKey struct {
	node *node
	out  int
}

const noEdge = -1 << 62

var visiting sync.Mutex // guards mark and pos of nodes and leaves
var passes uint64

func newPass(roots, wrt []*Tensor, create, retain bool, stop map[*node]bool) *pass {
	p := passPool.Get().(*pass)
	p.create, p.retain, p.stop, p.roots = create, retain, stop, roots
	for _, t := range roots {
		if !t.RequiresGrad() {
			Fail("backward", ErrGraph, []Shape{t.shape}, "nothing was recorded: no input required grad (RequireGrad, Param), or it was detached or computed by an Eval model")
		}
	}
	var wantLeaf map[*leaf]bool
	for _, w := range wrt {
		switch {
		case w.leaf != nil:
			if wantLeaf == nil {
				wantLeaf = map[*leaf]bool{}
			}
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
	stack := p.stack
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
			p.leafIndex(id, t.leaf)
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
					k = -1 - p.leafIndex(id, e.leaf())
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
	p.stack = stack[:0]
	if !p.retain { // under the lock, so that of two passes at once one is refused
		for k, n := range p.nodes {
			if p.need[k] {
				n.freed.Store(true)
			}
		}
	}
}

func (p *pass) leafIndex(id uint64, l *leaf) int {
	if l.mark != id {
		l.mark, l.pos = id, int32(len(p.leaves))
		p.leaves = append(p.leaves, l)
		p.leafGrad = append(p.leafGrad, grad{})
	}
	return int(l.pos)
}

func (p *pass) run(seeds []*Tensor) {
	defer func() { p.scratch.end() }()
	for i, t := range p.roots {
		g := seeds[i]
		if !p.create {
			g = g.scope.copied(g).detach()
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
			g.t.Materialize()
			g.t.st.arrive()
		}
	}
	for _, g := range p.final {
		if g != nil {
			g.Materialize()
			g.st.arrive()
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
		keeps := keepsGradients(n.op)
		for _, g := range dout {
			if keeps && g != nil && g.st.passing {
				g.Materialize()
				g.st.mutable = true
			}
		}
		p.open(b, dout)
		for i, g := range p.hold(n.op.VJP(b)) {
			if g == nil {
				continue
			}
			g = p.leave(g)
			if !p.create && g.RequiresGrad() {
				g = g.scope.copied(g).detach()
			}
			if g.scope != nil && (keeps || n.holds(g.st)) {
				p.isForeign(g)
			}
			if e := edges[i]; e >= 0 {
				p.add(&p.grads[p.gradAt[e]+int(n.in[i].out)], g)
			} else {
				p.add(&p.leafGrad[-1-e], g)
			}
		}
		p.letGo()
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
		p.scratch = scope.part(nil)
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

// hold returns what a VJP returned, fitted to the inputs, nil where nothing is wanted. All of it is held until letGo: what is computed of
// one result may be the last to read another, which has its place to reach yet.
func (p *pass) hold(grads []*Tensor) []*Tensor {
	b := &p.back
	p.results = p.results[:0]
	for i, g := range grads {
		if g != nil && b.need[i] {
			g = fit(b.node, i, g)
		} else {
			g = nil
		}
		p.results = append(p.results, g)
	}
	p.held = p.held[:0]
	for _, g := range p.results {
		if g != nil && b.scope != nil && g.st.scope == b.scope {
			g.st.passing = true
			g.st.pending++
			p.held = append(p.held, g.st)
		}
	}
	return p.results
}

func (p *pass) letGo() {
	for _, st := range p.held {
		st.pend(-1)
	}
}

// leave takes a gradient out of its VJP's scope. From now on the pass alone uses its memory.
func (p *pass) leave(g *Tensor) *Tensor {
	s := p.back.scope
	if s == nil {
		return g
	}
	s.settle(g)
	return s.move(g)
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
