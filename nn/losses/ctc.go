package losses

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// CTC returns the connectionist temporal classification loss with blank 0, the mean over the batch of each sequence's
// loss divided by its target's length; see CTCLoss.
func CTC(logProbs, targets, inputLengths, targetLengths *tensor.Tensor) *tensor.Tensor {
	return CTCLoss{}.Of(logProbs, targets, inputLengths, targetLengths)
}

// CTCLoss is the connectionist temporal classification loss (Graves et al., 2006): −ln of the probability that a network
// that emits a label or a blank at each step emits the target, once equal neighbours are merged and then blanks removed,
// summed over all alignments by the forward-backward algorithm in log space.
type CTCLoss struct {
	Blank int // the class of the blank
	// ZeroInfinity makes the loss and gradient of sequences too short for their target 0 in place of infinity.
	ZeroInfinity bool
	// Reduction: Mean divides each loss by its target's length, at least 1, and averages over the batch, as PyTorch does.
	Reduction Reduction
}

// Of takes log-probabilities (T, N, C), such as LogSoftmax gives, Int64 targets (N, S) padded with anything, and the
// Int64 lengths (N,) of inputs, in [0, T], and targets, in [0, S]. It panics with ErrShape or ErrDType on others, and with
// ErrIndex when a length is out of range or a target within its length is the blank or no class.
func (l CTCLoss) Of(logProbs, targets, inputLengths, targetLengths *tensor.Tensor) *tensor.Tensor {
	loss := tensor.Apply1(ctcOp{l.Blank, l.ZeroInfinity}, logProbs, targets, inputLengths, targetLengths)
	if l.Reduction == Mean {
		loss = loss.Div(targetLengths.ClampMin(1).To(loss.DType()))
	}
	return l.Reduction.apply(loss)
}

// ctcOp maps (log-probabilities, targets, input lengths, target lengths) to the losses (N,).
type ctcOp struct {
	blank        int
	zeroInfinity bool
}

func (ctcOp) Name() string        { return "ctc" }
func (ctcOp) Reads() tensor.Reads { return tensor.ReadsAllIn }
func (o ctcOp) Infer(c *tensor.Call) {
	c.Rank(0, 3, "log-probabilities (T, N, C)")
	c.Rank(1, 2, "targets (N, S)")
	x, y := c.Spec(0), c.Spec(1).Shape
	n := x.Shape.Dim(1)
	switch {
	case !x.DType.IsFloat():
		c.Fail(tensor.ErrDType, "the log-probabilities are %v; they must be floating-point", x.DType)
	case y.Dim(0) != n:
		c.Fail(tensor.ErrShape, "%d sequences of log-probabilities, %d targets", n, y.Dim(0))
	case o.blank < 0 || o.blank >= x.Shape.Dim(2):
		c.Fail(tensor.ErrIndex, "the blank, %d, is not one of the %d classes", o.blank, x.Shape.Dim(2))
	}
	for i, what := range []string{"targets", "input lengths", "target lengths"} {
		if d := c.Spec(i + 1).DType; d != tensor.Int64 {
			c.Fail(tensor.ErrDType, "the %s are %v; they must be int64", what, d)
		}
		if s := c.Spec(i + 1).Shape; i > 0 && s != tensor.ShapeOf(n) {
			c.Fail(tensor.ErrShape, "the %s must be (%d,), one for each sequence", what, n)
		}
	}
	c.Output(tensor.ShapeOf(n), x.DType)
	if c.Recording() {
		c.Save(tensor.ShapeOf(n, x.Shape.Dim(0), 2*y.Dim(1)+1), tensor.Float64) // ln of the forward variables
	}
}

// batch returns the sequences of a call whose log-probabilities are input at.
func (o ctcOp) batch(c *tensor.Call, at int) *cpu.CTC {
	x := c.Spec(at).Shape
	ints := func(i int) []int64 { return tensor.Slice[int64](c.X(at + i)) }
	return &cpu.CTC{
		T: x.Dim(0), N: x.Dim(1), C: x.Dim(2), S: c.Spec(at + 1).Shape.Dim(1),
		Targets: ints(1), InLen: ints(2), TargetLen: ints(3), Blank: int64(o.blank), ZeroInfinity: o.zeroInfinity,
	}
}

func (o ctcOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	b := o.batch(c, 0)
	for n := range b.N {
		if l := b.InLen[n]; l < 0 || l > int64(b.T) {
			c.Fail(tensor.ErrIndex, "input length %d of sequence %d is not in [0, %d]", l, n, b.T)
		}
		if l := b.TargetLen[n]; l < 0 || l > int64(b.S) {
			c.Fail(tensor.ErrIndex, "target length %d of sequence %d is not in [0, %d]", l, n, b.S)
		}
		for s, l := range b.Targets[n*b.S:][:b.TargetLen[n]] {
			if l < 0 || l >= int64(b.C) || l == b.Blank {
				c.Fail(tensor.ErrIndex, "target %d of sequence %d is %d, the blank or not a class in [0, %d)", s, n, l, b.C)
			}
		}
	}
	var alpha []float64
	if c.Recording() {
		alpha = tensor.Slice[float64](c.S(0))
	}
	if c.In[0].DType() == tensor.Float64 {
		cpu.CTCLoss(b, tensor.Slice[float64](c.X(0)), tensor.Slice[float64](c.Y(0)), alpha)
	} else {
		cpu.CTCLoss(b, tensor.Slice[float32](c.X(0)), tensor.Slice[float32](c.Y(0)), alpha)
	}
	return true
}

func (o ctcOp) VJP(b *tensor.Back) []*tensor.Tensor {
	return b.Give(tensor.Apply1(ctcGradOp(o), b.Dout(0), b.In(0), b.In(1), b.In(2), b.In(3), b.Saved(0)), nil, nil, nil)
}

// Lower walks the forward variables step by step; what is impossible has the logarithm never.
func (o ctcOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	const never = -1e30
	x := in[0].To(tensor.Promote(in[0].DType(), tensor.Float32)) // float16 does not hold never
	steps, n, states := x.Dim(0), x.Dim(1), 2*in[1].Dim(1)+1
	targets, inLen, targetLen := tensor.Data[int64](in[1].Detach()), tensor.Data[int64](in[2].Detach()), tensor.Data[int64](in[3].Detach())
	labels, nothing, first := make([]int64, n*states), make([]float64, n*states), make([]float64, n*states)
	skip, last := make([]float64, n*states), make([]float64, n*states)
	live := make([]bool, steps*n)
	for i := range n {
		for s := range states {
			k := i*states + s
			labels[k] = int64(o.blank)
			if l := s / 2; s%2 == 1 && l < int(targetLen[i]) {
				labels[k] = targets[i*in[1].Dim(1)+l]
			}
			nothing[k], first[k], skip[k], last[k] = never, never, never, never
			if s == 0 {
				nothing[k] = 0 // before the first step
			}
			if s < 2 {
				first[k] = 0
			}
			if s%2 == 1 && s > 1 && labels[k] != labels[k-2] {
				skip[k] = 0
			}
			if end := 2 * int(targetLen[i]); s == end || s == end-1 {
				last[k] = 0
			}
		}
		for t := range steps {
			live[t*n+i] = t < int(inLen[i])
		}
	}
	constant := func(v []float64) *tensor.Tensor { return tensor.Of(v, n, states).To(x.DType()) }
	index := tensor.Of(labels, 1, n, states).Expand(steps, n, states)
	emit := x.Gather(2, index)
	before := tensor.With(x.DType()).Full(never, n, 2)
	a := constant(nothing)
	for t := range steps {
		e := emit.Select(0, t)
		on := tensor.Of(live, steps, n).Select(0, t).Unsqueeze(1)
		if t == 0 {
			a = tensor.Where(on, e.Add(constant(first)), a)
			continue
		}
		padded := tensor.Concat(1, before, a)
		ways := tensor.Stack(0, a, padded.Narrow(1, 1, states), padded.Narrow(1, 0, states).Add(constant(skip)))
		a = tensor.Where(on, ways.LogSumExp(0).Add(e), a)
	}
	impossible := math.Inf(1)
	if o.zeroInfinity {
		impossible = 0
	}
	loss := a.Add(constant(last)).LogSumExp(1).Neg()
	return []*tensor.Tensor{loss.MaskedFill(loss.Detach().GtScalar(-never/2), impossible).To(in[0].DType())}
}

// ctcGradOp maps (dloss, log-probabilities, targets, input lengths, target lengths, forward variables) to the gradient of
// the log-probabilities.
type ctcGradOp ctcOp

func (ctcGradOp) Name() string        { return "ctc_grad" }
func (ctcGradOp) Reads() tensor.Reads { return tensor.ReadsAllIn }
func (ctcGradOp) Infer(c *tensor.Call) {
	c.Output(c.Spec(1).Shape, c.Spec(1).DType)
}
func (o ctcGradOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	b, alpha := ctcOp(o).batch(c, 1), tensor.Slice[float64](c.X(5))
	if c.In[1].DType() == tensor.Float64 {
		cpu.CTCGrad(b, tensor.Slice[float64](c.X(0)), tensor.Slice[float64](c.X(1)), tensor.Slice[float64](c.Y(0)), alpha)
	} else {
		cpu.CTCGrad(b, tensor.Slice[float32](c.X(0)), tensor.Slice[float32](c.X(1)), tensor.Slice[float32](c.Y(0)), alpha)
	}
	return true
}
func (ctcGradOp) VJP(b *tensor.Back) []*tensor.Tensor { return tensor.LowerVJP(b) }

// Lower is the recorded gradient of ctcOp's Lower, which flows through the log-probabilities alone.
func (o ctcGradOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	x := in[1]
	if !x.RequiresGrad() {
		x = x.RequireGrad()
	}
	loss := ctcOp(o).Lower([]*tensor.Tensor{x, in[2], in[3], in[4]})
	return tensor.Gradients(loss, in[:1], []*tensor.Tensor{x}, true, true)
}
