package tensor

// Function is an op whose results and gradient are given by functions, as torch.autograd.Function; an Op does the same with
// its own shape rule and kernel.
type Function struct {
	Name string // in errors and printed tapes; "": "function"
	// Forward computes the results from the inputs, which are detached: nothing in it is recorded. In a Checkpoint it runs
	// once more for Backward and must then give the same: random draws in it use a key fixed beforehand.
	Forward func(in []*Tensor) []*Tensor
	// VJP returns the gradient of each input, nil for none, from the inputs, the results and the gradients of the results,
	// which are zeros where none arrived:
	//
	//	grads[j] = Σ_k <∂outs[k]/∂in[j], douts[k]>
	//
	// It is made of Tensor methods, and can then be differentiated again.
	VJP func(in, outs, douts []*Tensor) (grads []*Tensor)
}

// Apply returns the function's results on the inputs, recorded if and only if an input requires grad.
func (f Function) Apply(in ...*Tensor) []*Tensor {
	name := f.Name
	if name == "" {
		name = "function"
	}
	noneNil(name, "input", in)
	detached := make([]*Tensor, len(in))
	for i, t := range in {
		detached[i] = t.Detach()
	}
	results := f.Forward(detached)
	noneNil(name, "result", results)
	outs := make([]*Tensor, len(results))
	for i, t := range results {
		if t = t.Detach(); !t.whole() {
			t = t.Clone()
		}
		outs[i] = t
	}
	m := &madeOp{name: name, outs: outs, keeps: true, reads: ReadsAllIn | ReadsOut, again: func(in []*Tensor) []*Tensor { return f.Apply(in...) }, vjp: func(b *Back) []*Tensor {
		if f.VJP == nil {
			Fail(name, ErrGraph, nil, "it has no VJP, so nothing flows back through it; Detach its inputs if that is meant")
		}
		var in, outs, douts []*Tensor
		for i := range b.NumIn() {
			in = append(in, b.In(i))
		}
		for i := range b.NumOut() {
			outs, douts = append(outs, b.Out(i)), append(douts, b.DoutOrZeros(i))
		}
		grads := f.VJP(in, outs, douts)
		if len(grads) != len(in) {
			Fail(name, ErrGraph, nil, "VJP returned %d gradients for %d inputs; nil stands for none", len(grads), len(in))
		}
		return grads
	}}
	return m.apply(in)
}

// madeOp is an op whose results were computed before it is applied.
type madeOp struct {
	name  string
	outs  []*Tensor // each all of its storage; nil once applied: the tape must not hold them
	reads Reads
	vjp   func(b *Back) []*Tensor
	keeps bool                         // vjp may keep the gradients that it sees
	again func(in []*Tensor) []*Tensor // computes and records the same from other inputs
}

// apply records the results as the op's of in.
func (m *madeOp) apply(in []*Tensor) []*Tensor {
	r := Apply(m, in...)
	m.outs = nil
	return r
}

func (m *madeOp) Name() string { return m.name }
func (m *madeOp) Infer(c *Call) {
	for _, t := range m.outs {
		c.outputMade(t)
	}
}
func (m *madeOp) Run(Device, *Call) bool { return true }
func (m *madeOp) VJP(b *Back) []*Tensor  { return m.vjp(b) }
func (m *madeOp) Reads() Reads           { return m.reads }

func noneNil(op, what string, of []*Tensor) {
	for i, t := range of {
		if t == nil {
			Fail(op, ErrValue, nil, "%s %d is nil", what, i)
		}
	}
}
