package tensor

// Step is one recorded op of a graph, as Steps lists them.
type Step struct {
	Op      Op
	In      []Spec
	Out     []Spec
	From    []int     // for each input, the step that made it, or -1
	FromOut []int     // for each input, which result of that step it is
	Leaves  []*Tensor // for each input, the leaf it is, or nil
}

// Steps returns the ops that t was computed by, inputs before users. It is what summaries, printed tapes and explanations
// walk. It panics with ErrGraph when nothing was recorded.
func Steps(t *Tensor) []Step {
	p := newPass([]*Tensor{t}, nil, false, true, nil)
	steps := make([]Step, len(p.nodes))
	for k, n := range p.nodes {
		s := Step{Op: n.op}
		for i := range n.in {
			from := -1
			if e := p.edges[p.edgeAt[k]+i]; e >= 0 {
				from = e
			}
			s.In = append(s.In, n.in[i].inSpec())
			s.From = append(s.From, from)
			s.FromOut = append(s.FromOut, int(n.in[i].out))
			var l *Tensor
			if n.in[i].leaf() != nil {
				l = n.in[i].t
			}
			s.Leaves = append(s.Leaves, l)
		}
		for _, o := range n.outs {
			s.Out = append(s.Out, o.spec)
		}
		steps[k] = s
	}
	return steps
}

// SameLeaf reports whether two tensors are the same leaf: they accumulate into the same gradient.
func SameLeaf(a, b *Tensor) bool { return a.leaf != nil && a.leaf == b.leaf }

// FLOPs returns the floating-point operations of a step, counting a multiply-add as two, for ops that report them
// (products and convolutions), else 0.
func (s Step) FLOPs() int64 {
	if f, ok := s.Op.(interface{ FLOPs(in, out []Spec) int64 }); ok {
		return f.FLOPs(s.In, s.Out)
	}
	return 0
}
