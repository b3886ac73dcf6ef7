package nn

import (
	"fmt"
	"slices"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// RNNWeights are the parameters of a recurrent layer in one direction, or of a cell. G is the number of gates: 1 for RNN, 3
// for GRU (r, z, n), 4 for LSTM (i, f, g, o); H the hidden size, P the projection's, or H without one. Their names are
// PyTorch's, such as weight_ih_l0 and bias_hh_l1_reverse; PyTorch has no peepholes.
type RNNWeights struct {
	WeightIH       *Param // (G H, in)
	WeightHH       *Param // (G H, P)
	BiasIH, BiasHH *Param // (G H,), or nil
	WeightHR       *Param // (P, H), or nil: an LSTM's projection
	WeightPeephole *Param // (3, H), or nil: those of an LSTM's gates i, f and o
	suffix         string
}

func (w *RNNWeights) nameSuffix() string { return w.suffix }

// newWeights returns weights and biases uniform in ±1/√hidden, as PyTorch does.
func newWeights(op string, g *random.Generator, gates, in, hidden, out int, noBias bool) *RNNWeights {
	if in < 1 || hidden < 1 {
		tensor.Fail(op, tensor.ErrValue, nil, "%d inputs and %d hidden units: each must be at least 1", in, hidden)
	}
	uniform := func(dims ...int) *Param { return tensor.NewParam(initialize.TorchDefault(g, hidden, dims...)) }
	w := &RNNWeights{WeightIH: uniform(gates*hidden, in), WeightHH: uniform(gates*hidden, out)}
	if !noBias {
		w.BiasIH, w.BiasHH = uniform(gates*hidden), uniform(gates*hidden)
	}
	return w
}

// biases returns b_ih and b_hh, zeros in place of absent ones.
func (w *RNNWeights) biases() (ih, hh *tensor.Tensor) {
	if w.BiasIH == nil {
		z := tensor.With(w.WeightIH.DType()).On(w.WeightIH.Device()).Zeros(w.WeightIH.Dim(0))
		return z, z
	}
	return w.BiasIH.Tensor, w.BiasHH.Tensor
}

// bias returns b_ih + b_hh.
func (w *RNNWeights) bias() *tensor.Tensor {
	ih, hh := w.biases()
	if w.BiasIH == nil {
		return ih
	}
	return ih.Add(hh)
}

// stack is what RNN, GRU and LSTM have in common.
type stack struct {
	Weights       []*RNNWeights `name:""` // of layer 0, of its reverse direction if there is one, of layer 1, ...
	Dropout       *Dropout      // on the results of all layers but the last; nil for none
	Bidirectional bool
	BatchFirst    bool
}

// stackConfig is what their configurations have in common.
type stackConfig struct {
	layers                            int
	bidirectional, batchFirst, noBias bool
	dropout                           float64
}

func newStack(op string, g *random.Generator, gates, in, hidden, out int, cfg stackConfig) stack {
	if cfg.layers < 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "%d layers: it must be at least 1, or 0 for 1", cfg.layers)
	}
	l := stack{Bidirectional: cfg.bidirectional, BatchFirst: cfg.batchFirst}
	for i := range max(1, cfg.layers) {
		for d := range l.directions() {
			w := newWeights(op, g, gates, in, hidden, out, cfg.noBias)
			w.suffix = fmt.Sprintf("_l%d%s", i, [...]string{"", "_reverse"}[d])
			l.Weights = append(l.Weights, w)
		}
		in = out * l.directions()
	}
	if cfg.dropout != 0 {
		l.Dropout = NewDropout(g, cfg.dropout)
	}
	return l
}

func (l *stack) directions() int {
	if l.Bidirectional {
		return 2
	}
	return 1
}

// direction applies one layer in one direction to x (T, N, in) from a state of (N, size) tensors, and returns those of every
// step as (T, N, size), the layer's results first.
type direction func(w *RNNWeights, s sequence, x *tensor.Tensor, state []*tensor.Tensor) []*tensor.Tensor

// run applies all layers. states are the first ones, (layers·directions, N, size), nil for zeros; final returns the last
// ones in the same form.
func (l *stack) run(op string, x *tensor.Tensor, lengths []int, states []*tensor.Tensor, sizes []int, apply direction) (y *tensor.Tensor, final func(i int) *tensor.Tensor) {
	batched := x.Rank() == 3
	time := 0
	switch {
	case batched && l.BatchFirst:
		time = 1
		x = x.Transpose(0, 1)
	case x.Rank() == 2:
		x = x.Unsqueeze(1)
	case !batched:
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "the input must be (T, N, in), (N, T, in) with BatchFirst, or (T, in)")
	}
	first := make([][]*tensor.Tensor, len(states)) // by state, then by layer and direction
	for i, s := range states {
		first[i] = l.firstStates(op, x, s, sizes[i], batched)
	}
	lengths = checkLengths(op, x, lengths)
	steps := make([][]*tensor.Tensor, len(states)) // likewise, all steps
	for k := 0; k < len(l.Weights); k += l.directions() {
		if k > 0 && l.Dropout != nil {
			x = l.Dropout.Forward(x)
		}
		var ys []*tensor.Tensor
		for d := range l.directions() {
			state := make([]*tensor.Tensor, len(states))
			for i := range state {
				state[i] = first[i][k+d]
			}
			out := apply(l.Weights[k+d], sequence{lengths, d == 1}, x, state)
			ys = append(ys, out[0])
			for i := range steps {
				steps[i] = append(steps[i], out[i])
			}
		}
		x = tensor.Concat(2, ys...)
	}
	final = func(i int) *tensor.Tensor {
		last := make([]*tensor.Tensor, len(l.Weights))
		for k, all := range steps[i] {
			last[k] = sequence{lengths, l.Bidirectional && k%2 == 1}.last(all)
		}
		s := tensor.Stack(0, last...)
		if !batched {
			s = s.Squeeze(1)
		}
		return s
	}
	if !batched {
		return x.Squeeze(1), final
	}
	return x.Transpose(0, time), final
}

// firstStates returns the first state of each layer and direction.
func (l *stack) firstStates(op string, x, s *tensor.Tensor, size int, batched bool) []*tensor.Tensor {
	if s == nil {
		z := tensor.With(x.DType()).On(x.Device()).Zeros(x.Dim(1), size)
		return slices.Repeat([]*tensor.Tensor{z}, len(l.Weights))
	}
	want := tensor.ShapeOf(len(l.Weights), x.Dim(1), size)
	if !batched {
		want = tensor.ShapeOf(len(l.Weights), size)
	}
	if s.Shape() != want {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape(), s.Shape()}, "the first state must be (layers·directions, N, size) = %v, without N for an input without", want)
	}
	if !batched {
		s = s.Unsqueeze(1)
	}
	return s.Unbind(0)
}

// checkLengths returns a copy of the lengths, nil when they say nothing.
func checkLengths(op string, x *tensor.Tensor, lengths []int) []int {
	steps, n := x.Dim(0), x.Dim(1)
	if steps == 0 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "the sequence has no steps")
	}
	if lengths == nil {
		return nil
	}
	if len(lengths) != n {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "%d lengths for %d samples", len(lengths), n)
	}
	all := true
	for i, t := range lengths {
		if t < 1 || t > steps {
			tensor.Fail(op, tensor.ErrValue, []tensor.Shape{x.Shape()}, "length %d of sample %d must lie in [1, %d]", t, i, steps)
		}
		all = all && t == steps
	}
	if all {
		return nil
	}
	return slices.Clone(lengths)
}

// sequence is the static part of a recurrent op: which steps of x (T, N, in) each sample has, and the direction.
type sequence struct {
	lengths []int // nil: all steps
	reverse bool
}

func (s sequence) of(x tensor.Shape) cpu.Sequence {
	return cpu.Sequence{Steps: x.Dim(0), Batch: x.Dim(1), Lengths: s.lengths, Reverse: s.reverse}
}

// order returns the steps in the order of the direction.
func (s sequence) order(steps int) []int {
	t := make([]int, steps)
	for i := range t {
		t[i] = i
	}
	if s.reverse {
		slices.Reverse(t)
	}
	return t
}

// keep returns y where a sample has step t, and else otherwise; both are (N, size).
func (s sequence) keep(t int, y, otherwise *tensor.Tensor) *tensor.Tensor {
	if s.lengths == nil {
		return y
	}
	has := make([]bool, len(s.lengths))
	for i, n := range s.lengths {
		has[i] = t < n
	}
	return tensor.Where(tensor.Of(has, len(has), 1), y, otherwise)
}

// last returns the rows (N, size) of x (T, N, size) at each sample's last step in the direction.
func (s sequence) last(x *tensor.Tensor) *tensor.Tensor {
	switch {
	case s.reverse:
		return x.Select(0, 0)
	case s.lengths == nil:
		return x.Select(0, -1)
	}
	n := x.Dim(1)
	at := make([]int64, n)
	for i, t := range s.lengths {
		at[i] = int64((t-1)*n + i)
	}
	return x.Reshape(-1, x.Dim(2)).IndexSelect(0, tensor.Of(at))
}

// before returns, at each step, the row of x (T, N, size) at the step before it in the direction, or that of x0 (N, size)
// where the sample starts.
func (s sequence) before(x, x0 *tensor.Tensor) *tensor.Tensor {
	steps, n, first := x.Dim(0), x.Dim(1), x0.Unsqueeze(0)
	switch {
	case !s.reverse:
		return tensor.Concat(0, first, x.Narrow(0, 0, steps-1))
	case s.lengths == nil:
		return tensor.Concat(0, x.Narrow(0, 1, steps-1), first)
	}
	at := make([]int64, steps*n)
	for i := range at {
		at[i] = int64(i + n)
		if i/n == s.lengths[i%n]-1 {
			at[i] = int64(steps*n + i%n)
		}
	}
	all := tensor.Concat(0, x, first).Reshape(-1, x.Dim(2))
	return all.IndexSelect(0, tensor.Of(at)).ReshapeTo(x.Shape())
}

// checkRecurrent panics unless the first inputs are x (T, N, in), W_ih (gates·H, in), W_hh (gates·H, out) and biases
// (gates·H). It returns H and out.
func checkRecurrent(c *tensor.Call, gates, biases int) (hidden, out int) {
	x, ih, hh := c.In[0], c.In[1], c.In[2]
	c.SameDType()
	c.Rank(0, 3, "(T, N, in)")
	c.Rank(1, 2, "W_ih (gates·H, in)")
	c.Rank(2, 2, "W_hh (gates·H, H)")
	hidden, out = hh.Dim(0)/gates, hh.Dim(1)
	switch {
	case x.Dim(2) != ih.Dim(1):
		c.Fail(tensor.ErrShape, "the input has %d features, the layer takes %d", x.Dim(2), ih.Dim(1))
	case ih.Dim(0) != hh.Dim(0) || hidden*gates != hh.Dim(0):
		c.Fail(tensor.ErrShape, "the weights' rows must be %d gates of one hidden size", gates)
	}
	for i := range biases {
		if c.In[3+i].Shape() != tensor.ShapeOf(gates*hidden) {
			c.Fail(tensor.ErrShape, "the biases must be (%d,)", gates*hidden)
		}
	}
	return hidden, out
}

// checkState panics unless input i is (N, size).
func checkState(c *tensor.Call, i, size int) {
	if n := c.In[0].Dim(1); c.In[i].Shape() != tensor.ShapeOf(n, size) {
		c.Fail(tensor.ErrShape, "a state is %v and must be (N, H) = (%d, %d)", c.In[i].Shape(), n, size)
	}
}

// productGrads returns the gradients of x and w in x wᵀ, each if it is wanted, and that of a bias.
func productGrads(dy, x, w *tensor.Tensor, needX, needW, needBias bool) (dx, dw, db *tensor.Tensor) {
	if needX {
		dx = dy.MatMul(w)
	}
	rows := dy.Reshape(-1, dy.Dim(2))
	if needW {
		dw = rows.T().MatMul(x.Reshape(-1, x.Dim(2)))
	}
	if needBias {
		db = rows.Sum(0)
	}
	return dx, dw, db
}

// recurrentFLOPs counts the products of a layer of which y are the results and w the weights.
func recurrentFLOPs(y tensor.Spec, w ...tensor.Spec) (n int64) {
	for _, w := range w {
		n += 2 * int64(y.Shape.Dim(0)) * int64(y.Shape.Dim(1)) * int64(w.Shape.Numel())
	}
	return n
}

// oneStep applies a cell, whose op takes sequences, to x (N, in), or (in) without a batch, and states alike; nil states are zeros.
func oneStep(op string, w *RNNWeights, x *tensor.Tensor, states []*tensor.Tensor, sizes []int, apply direction) []*tensor.Tensor {
	batched := x.Rank() == 2
	if !batched && x.Rank() != 1 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "the input must be (N, in) or (in)")
	}
	if !batched {
		x = x.Unsqueeze(0)
	}
	for i, s := range states {
		switch {
		case s == nil:
			states[i] = tensor.With(x.DType()).On(x.Device()).Zeros(x.Dim(0), sizes[i])
		case !batched:
			states[i] = s.Unsqueeze(0)
		}
	}
	out := apply(w, sequence{}, x.Unsqueeze(0), states)[:len(states)]
	for i, y := range out {
		if out[i] = y.Squeeze(0); !batched {
			out[i] = out[i].Squeeze(0)
		}
	}
	return out
}
