package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// DropoutLSTM is an LSTM with noise on its recurrent connections while training. With masks z of dropout (0 with probability p, else
// 1/(1−p)) and m of zoneout (1 with probability p, else 0) each layer computes
//
//	i, f, o = σ(W x̃_t + b + W_h h̃_{t-1} + b_h), g = tanh(...)    of x̃_t = z_x ⊙ x_t and h̃_{t-1} = z_h ⊙ h_{t-1}
//	ĉ_t = f ⊙ (z_c ⊙ c_{t-1}) + i ⊙ (z_g ⊙ g)
//	ĥ_t = o ⊙ tanh(ĉ_t)
//	c_t = m_c ⊙ c_{t-1} + (1 − m_c) ⊙ ĉ_t
//	h_t = m_h ⊙ h_{t-1} + (1 − m_h) ⊙ ĥ_t
//
// The masks of dropout are drawn once for each sequence and layer and are the same at all steps, or at each step anew with PerStep;
// those of zoneout always are anew. An Eval module drops nothing, and has the expectation p of m in its place.
//
// The configurations that were published, p being about 0.2 to 0.5:
//
//	{Input: p, PerStep: true}               non-recurrent connections alone (Zaremba, Sutskever and Vinyals, 2014)
//	{Input: p, Hidden: p}                   variational dropout (Gal and Ghahramani, 2016), masks shared by the gates
//	{Cell: p}                               nearly RNNDrop (Moon et al., 2015), where ĥ_t reads the masked cell too
//	{Candidate: p}, PerStep or not          recurrent dropout (Semeniuta, Severyn and Barth, 2016)
//	{ZoneoutCell: 0.5, ZoneoutHidden: 0.05} zoneout (Krueger et al., 2017)
//
// Hidden or Cell with PerStep forgets: what the state holds lives for 1/p steps. That is what the others avoid.
//
// The weights are those of LSTM, names and all: a state saved from one loads into the other. Without noise, as an Eval module has none
// but zoneout's, it is as fast as LSTM; with noise it goes step by step.
type DropoutLSTM struct {
	stack
	Noise     RecurrentNoise
	Generator *random.Generator // draws the masks; saved with a run's state
	Mode      Mode
}

// RecurrentNoise are the probabilities of DropoutLSTM's masks, each in [0, 1]; 0 is none.
type RecurrentNoise struct {
	Input         float64 // z_x, on the input of each layer
	Hidden        float64 // z_h, on the state before
	Cell          float64 // z_c, on the cell before
	Candidate     float64 // z_g, on what is added to the cell
	ZoneoutHidden float64 // m_h: units that keep their state
	ZoneoutCell   float64 // m_c: cells that keep their content
	PerStep       bool    // z are drawn anew at each step
}

// DropoutLSTMConfig are the options of NewDropoutLSTM.
type DropoutLSTMConfig struct {
	RecurrentNoise
	Layers        int // 0: 1
	Bidirectional bool
	BatchFirst    bool // x is (N, T, in) and y (N, T, D H); states are not affected
	NoBias        bool
}

// NewDropoutLSTM returns a network for in features with hidden cells a layer, initialised as LSTM is. Its masks come from a child of
// g. It panics with ErrValue on sizes below 1 and probabilities outside [0, 1].
func NewDropoutLSTM(g *random.Generator, in, hidden int, cfg DropoutLSTMConfig) *DropoutLSTM {
	n := cfg.RecurrentNoise
	for _, p := range []float64{n.Input, n.Hidden, n.Cell, n.Candidate, n.ZoneoutHidden, n.ZoneoutCell} {
		if !(p >= 0 && p <= 1) {
			tensor.Fail("dropout_lstm", tensor.ErrValue, nil, "the probability %v must lie in [0, 1]", p)
		}
	}
	layers := newStack("dropout_lstm", g, 4, in, hidden, hidden, stackConfig{cfg.Layers, cfg.Bidirectional, cfg.BatchFirst, cfg.NoBias, 0})
	return &DropoutLSTM{stack: layers, Noise: n, Generator: g.Split()}
}

// Forward is ForwardWith from a state of zeros.
func (l *DropoutLSTM) Forward(x *tensor.Tensor) *tensor.Tensor {
	y, _ := l.run("dropout_lstm", x, nil, make([]*tensor.Tensor, 2), lstmSizes(l.Weights[0]), l.apply)
	return y
}

// ForwardWith maps x (T, N, in) to y (T, N, D H), the last layer's state at each step, and to the last state hn (L D, N, H) and cell
// cn (L D, N, H), as LSTM's does.
func (l *DropoutLSTM) ForwardWith(x *tensor.Tensor, in LSTMInput) (y, hn, cn *tensor.Tensor) {
	y, final := l.run("dropout_lstm", x, in.Lengths, []*tensor.Tensor{in.H0, in.C0}, lstmSizes(l.Weights[0]), l.apply)
	return y, final(0), final(1)
}

// apply is one layer in one direction.
func (l *DropoutLSTM) apply(w *RNNWeights, s sequence, x *tensor.Tensor, state []*tensor.Tensor) []*tensor.Tensor {
	n := l.Noise
	if l.Mode == Infer {
		n.Input, n.Hidden, n.Cell, n.Candidate = 0, 0, 0, 0
	}
	steps, h, c := x.Dim(0), state[0], state[1]
	hidden := c.Dim(1)
	if n.Input > 0 {
		x = x.Mul(l.masks(n.Input, x, x.Dim(2)))
	}
	if n.Hidden == 0 && n.Cell == 0 && n.Candidate == 0 && n.ZoneoutHidden == 0 && n.ZoneoutCell == 0 {
		return applyLSTM(w, s, x, state)
	}
	zh, zc, zg := l.each(n.Hidden, x, hidden), l.each(n.Cell, x, hidden), l.each(n.Candidate, x, hidden)
	uh, uc := l.updates(n.ZoneoutHidden, x, hidden), l.updates(n.ZoneoutCell, x, hidden)

	xs, wh := tensor.Linear(x, w.WeightIH.Tensor, w.bias()).Unbind(0), w.WeightHH.T()
	ys, cs := make([]*tensor.Tensor, steps), make([]*tensor.Tensor, steps)
	for _, t := range s.order(steps) {
		a := xs[t].Add(zh(h, t).MatMul(wh)).Chunk(1, 4)
		cell := a[1].Sigmoid().Mul(zc(c, t)).Add(a[0].Sigmoid().Mul(zg(a[2].Tanh(), t)))
		y := a[3].Sigmoid().Mul(cell.Tanh())
		y, cell = uh(h, y, t), uc(c, cell, t)
		ys[t], cs[t] = s.keep(t, y, tensor.ZerosLike(y)), s.keep(t, cell, tensor.ZerosLike(cell))
		h, c = s.keep(t, y, h), s.keep(t, cell, c)
	}
	return []*tensor.Tensor{tensor.Stack(0, ys...), tensor.Stack(0, cs...)}
}

// masks draws a mask of dropout for the steps of x (T, N, in): (T, N, size), or (1, N, size) for all steps.
func (l *DropoutLSTM) masks(p float64, x *tensor.Tensor, size int) *tensor.Tensor {
	steps := 1
	if l.Noise.PerStep {
		steps = x.Dim(0)
	}
	return tensor.With(x.DType()).On(x.Device()).Ones(steps, x.Dim(1), size).Dropout(p, key(l.Generator))
}

// each returns what applies a mask of dropout to v (N, size) at step t.
func (l *DropoutLSTM) each(p float64, x *tensor.Tensor, size int) func(v *tensor.Tensor, t int) *tensor.Tensor {
	if p == 0 {
		return func(v *tensor.Tensor, _ int) *tensor.Tensor { return v }
	}
	z := l.masks(p, x, size).Unbind(0)
	return func(v *tensor.Tensor, t int) *tensor.Tensor { return v.Mul(z[t%len(z)]) }
}

// updates returns what keeps the units of old that a mask of zoneout chooses and takes the others from v.
func (l *DropoutLSTM) updates(p float64, x *tensor.Tensor, size int) func(old, v *tensor.Tensor, t int) *tensor.Tensor {
	switch {
	case p == 0:
		return func(_, v *tensor.Tensor, _ int) *tensor.Tensor { return v }
	case l.Mode == Infer:
		return func(old, v *tensor.Tensor, _ int) *tensor.Tensor { return old.MulScalar(p).Add(v.MulScalar(1 - p)) }
	}
	kept := tensor.With(x.DType()).On(x.Device()).Ones(x.Dim(0), x.Dim(1), size).Dropout(p, key(l.Generator)).EqScalar(0).Unbind(0)
	return func(old, v *tensor.Tensor, t int) *tensor.Tensor { return tensor.Where(kept[t], old, v) }
}
