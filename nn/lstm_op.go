package nn

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// lstmOp maps x (T, N, in), W_ih (4 H, in), W_hh (4 H, P), bias (4 H), h0 (N, P), c0 (N, H), with peepholes p (3, H), and with a
// projection W_hr (P, H) to y (T, N, P), the cells c (T, N, H) and, with a projection, what it is applied to, m (T, N, H).
type lstmOp struct {
	sequence
	peephole, project bool
}

// inputs returns the numbers of p and W_hr.
func (o lstmOp) inputs() (p, hr int) {
	if o.peephole {
		return 6, 7
	}
	return -1, 6
}

func (lstmOp) Name() string        { return "lstm" }
func (lstmOp) Reads() tensor.Reads { return tensor.ReadsAllIn | tensor.ReadsOut }
func (o lstmOp) Infer(c *tensor.Call) {
	n, out := checkRecurrent(c, 4, 1)
	checkState(c, 4, out)
	checkState(c, 5, n)
	p, hr := o.inputs()
	if o.peephole && c.In[p].Shape() != tensor.ShapeOf(3, n) {
		c.Fail(tensor.ErrShape, "the peepholes must be (3, H) = (3, %d)", n)
	}
	if o.project && c.In[hr].Shape() != tensor.ShapeOf(out, n) {
		c.Fail(tensor.ErrShape, "W_hr must be (P, H) = (%d, %d)", out, n)
	}
	if !o.project && out != n {
		c.Fail(tensor.ErrShape, "W_hh must be (4 H, H)")
	}
	s, d := c.In[0].Shape(), c.In[0].DType()
	c.Output(s.With(2, out), d)
	c.Output(s.With(2, n), d)
	if o.project {
		c.Output(s.With(2, n), d)
	}
	if c.Recording() {
		c.Save(s.With(2, 4*n), d) // i, f, g, o
		c.Save(s.With(2, n), d)   // tanh(c)
	}
}

func (o lstmOp) Run(d tensor.Device, c *tensor.Call) bool {
	switch {
	case d != tensor.CPU:
		return false
	case c.In[0].DType() == tensor.Float64:
		runLSTM[float64](o, c)
	default:
		runLSTM[float32](o, c)
	}
	return true
}

func runLSTM[T tensor.Float](o lstmOp, c *tensor.Call) {
	in := func(i int) []T { return tensor.Slice[T](c.X(i)) }
	l := cpu.LSTM[T]{
		Sequence: o.of(c.In[0].Shape()), In: c.In[0].Dim(2), Hidden: c.In[5].Dim(1), Out: c.In[4].Dim(1),
		X: in(0), WeightIH: in(1), WeightHH: in(2), Bias: in(3), H0: in(4), C0: in(5),
		Y: tensor.Slice[T](c.Y(0)), C: tensor.Slice[T](c.Y(1)),
	}
	p, hr := o.inputs()
	if o.peephole {
		l.Peephole = in(p)
	}
	if o.project {
		l.WeightHR, l.M = in(hr), tensor.Slice[T](c.Y(2))
	}
	if c.Recording() {
		l.Gates, l.TanhC = tensor.Slice[T](c.S(0)), tensor.Slice[T](c.S(1))
	}
	l.Forward()
}

func (o lstmOp) VJP(b *tensor.Back) []*tensor.Tensor {
	if b.CreateGraph() {
		return tensor.LowerVJP(b)
	}
	p, hr := o.inputs()
	y, c, c0 := b.Out(0), b.Out(1), b.In(5)
	grad := lstmGradOp{op: o, dc: b.Dout(1) != nil, dm: o.project && b.Dout(2) != nil}
	in := []*tensor.Tensor{b.DoutOrZeros(0), c, b.In(2), c0, b.Saved(0), b.Saved(1)}
	if o.peephole {
		in = append(in, b.In(p))
	}
	if o.project {
		in = append(in, b.In(hr))
	}
	if grad.dc {
		in = append(in, b.Dout(1))
	}
	if grad.dm {
		in = append(in, b.Dout(2))
	}
	d := tensor.Apply(grad, in...)
	g := make([]*tensor.Tensor, b.NumIn())
	g[4], g[5] = d[1], d[2]
	g[0], g[1], g[3] = productGrads(d[0], b.In(0), b.In(1), b.Need(0), b.Need(1), b.Need(3))
	if b.Need(2) {
		_, g[2], _ = productGrads(d[0], o.before(y, b.In(4)), nil, false, true, false)
	}
	if o.peephole && b.Need(p) {
		di := d[0].Chunk(2, 4)
		before := o.before(c, c0)
		g[p] = tensor.Stack(0, di[0].Mul(before).Sum(0, 1), di[1].Mul(before).Sum(0, 1), di[3].Mul(c).Sum(0, 1))
	}
	if o.project && b.Need(hr) {
		_, g[hr], _ = productGrads(d[3], b.Out(2), nil, false, true, false)
	}
	return g
}

// Lower goes step by step.
func (o lstmOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	xs, w, h, c := tensor.Linear(in[0], in[1], in[3]).Unbind(0), in[2].T(), in[4], in[5]
	ip, hr := o.inputs()
	var p []*tensor.Tensor
	if o.peephole {
		p = in[ip].Unbind(0)
	}
	outs := make([][]*tensor.Tensor, 3)
	for i := range outs {
		outs[i] = make([]*tensor.Tensor, len(xs))
	}
	for _, t := range o.order(len(xs)) {
		a := xs[t].Add(h.MatMul(w)).Chunk(1, 4)
		if o.peephole {
			a[0], a[1] = a[0].Add(p[0].Mul(c)), a[1].Add(p[1].Mul(c))
		}
		cell := a[1].Sigmoid().Mul(c).Add(a[0].Sigmoid().Mul(a[2].Tanh()))
		if o.peephole {
			a[3] = a[3].Add(p[2].Mul(cell))
		}
		m := a[3].Sigmoid().Mul(cell.Tanh())
		y := m
		if o.project {
			y = m.MatMul(in[hr].T())
		}
		for i, v := range []*tensor.Tensor{y, cell, m} {
			outs[i][t] = o.keep(t, v, tensor.ZerosLike(v))
		}
		h, c = o.keep(t, y, h), o.keep(t, cell, c)
	}
	r := []*tensor.Tensor{tensor.Stack(0, outs[0]...), tensor.Stack(0, outs[1]...)}
	if o.project {
		r = append(r, tensor.Stack(0, outs[2]...))
	}
	return r
}

// FLOPs counts the products.
func (o lstmOp) FLOPs(in, out []tensor.Spec) int64 {
	w := []tensor.Spec{in[1], in[2]}
	if _, hr := o.inputs(); o.project {
		w = append(w, in[hr])
	}
	return recurrentFLOPs(out[0], w...)
}

// lstmGradOp maps (dy, c, W_hh, c0), what lstmOp saved, p, W_hr, dc and dm, each of the last four if it is there, to the
// gradients of the gates' arguments (T, N, 4 H), of h0, of c0 and, with a projection, of its results (T, N, P). It is not
// differentiated: gradients that are come from lstmOp's Lower.
type lstmGradOp struct {
	op     lstmOp
	dc, dm bool
}

func (lstmGradOp) Name() string                        { return "lstm_grad" }
func (lstmGradOp) Reads() tensor.Reads                 { return tensor.ReadsNothing }
func (lstmGradOp) VJP(b *tensor.Back) []*tensor.Tensor { return nil }
func (o lstmGradOp) Infer(c *tensor.Call) {
	dy, d := c.In[0], c.In[0].DType()
	c.Output(c.In[4].Shape(), d)
	c.Output(tensor.ShapeOf(dy.Dim(1), dy.Dim(2)), d)
	c.Output(c.In[3].Shape(), d)
	if o.op.project {
		c.Output(dy.Shape(), d)
	}
}

func (o lstmGradOp) Run(d tensor.Device, c *tensor.Call) bool {
	switch {
	case d != tensor.CPU:
		return false
	case c.In[0].DType() == tensor.Float64:
		runLSTMGrad[float64](o, c)
	default:
		runLSTMGrad[float32](o, c)
	}
	return true
}

func runLSTMGrad[T tensor.Float](o lstmGradOp, c *tensor.Call) {
	at := -1
	in := func() []T { at++; return tensor.Slice[T](c.X(at)) }
	l := cpu.LSTM[T]{
		Sequence: o.op.of(c.In[0].Shape()), Hidden: c.In[3].Dim(1), Out: c.In[0].Dim(2),
		DY: in(), C: in(), WeightHH: in(), C0: in(), Gates: in(), TanhC: in(),
		DGates: tensor.Slice[T](c.Y(0)), DH0: tensor.Slice[T](c.Y(1)), DC0: tensor.Slice[T](c.Y(2)),
	}
	if o.op.peephole {
		l.Peephole = in()
	}
	if o.op.project {
		l.WeightHR, l.DProj = in(), tensor.Slice[T](c.Y(3))
	}
	if o.dc {
		l.DC = in()
	}
	if o.dm {
		l.DM = in()
	}
	l.Backward()
}
