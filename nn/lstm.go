package nn

import (
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// LSTM is a long short-term memory network (Hochreiter and Schmidhuber, 1997; with the forget gate of Gers et al., 2000).
// Each layer computes, from its first state h_0 and cell c_0 on,
//
//	i_t = σ(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)
//	f_t = σ(W_if x_t + b_if + W_hf h_{t-1} + b_hf)
//	g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)
//	o_t = σ(W_io x_t + b_io + W_ho h_{t-1} + b_ho)
//	c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t
//	h_t = o_t ⊙ tanh(c_t)
//
// and is the next one's input. The weights' rows are those of i, f, g and o in this order. Bidirectional is as in RNN.
//
// With Peephole (Gers and Schmidhuber, 2000; Graves, 2013) the gates see the cell: the arguments of i_t and f_t have
// p_i ⊙ c_{t-1} and p_f ⊙ c_{t-1} added, that of o_t has p_o ⊙ c_t.
//
// With ProjSize P the state is smaller than the cell (Sak et al., 2014): h_t = W_hr (o_t ⊙ tanh(c_t)), W_hr (P, H).
type LSTM struct {
	stack
}

// LSTMConfig are the options of NewLSTM.
type LSTMConfig struct {
	Layers        int // 0: 1
	Bidirectional bool
	BatchFirst    bool // x is (N, T, in) and y (N, T, D P); states are not affected
	NoBias        bool
	Dropout       float64 // probability with which elements of y are zeroed between layers, while training
	ProjSize      int     // 0: no projection; else 1 to hidden-1
	Peephole      bool
}

// NewLSTM returns a network for in features with hidden cells a layer, initialised as PyTorch does: uniform in ±1/√hidden.
// It panics with ErrValue on sizes below 1, a ProjSize that is not below hidden and a Dropout outside [0, 1].
func NewLSTM(g *random.Generator, in, hidden int, cfg LSTMConfig) *LSTM {
	out := hidden
	if cfg.ProjSize != 0 {
		if out = cfg.ProjSize; out < 0 || out >= hidden {
			tensor.Fail("lstm", tensor.ErrValue, nil, "the projection's size %d must lie in [1, %d), below the hidden size", out, hidden)
		}
	}
	l := &LSTM{newStack("lstm", g, 4, in, hidden, out, stackConfig{cfg.Layers, cfg.Bidirectional, cfg.BatchFirst, cfg.NoBias, cfg.Dropout})}
	for _, w := range l.Weights {
		if cfg.ProjSize != 0 {
			w.WeightHR = tensor.NewParam(initialize.TorchDefault(g, hidden, out, hidden))
		}
		if cfg.Peephole {
			w.WeightPeephole = newPeephole(g, hidden)
		}
	}
	return l
}

func newPeephole(g *random.Generator, hidden int) *Param {
	return tensor.NewParam(initialize.TorchDefault(g, hidden, 3, hidden))
}

// LSTMInput is what LSTM takes besides x.
type LSTMInput struct {
	H0, C0  *tensor.Tensor // the first state (L D, N, P) and cell (L D, N, H), P = H without a projection; nil: zeros
	Lengths []int          // see RNNInput
}

// Forward is ForwardWith from a state of zeros.
func (l *LSTM) Forward(x *tensor.Tensor) *tensor.Tensor {
	y, _ := l.run("lstm", x, nil, make([]*tensor.Tensor, 2), l.sizes(), applyLSTM)
	return y
}

// ForwardWith maps x (T, N, in) to y (T, N, D P), the last layer's state at each step, and to the last state hn (L D, N, P)
// and cell cn (L D, N, H). Without N in x, H0 and C0 there is none in y, hn and cn. It panics with ErrShape on sizes that do
// not fit or T = 0, and with ErrValue on lengths out of range.
func (l *LSTM) ForwardWith(x *tensor.Tensor, in LSTMInput) (y, hn, cn *tensor.Tensor) {
	y, final := l.run("lstm", x, in.Lengths, []*tensor.Tensor{in.H0, in.C0}, l.sizes(), applyLSTM)
	return y, final(0), final(1)
}

func (l *LSTM) sizes() []int { return lstmSizes(l.Weights[0]) }

// lstmSizes returns the sizes of state and cell.
func lstmSizes(w *RNNWeights) []int { return []int{w.WeightHH.Dim(1), w.WeightHH.Dim(0) / 4} }

func applyLSTM(w *RNNWeights, s sequence, x *tensor.Tensor, state []*tensor.Tensor) []*tensor.Tensor {
	in := []*tensor.Tensor{x, w.WeightIH.Tensor, w.WeightHH.Tensor, w.bias(), state[0], state[1]}
	if w.WeightPeephole != nil {
		in = append(in, w.WeightPeephole.Tensor)
	}
	if w.WeightHR != nil {
		in = append(in, w.WeightHR.Tensor)
	}
	return tensor.Apply(lstmOp{s, w.WeightPeephole != nil, w.WeightHR != nil}, in...)
}

// LSTMCell is one step of an LSTM layer.
type LSTMCell struct {
	RNNWeights
}

// LSTMCellConfig are the options of NewLSTMCell.
type LSTMCellConfig struct {
	NoBias   bool
	Peephole bool
}

// NewLSTMCell returns a cell for in features with hidden units; see NewLSTM.
func NewLSTMCell(g *random.Generator, in, hidden int, cfg LSTMCellConfig) *LSTMCell {
	l := &LSTMCell{*newWeights("lstm_cell", g, 4, in, hidden, hidden, cfg.NoBias)}
	if cfg.Peephole {
		l.WeightPeephole = newPeephole(g, hidden)
	}
	return l
}

// Forward maps x (N, in), the state h (N, H) and the cell c (N, H), nil for zeros, to the next state and cell. N may be absent
// in all.
func (l *LSTMCell) Forward(x, h, c *tensor.Tensor) (hn, cn *tensor.Tensor) {
	s := oneStep("lstm_cell", &l.RNNWeights, x, []*tensor.Tensor{h, c}, lstmSizes(&l.RNNWeights), applyLSTM)
	return s[0], s[1]
}
