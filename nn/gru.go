package nn

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// GRU is a network of gated recurrent units (Cho et al., 2014). Each layer computes, from its first state h_0 on,
//
//	r_t = σ(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)
//	z_t = σ(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)
//	n_t = tanh(W_in x_t + b_in + r_t ⊙ (W_hn h_{t-1} + b_hn))
//	h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t-1}
//
// and is the next one's input; r is applied behind the product, as cuDNN and PyTorch do. The weights' rows are those of r, z
// and n in this order. Bidirectional is as in RNN.
type GRU struct {
	stack
}

// GRUConfig are the options of NewGRU.
type GRUConfig struct {
	Layers        int // 0: 1
	Bidirectional bool
	BatchFirst    bool // x is (N, T, in) and y (N, T, D H); states are not affected
	NoBias        bool
	Dropout       float64 // probability with which elements of y are zeroed between layers, while training
}

// NewGRU returns a network for in features with hidden units a layer, initialised as PyTorch does: uniform in ±1/√hidden.
// It panics with ErrValue on sizes below 1 and a Dropout outside [0, 1].
func NewGRU(g *random.Generator, in, hidden int, cfg GRUConfig) *GRU {
	return &GRU{newStack("gru", g, 3, in, hidden, hidden, stackConfig{cfg.Layers, cfg.Bidirectional, cfg.BatchFirst, cfg.NoBias, cfg.Dropout})}
}

// Forward is ForwardWith from a state of zeros.
func (l *GRU) Forward(x *tensor.Tensor) *tensor.Tensor {
	y, _ := l.run("gru", x, nil, make([]*tensor.Tensor, 1), l.sizes(), applyGRU)
	return y
}

// ForwardWith maps x (T, N, in) to y (T, N, D H), the last layer's state at each step, and to the last state hn (L D, N, H).
// Without N in x and H0 there is none in y and hn. It panics with ErrShape on sizes that do not fit or T = 0, and with
// ErrValue on lengths out of range.
func (l *GRU) ForwardWith(x *tensor.Tensor, in RNNInput) (y, hn *tensor.Tensor) {
	y, final := l.run("gru", x, in.Lengths, []*tensor.Tensor{in.H0}, l.sizes(), applyGRU)
	return y, final(0)
}

func (l *GRU) sizes() []int { return []int{l.Weights[0].WeightHH.Dim(1)} }

func applyGRU(w *RNNWeights, s sequence, x *tensor.Tensor, state []*tensor.Tensor) []*tensor.Tensor {
	ih, hh := w.biases()
	return tensor.Apply(gruOp{s}, x, w.WeightIH.Tensor, w.WeightHH.Tensor, ih, hh, state[0])
}

// GRUCell is one step of a GRU layer.
type GRUCell struct {
	RNNWeights
}

// GRUCellConfig are the options of NewGRUCell.
type GRUCellConfig struct {
	NoBias bool
}

// NewGRUCell returns a cell for in features with hidden units; see NewGRU.
func NewGRUCell(g *random.Generator, in, hidden int, cfg GRUCellConfig) *GRUCell {
	return &GRUCell{*newWeights("gru_cell", g, 3, in, hidden, hidden, cfg.NoBias)}
}

// Forward maps x (N, in) and the state h (N, H), nil for zeros, to the next state. N may be absent in both.
func (l *GRUCell) Forward(x, h *tensor.Tensor) *tensor.Tensor {
	return oneStep("gru_cell", &l.RNNWeights, x, []*tensor.Tensor{h}, []int{l.WeightHH.Dim(1)}, applyGRU)[0]
}

// gruOp maps x (T, N, in), W_ih (3 H, in), W_hh (3 H, H), b_ih and b_hh (3 H) and h0 (N, H) to y (T, N, H).
type gruOp struct{ sequence }

func (gruOp) Name() string        { return "gru" }
func (gruOp) Reads() tensor.Reads { return tensor.ReadsAllIn | tensor.ReadsOut }
func (gruOp) Infer(c *tensor.Call) {
	n, out := checkRecurrent(c, 3, 2)
	if out != n {
		c.Fail(tensor.ErrShape, "W_hh must be (3 H, H)")
	}
	checkState(c, 5, n)
	s, d := c.In[0].Shape(), c.In[0].DType()
	c.Output(s.With(2, n), d)
	if c.Recording() {
		c.Save(s.With(2, 3*n), d) // r, z, n
		c.Save(s.With(2, n), d)   // W_hn h + b_hn
	}
}

func (o gruOp) Run(d tensor.Device, c *tensor.Call) bool {
	switch {
	case d != tensor.CPU:
		return false
	case c.In[0].DType() == tensor.Float64:
		runGRU[float64](o, c)
	default:
		runGRU[float32](o, c)
	}
	return true
}

func runGRU[T tensor.Float](o gruOp, c *tensor.Call) {
	l := cpu.GRU[T]{
		Sequence: o.of(c.In[0].Shape()), In: c.In[0].Dim(2), Hidden: c.In[2].Dim(1),
		X: tensor.Slice[T](c.X(0)), WeightIH: tensor.Slice[T](c.X(1)), WeightHH: tensor.Slice[T](c.X(2)),
		BiasIH: tensor.Slice[T](c.X(3)), BiasHH: tensor.Slice[T](c.X(4)), H0: tensor.Slice[T](c.X(5)), Y: tensor.Slice[T](c.Y(0)),
	}
	if c.Recording() {
		l.Gates, l.U = tensor.Slice[T](c.S(0)), tensor.Slice[T](c.S(1))
	}
	l.Forward()
}

func (o gruOp) VJP(b *tensor.Back) []*tensor.Tensor {
	if b.CreateGraph() {
		return tensor.LowerVJP(b)
	}
	y := b.Out(0)
	d := tensor.Apply(gruGradOp{o}, b.Dout(0), y, b.In(2), b.In(5), b.Saved(0), b.Saved(1))
	g := b.Give(nil, nil, nil, nil, nil, d[2])
	g[0], g[1], g[3] = productGrads(d[0], b.In(0), b.In(1), b.Need(0), b.Need(1), b.Need(3))
	var before *tensor.Tensor
	if b.Need(2) {
		before = o.before(y, b.In(5))
	}
	_, g[2], g[4] = productGrads(d[1], before, nil, false, b.Need(2), b.Need(4))
	return g
}

// Lower goes step by step.
func (o gruOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	xs, w, h := tensor.Linear(in[0], in[1], in[3]).Unbind(0), in[2].T(), in[5]
	ys := make([]*tensor.Tensor, len(xs))
	for _, t := range o.order(len(xs)) {
		i, u := xs[t].Chunk(1, 3), h.MatMul(w).Add(in[4]).Chunk(1, 3)
		r, z := i[0].Add(u[0]).Sigmoid(), i[1].Add(u[1]).Sigmoid()
		n := i[2].Add(r.Mul(u[2])).Tanh()
		y := n.Sub(z.Mul(n)).Add(z.Mul(h))
		ys[t] = o.keep(t, y, tensor.ZerosLike(y))
		h = o.keep(t, y, h)
	}
	return []*tensor.Tensor{tensor.Stack(0, ys...)}
}

// FLOPs counts the products.
func (gruOp) FLOPs(in, out []tensor.Spec) int64 { return recurrentFLOPs(out[0], in[1], in[2]) }

// gruGradOp maps (dy, y, W_hh, h0) and what gruOp saved to the gradients of W_ih x + b_ih and W_hh h + b_hh (T, N, 3 H) and of
// h0. It is not differentiated: gradients that are come from gruOp's Lower.
type gruGradOp struct{ op gruOp }

func (gruGradOp) Name() string                        { return "gru_grad" }
func (gruGradOp) Reads() tensor.Reads                 { return tensor.ReadsNothing }
func (gruGradOp) VJP(b *tensor.Back) []*tensor.Tensor { return nil }
func (gruGradOp) Infer(c *tensor.Call) {
	gates, d := c.In[4].Shape(), c.In[0].DType()
	c.Output(gates, d)
	c.Output(gates, d)
	c.Output(c.In[3].Shape(), d)
}

func (o gruGradOp) Run(d tensor.Device, c *tensor.Call) bool {
	switch {
	case d != tensor.CPU:
		return false
	case c.In[0].DType() == tensor.Float64:
		runGRUGrad[float64](o, c)
	default:
		runGRUGrad[float32](o, c)
	}
	return true
}

func runGRUGrad[T tensor.Float](o gruGradOp, c *tensor.Call) {
	l := cpu.GRU[T]{
		Sequence: o.op.of(c.In[0].Shape()), Hidden: c.In[2].Dim(1),
		DY: tensor.Slice[T](c.X(0)), Y: tensor.Slice[T](c.X(1)), WeightHH: tensor.Slice[T](c.X(2)), H0: tensor.Slice[T](c.X(3)),
		Gates: tensor.Slice[T](c.X(4)), U: tensor.Slice[T](c.X(5)),
		DGatesI: tensor.Slice[T](c.Y(0)), DGatesH: tensor.Slice[T](c.Y(1)), DH0: tensor.Slice[T](c.Y(2)),
	}
	l.Backward()
}
