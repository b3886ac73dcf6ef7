package losses

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// BCE returns the mean binary cross-entropy of probabilities p against targets y in [0, 1]. Where p is σ(x),
// BCEWithLogits(x, y) is faster and more exact.
func BCE(p, y *tensor.Tensor) *tensor.Tensor { return BCELoss{}.Of(p, y) }

// BCELoss is the binary cross-entropy of probabilities with options.
type BCELoss struct {
	Weight    *tensor.Tensor // of each element, broadcast; nil: 1
	Reduction Reduction
}

// Of returns the reduced −w(y ln p + (1−y) ln(1−p)), with logarithms not below −100 as in PyTorch. The shapes are equal.
// It panics with ErrValue when a p is outside [0, 1].
func (l BCELoss) Of(p, y *tensor.Tensor) *tensor.Tensor {
	v := tensor.Apply1(bceOp{}, p, pair("bce", p, y))
	if l.Weight != nil {
		v = v.Mul(weights("bce", l.Weight, p))
	}
	return l.Reduction.apply(v)
}

// bceOp maps (p, y) to −y ln p − (1−y) ln(1−p) elementwise. It is an op for its gradient: that of the logarithms is
// infinite at 0 and 1, which a saturated sigmoid reaches.
type bceOp struct{}

func (bceOp) Name() string { return "bce" }
func (bceOp) Infer(c *tensor.Call) {
	c.Output(c.In[0].Shape(), c.SameDType())
}

// VJP gives (p−y)/(p(1−p)) for p, the denominator not below 1e-12 as in PyTorch, and ln(1−p) − ln p for y.
func (o bceOp) VJP(b *tensor.Back) []*tensor.Tensor {
	g := b.Give(nil, nil)
	p, y, dout := b.In(0), b.In(1), b.Dout(0)
	if b.Need(0) {
		g[0] = dout.Mul(p.Sub(y)).Div(p.Mul(p.RSubScalar(1)).ClampMin(1e-12))
	}
	if b.Need(1) {
		g[1] = dout.Mul(tensor.Apply1(o, p, tensor.OnesLike(p)).Sub(tensor.Apply1(o, p, tensor.ZerosLike(p))))
	}
	return g
}
func (bceOp) Reads() tensor.Reads { return tensor.ReadsAllIn }
func (bceOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	p, y := in[0], in[1]
	pos, neg := p.Log().ClampMin(-100), p.Neg().Log1p().ClampMin(-100)
	return []*tensor.Tensor{y.Mul(pos).Add(y.RSubScalar(1).Mul(neg)).Neg()}
}
func (bceOp) Run(d tensor.Device, c *tensor.Call) bool {
	switch {
	case d != tensor.CPU:
		return false
	case c.In[0].DType() == tensor.Float64:
		bce[float64](c)
	default:
		bce[float32](c)
	}
	return true
}

func bce[T tensor.Float](c *tensor.Call) {
	p, y, out := tensor.Slice[T](c.X(0)), tensor.Slice[T](c.X(1)), tensor.Slice[T](c.Y(0))
	lo, hi, ok := cpu.Extremes(p)
	for i := 0; i < len(p) && !(ok && lo >= 0 && hi <= 1); i++ {
		if v := p[i]; !(v >= 0 && v <= 1) {
			c.Fail(tensor.ErrValue, "element %d of the prediction is %v, not a probability; use BCEWithLogits for logits", i, v)
		}
	}
	cpu.BinaryCrossEntropy(p, y, out)
}

// BCEWithLogits returns the mean binary cross-entropy of σ(x) against targets y in [0, 1], from the logits x.
func BCEWithLogits(x, y *tensor.Tensor) *tensor.Tensor { return BCEWithLogitsLoss{}.Of(x, y) }

// BCEWithLogitsLoss is the binary cross-entropy of logits with options.
type BCEWithLogitsLoss struct {
	Weight    *tensor.Tensor // of each element, broadcast; nil: 1
	PosWeight *tensor.Tensor // of positive targets, broadcast; nil: 1
	Reduction Reduction
}

// Of returns the reduced −w(pos y ln σ(x) + (1−y) ln σ(−x)), which is exact for any x. The shapes are equal.
func (l BCEWithLogitsLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	y = pair("bce_with_logits", x, y)
	pos := y.Mul(x.LogSigmoid())
	if l.PosWeight != nil {
		pos = pos.Mul(weights("bce_with_logits", l.PosWeight, x))
	}
	v := pos.Add(y.RSubScalar(1).Mul(x.Neg().LogSigmoid())).Neg()
	if l.Weight != nil {
		v = v.Mul(weights("bce_with_logits", l.Weight, x))
	}
	return l.Reduction.apply(v)
}
