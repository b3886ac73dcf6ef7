package nn

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// RNN is a plain recurrent network (Elman, 1990). Each layer computes, from its first state h_0 on,
//
//	h_t = act(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)    act: tanh, or ReLU with ReLU
//
// and is the next one's input. With Bidirectional, each layer has a second one that goes from the last step to the first;
// its results follow the first one's along the last dimension (Schuster and Paliwal, 1997).
type RNN struct {
	stack
	ReLU bool
}

// RNNConfig are the options of NewRNN.
type RNNConfig struct {
	Layers        int // 0: 1
	Bidirectional bool
	BatchFirst    bool // x is (N, T, in) and y (N, T, D H); states are not affected
	NoBias        bool
	Dropout       float64 // probability with which elements of y are zeroed between layers, while training
	ReLU          bool
}

// NewRNN returns a network for in features with hidden units a layer, initialised as PyTorch does: uniform in ±1/√hidden.
// It panics with ErrValue on sizes below 1 and a Dropout outside [0, 1].
func NewRNN(g *random.Generator, in, hidden int, cfg RNNConfig) *RNN {
	return &RNN{newStack("rnn", g, 1, in, hidden, hidden, stackConfig{cfg.Layers, cfg.Bidirectional, cfg.BatchFirst, cfg.NoBias, cfg.Dropout}), cfg.ReLU}
}

// RNNInput is what RNN and GRU take besides x.
type RNNInput struct {
	// H0 is the first state (L D, N, H), layer by layer and in each the D directions; nil: zeros.
	H0 *tensor.Tensor
	// Lengths are the samples' numbers of steps, 1 to T; nil: all T. What lies behind must be finite, is ignored and 0 in y; the last state is
	// that at a sample's last step, and the reverse direction starts there: as PyTorch's pack_padded_sequence does. A batch
	// sorted by descending length wastes the least time.
	Lengths []int
}

// Forward is ForwardWith from a state of zeros.
func (l *RNN) Forward(x *tensor.Tensor) *tensor.Tensor {
	y, _ := l.run("rnn", x, nil, make([]*tensor.Tensor, 1), l.sizes(), l.apply)
	return y
}

// ForwardWith maps x (T, N, in) to y (T, N, D H), the last layer's state at each step, and to the last state hn (L D, N, H).
// Without N in x and H0 there is none in y and hn. It panics with ErrShape on sizes that do not fit or T = 0, and with
// ErrValue on lengths out of range.
func (l *RNN) ForwardWith(x *tensor.Tensor, in RNNInput) (y, hn *tensor.Tensor) {
	y, final := l.run("rnn", x, in.Lengths, []*tensor.Tensor{in.H0}, l.sizes(), l.apply)
	return y, final(0)
}

func (l *RNN) sizes() []int { return []int{l.Weights[0].WeightHH.Dim(1)} }

func (l *RNN) apply(w *RNNWeights, s sequence, x *tensor.Tensor, state []*tensor.Tensor) []*tensor.Tensor {
	return tensor.Apply(rnnOp{s, l.ReLU}, x, w.WeightIH.Tensor, w.WeightHH.Tensor, w.bias(), state[0])
}

// RNNCell is one step of an RNN layer.
type RNNCell struct {
	RNNWeights
	ReLU bool
}

// RNNCellConfig are the options of NewRNNCell.
type RNNCellConfig struct {
	NoBias bool
	ReLU   bool
}

// NewRNNCell returns a cell for in features with hidden units; see NewRNN.
func NewRNNCell(g *random.Generator, in, hidden int, cfg RNNCellConfig) *RNNCell {
	return &RNNCell{*newWeights("rnn_cell", g, 1, in, hidden, hidden, cfg.NoBias), cfg.ReLU}
}

// Forward maps x (N, in) and the state h (N, H), nil for zeros, to the next state. N may be absent in both.
func (l *RNNCell) Forward(x, h *tensor.Tensor) *tensor.Tensor {
	r := RNN{ReLU: l.ReLU}
	return oneStep("rnn_cell", &l.RNNWeights, x, []*tensor.Tensor{h}, []int{l.WeightHH.Dim(1)}, r.apply)[0]
}

// rnnOp maps x (T, N, in), W_ih (H, in), W_hh (H, H), bias (H) and h0 (N, H) to y (T, N, H).
type rnnOp struct {
	sequence
	relu bool
}

func (rnnOp) Name() string        { return "rnn" }
func (rnnOp) Reads() tensor.Reads { return tensor.ReadsAllIn | tensor.ReadsOut }
func (rnnOp) Infer(c *tensor.Call) {
	n, _ := checkRecurrent(c, 1, 1)
	if c.In[2].Dim(1) != n {
		c.Fail(tensor.ErrShape, "W_hh must be square")
	}
	checkState(c, 4, n)
	c.Output(c.In[0].Shape().With(2, n), c.In[0].DType())
}

func (o rnnOp) Run(d tensor.Device, c *tensor.Call) bool {
	switch {
	case d != tensor.CPU:
		return false
	case c.In[0].DType() == tensor.Float64:
		runRNN[float64](o, c)
	default:
		runRNN[float32](o, c)
	}
	return true
}

func runRNN[T tensor.Float](o rnnOp, c *tensor.Call) {
	l := newRNNKernel[T](o, c)
	l.X, l.WeightIH, l.WeightHH = tensor.Slice[T](c.X(0)), tensor.Slice[T](c.X(1)), tensor.Slice[T](c.X(2))
	l.Bias, l.H0, l.Y = tensor.Slice[T](c.X(3)), tensor.Slice[T](c.X(4)), tensor.Slice[T](c.Y(0))
	l.In = c.In[0].Dim(2)
	l.Forward()
}

func newRNNKernel[T tensor.Float](o rnnOp, c *tensor.Call) cpu.RNN[T] {
	l := cpu.RNN[T]{Sequence: o.of(c.In[0].Shape()), Hidden: c.In[2].Dim(0), Act: cpu.Tanh}
	if o.relu {
		l.Act = cpu.ReLU
	}
	return l
}

func (o rnnOp) VJP(b *tensor.Back) []*tensor.Tensor {
	if b.CreateGraph() {
		return tensor.LowerVJP(b)
	}
	y := b.Out(0)
	d := tensor.Apply(rnnGradOp{o}, b.Dout(0), y, b.In(2))
	g := b.Give(nil, nil, nil, nil, d[1])
	g[0], g[1], g[3] = productGrads(d[0], b.In(0), b.In(1), b.Need(0), b.Need(1), b.Need(3))
	if b.Need(2) {
		_, g[2], _ = productGrads(d[0], o.before(y, b.In(4)), nil, false, true, false)
	}
	return g
}

// Lower goes step by step.
func (o rnnOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	xs, w, h := tensor.Linear(in[0], in[1], in[3]).Unbind(0), in[2].T(), in[4]
	ys := make([]*tensor.Tensor, len(xs))
	for _, t := range o.order(len(xs)) {
		y := xs[t].Add(h.MatMul(w))
		if o.relu {
			y = y.ReLU()
		} else {
			y = y.Tanh()
		}
		ys[t] = o.keep(t, y, tensor.ZerosLike(y))
		h = o.keep(t, y, h)
	}
	return []*tensor.Tensor{tensor.Stack(0, ys...)}
}

// FLOPs counts the products.
func (rnnOp) FLOPs(in, out []tensor.Spec) int64 { return recurrentFLOPs(out[0], in[1], in[2]) }

// rnnGradOp maps (dy, y, W_hh) to the gradients of act's argument (T, N, H) and of h0. It is not differentiated:
// gradients that are come from rnnOp's Lower.
type rnnGradOp struct{ op rnnOp }

func (rnnGradOp) Name() string                        { return "rnn_grad" }
func (rnnGradOp) Reads() tensor.Reads                 { return tensor.ReadsNothing }
func (rnnGradOp) VJP(b *tensor.Back) []*tensor.Tensor { return nil }
func (rnnGradOp) Infer(c *tensor.Call) {
	y := c.In[1]
	c.Output(y.Shape(), y.DType())
	c.Output(tensor.ShapeOf(y.Dim(1), y.Dim(2)), y.DType())
}

func (o rnnGradOp) Run(d tensor.Device, c *tensor.Call) bool {
	switch {
	case d != tensor.CPU:
		return false
	case c.In[0].DType() == tensor.Float64:
		runRNNGrad[float64](o, c)
	default:
		runRNNGrad[float32](o, c)
	}
	return true
}

func runRNNGrad[T tensor.Float](o rnnGradOp, c *tensor.Call) {
	l := newRNNKernel[T](o.op, c)
	l.DY, l.Y, l.WeightHH = tensor.Slice[T](c.X(0)), tensor.Slice[T](c.X(1)), tensor.Slice[T](c.X(2))
	l.DGates, l.DH0 = tensor.Slice[T](c.Y(0)), tensor.Slice[T](c.Y(1))
	l.Backward()
}
