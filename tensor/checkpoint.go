package tensor

import "sync/atomic"

// Checkpoint returns f(in) and forgets what f computed on the way: Backward computes it again, so that a deep network
// trains in the memory of its checkpoints and of one segment, for one more forward pass (Chen et al.: "Training Deep Nets
// with Sublinear Memory Cost", 2016). f may read parameters and other tensors besides its inputs.
//
// What is computed again are the ops that were recorded, never f: dropout masks are the same and running statistics are
// counted once; of a Function it is Forward. The results are those of f(in), and the gradients too but for the order of
// sums. It panics with ErrStale when something that f's ops have read is updated before Backward. In a scope, a tensor of
// f's that it did not return panics with ErrScope when it is used afterwards.
func Checkpoint(f func(in []*Tensor) []*Tensor, in ...*Tensor) []*Tensor {
	seg := &segment{id: segments.Add(1), inputs: map[*node]*Tensor{}}
	var scope *Scope
	noneNil("checkpoint", "input", in)
	for _, t := range in {
		if t.scope != nil && (scope == nil || t.scope.within(scope)) {
			scope = t.scope
		}
	}
	part := scope.child(seg)
	defer part.end()
	x := make([]*Tensor, len(in))
	for i, t := range in {
		x[i] = seg.input(t)
		if part != nil {
			x[i].scope = part
		}
	}
	p := &program{seg: seg, at: map[*node]int{}, known: map[any]int{}}
	results := f(x)
	noneNil("checkpoint", "result", results)
	var outs []*Tensor
	for _, y := range results {
		p.outs = append(p.outs, p.ref(&edge{t: y, node: y.node, out: y.out, version: y.st.version.Load()}))
		if y = y.Detach(); !y.whole() || y.st.scope != part {
			y = y.Clone()
		}
		outs = append(outs, part.lift(y))
	}
	for i, t := range p.external {
		p.external[i] = part.lift(t) // constants that f made
	}
	external := p.external
	p.external, p.seg, p.at, p.known = nil, nil, nil, nil // the tape keeps p for longer than it keeps tensors
	m := &madeOp{
		name:  "checkpoint",
		outs:  outs,
		reads: ReadsAllIn,
		again: func(in []*Tensor) []*Tensor { return Checkpoint(p.run, in...) },
		vjp: func(b *Back) []*Tensor {
			if b.create {
				return b.through(p.run, nil)
			}
			part := b.scope.child(nil)
			defer part.end()
			grads := b.through(p.run, part)
			for i, g := range grads {
				grads[i] = part.lift(g)
			}
			return grads
		},
	}
	return m.apply(external)
}

// segment is the ops that depend on one Checkpoint's inputs or, in a scope, on anything in the memory that it gives back.
type segment struct {
	id     uint64
	inputs map[*node]*Tensor // the nodes that mark f's inputs, and the inputs
}

var segments atomic.Uint64

// inner returns the inner one of two segments, which began later; nil is none.
func (s *segment) inner(t *segment) *segment {
	if s == nil || t != nil && t.id > s.id {
		return t
	}
	return s
}

// input returns t marked as an input, also where t has no gradient: the mark is what tells f's ops from others.
func (s *segment) input(t *Tensor) *Tensor {
	n := &node{op: aliasOp{}, seg: s, scope: t.scope}
	n.in = append(n.inBuf[:0], edge{t: t, node: t.node, out: t.out, version: t.st.version.Load()})
	n.outs = append(n.outBuf[:0], outRef{spec: t.Spec()})
	s.inputs[n] = t
	r := *t
	r.node, r.out, r.leaf = n, 0, nil
	return &r
}

// program is the ops of a segment in an order to run them in.
type program struct {
	steps []programStep
	outs  []programRef

	seg      *segment  // the rest is for building
	external []*Tensor // what the ops read that the segment did not compute
	at       map[*node]int
	known    map[any]int // places in external
}

type programStep struct {
	op Op
	in []programRef
}

// programRef is result out of a step, or, with step -1, external tensor out.
type programRef struct{ step, out int }

// ref adds what computes the tensor that e leads to.
func (p *program) ref(e *edge) programRef {
	if t := p.seg.inputs[e.node]; t != nil {
		return p.read(t)
	}
	if e.node == nil || e.node.seg != p.seg {
		if e.t.st.version.Load() != e.version {
			Fail("checkpoint", ErrStale, []Shape{e.t.shape}, "a tensor was updated after the function had read it")
		}
		return p.read(e.t)
	}
	k, ok := p.at[e.node]
	if !ok {
		if e.node.freed.Load() {
			Fail("checkpoint", ErrGraph, nil, "the graph below %s was freed by a Backward in the function; pass Retain there", e.node.op.Name())
		}
		s := programStep{op: e.node.op}
		for i := range e.node.in {
			s.in = append(s.in, p.ref(&e.node.in[i]))
		}
		k = len(p.steps)
		p.steps = append(p.steps, s)
		p.at[e.node] = k
	}
	return programRef{k, int(e.out)}
}

// read returns the place of an external tensor, which counts once however often it is read.
func (p *program) read(t *Tensor) programRef {
	var key any = t
	switch {
	case t.leaf != nil:
		key = t.leaf
	case t.node != nil:
		key = wantKey{t.node, int(t.out)}
	}
	i, ok := p.known[key]
	if !ok {
		i = len(p.external)
		p.external = append(p.external, t)
		p.known[key] = i
	}
	return programRef{-1, i}
}

// run computes the results from the external tensors.
func (p *program) run(external []*Tensor) []*Tensor {
	done := make([][]*Tensor, len(p.steps))
	get := func(refs []programRef) []*Tensor {
		in := make([]*Tensor, len(refs))
		for i, r := range refs {
			if r.step < 0 {
				in[i] = external[r.out]
			} else {
				in[i] = done[r.step][r.out]
			}
		}
		return in
	}
	for k, s := range p.steps {
		if m, ok := s.op.(*madeOp); ok {
			done[k] = m.again(get(s.in))
		} else {
			done[k] = Apply(s.op, get(s.in)...)
		}
	}
	return get(p.outs)
}
