package nn

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// AttentionConfig are the options of ScaledDotProductAttention.
type AttentionConfig struct {
	Scale *float64 // nil: 1/√E
	// Causal leaves out keys j > i+Offset of query i. Offset 0 is PyTorch's is_causal: the diagonal begins in the upper left
	// corner. With n keys in a cache before those of the queries it is n; S−L is the lower right corner.
	Causal bool
	Offset int
	// AttnMask (bool) says with true which keys a query meets, as PyTorch's attn_mask of that dtype does. AttnBias is added to
	// the scores, as PyTorch's attn_mask of floats, and gets a gradient. Both broadcast to (N, H, L, S).
	AttnMask, AttnBias *tensor.Tensor
	// KeyPaddingMask (bool, (N, S)) says with true which keys to leave out, as that of PyTorch's MultiheadAttention.
	KeyPaddingMask *tensor.Tensor
	// DropoutP is the probability of leaving an element of the softmax out, the others being scaled by 1/(1−DropoutP). The key
	// decides which: the same key leaves out the same ones.
	DropoutP   float64
	DropoutKey random.Key
}

// ScaledDotProductAttention returns, for queries q (N, H, L, E), keys k (N, HKV, S, E) and values v (N, HKV, S, EV), the
// (N, H, L, EV) of each head's
//
//	softmax(q kᵀ/√E + bias) v
//
// (Vaswani et al., 2017). Each key head serves H/HKV neighbouring query heads (Ainslie et al., 2023: grouped-query
// attention); HKV = 1 is multi-query attention. A query that no key is left for gives 0 (PyTorch: NaN) and has a gradient of
// 0.
//
// The (L, S) scores are never in memory as a whole, neither here nor in the gradient, which computes them again block by
// block from the logarithms of the softmax's sums (Dao et al., 2022: FlashAttention; Dao, 2023). Second derivatives take
// the long way.
//
// It panics with ErrShape where shapes do not fit, ErrDType unless q, k, v and the bias have one floating-point type
// and masks are bool, and ErrValue when DropoutP is not in [0, 1].
func ScaledDotProductAttention(q, k, v *tensor.Tensor, cfg AttentionConfig) *tensor.Tensor {
	o, in := newAttention(q, k, v, cfg)
	return tensor.Apply1(o, in...)
}

// attentionWithWeights is ScaledDotProductAttention that also returns what v is multiplied with, (N, H, L, S).
func attentionWithWeights(q, k, v *tensor.Tensor, cfg AttentionConfig) (y, p *tensor.Tensor) {
	o, in := newAttention(q, k, v, cfg)
	p = o.softmax(in)
	if o.p > 0 {
		p = p.Dropout(o.p, o.key)
	}
	return p.MatMul(repeatHeads(v, q.Dim(1))), p
}

// newAttention returns the op and its inputs.
func newAttention(q, k, v *tensor.Tensor, cfg AttentionConfig) (attentionOp, []*tensor.Tensor) {
	in := []*tensor.Tensor{q, k, v}
	for _, t := range in {
		if t == nil || t.Rank() != 4 {
			failAttention(in, "q, k and v must be (N, H, L, E), (N, HKV, S, E) and (N, HKV, S, EV)")
		}
	}
	o := attentionOp{causal: cfg.Causal, offset: cfg.Offset, p: cfg.DropoutP, key: cfg.DropoutKey}
	if !(o.p >= 0 && o.p <= 1) {
		tensor.Fail("attention", tensor.ErrValue, nil, "the dropout probability %v must lie in [0, 1]", o.p)
	}
	if !cfg.Causal && cfg.Offset != 0 {
		tensor.Fail("attention", tensor.ErrValue, nil, "Offset %d means nothing without Causal", cfg.Offset)
	}
	o.scale = or(cfg.Scale, 1/math.Sqrt(float64(q.Dim(3))))
	if b := cfg.AttnBias; b != nil {
		o.bias, in = true, append(in, fourDims(b))
	}
	if m := cfg.AttnMask; m != nil {
		o.keep, in = true, append(in, fourDims(m))
	}
	if m := cfg.KeyPaddingMask; m != nil {
		if m.Shape() != tensor.ShapeOf(q.Dim(0), k.Dim(2)) {
			failAttention([]*tensor.Tensor{q, k, v, m}, "the key padding mask must be (N, S), here (%d, %d)", q.Dim(0), k.Dim(2))
		}
		o.drop, in = true, append(in, m.Reshape(q.Dim(0), 1, 1, k.Dim(2)))
	}
	return o, in
}

func failAttention(in []*tensor.Tensor, format string, args ...any) {
	var s []tensor.Shape
	for _, t := range in {
		if t != nil {
			s = append(s, t.Shape())
		}
	}
	tensor.Fail("attention", tensor.ErrShape, s, format, args...)
}

// fourDims puts dimensions of 1 in front of those of a mask.
func fourDims(m *tensor.Tensor) *tensor.Tensor {
	s := m.Shape()
	for s.Rank() < 4 {
		s = s.Insert(0, 1)
	}
	return m.ReshapeTo(s)
}

// attentionOp maps q, k, v and, as the flags say, the bias, the mask of keys to meet and that of keys to leave out, all of
// four dimensions.
type attentionOp struct {
	tensor.AnyStrides
	scale            float64
	causal           bool
	offset           int
	p                float64
	key              random.Key
	bias, keep, drop bool
}

func (attentionOp) Name() string        { return "attention" }
func (attentionOp) Reads() tensor.Reads { return tensor.ReadsAllIn | tensor.ReadsOut }

func (o attentionOp) Infer(c *tensor.Call) {
	q, k, v := c.Spec(0).Shape, c.Spec(1).Shape, c.Spec(2).Shape
	n, h, l, s := q.Dim(0), q.Dim(1), q.Dim(2), k.Dim(2)
	d := c.Spec(0).DType
	if !d.IsFloat() {
		c.Fail(tensor.ErrDType, "%v is not supported here; convert with To(tensor.Float32)", d)
	}
	switch {
	case k.With(3, v.Dim(3)) != v:
		c.Fail(tensor.ErrShape, "k (N, HKV, S, E) and v (N, HKV, S, EV) differ in more than the last size")
	case n != k.Dim(0):
		c.Fail(tensor.ErrShape, "q is of %d samples, k and v of %d", n, k.Dim(0))
	case q.Dim(3) != k.Dim(3):
		c.Fail(tensor.ErrShape, "the elements of queries, %d, and of keys, %d, differ", q.Dim(3), k.Dim(3))
	case q.Dim(3) == 0 || v.Dim(3) == 0 || h == 0 || k.Dim(1) == 0:
		c.Fail(tensor.ErrShape, "the heads and their sizes must not be 0")
	case h%k.Dim(1) != 0:
		c.Fail(tensor.ErrShape, "the %d heads of k and v do not divide the %d of q", k.Dim(1), h)
	}
	full := tensor.ShapeOf(n, h, l, s)
	for i, t := range c.In {
		m, want := t.Shape(), d
		if i > 2 && !(o.bias && i == 3) {
			want = tensor.Bool
		}
		if t.DType() != want {
			c.Fail(tensor.ErrDType, "input %d is %v, it must be %v; convert it with To", i, t.DType(), want)
		}
		if i < 3 {
			continue
		}
		if b, ok := tensor.Broadcast(m, full); !ok || b != full {
			c.Fail(tensor.ErrShape, "the bias or mask %v does not broadcast to the scores, %v", m, full)
		}
	}
	c.Output(q.With(3, v.Dim(3)), d)
	if c.Recording() {
		c.Save(tensor.ShapeOf(n, h, l), tensor.Float64) // logsumexp
	}
}

// FLOPs counts a multiplication and an addition for each term of both products, masked ones too.
func (attentionOp) FLOPs(in, out []tensor.Spec) int64 {
	return 2 * int64(out[0].Shape.Numel()/out[0].Shape.Dim(3)) * int64(in[1].Shape.Dim(2)) * int64(in[0].Shape.Dim(3)+out[0].Shape.Dim(3))
}

func (o attentionOp) Run(d tensor.Device, c *tensor.Call) bool {
	switch {
	case d != tensor.CPU:
		return false
	case c.In[0].DType() == tensor.Float64:
		runAttention[float64](o, c)
	default:
		runAttention[float32](o, c)
	}
	return true
}

func runAttention[T tensor.Float](o attentionOp, c *tensor.Call) {
	a := attentionArgs[T](o, c, 0)
	var lse []float64
	if c.Recording() {
		lse = tensor.Slice[float64](c.S(0))
	}
	cpu.AttentionForward(&a, tensor.Slice[T](c.Y(0)), lse)
}

// attentionArgs describes the inputs from number at on to the kernels.
func attentionArgs[T tensor.Float](o attentionOp, c *tensor.Call, at int) cpu.Attention[T] {
	q, k, v := c.Spec(at).Shape, c.Spec(at+1).Shape, c.Spec(at+2).Shape
	a := cpu.Attention[T]{
		N: q.Dim(0), H: q.Dim(1), HKV: k.Dim(1), L: q.Dim(2), S: k.Dim(2), E: q.Dim(3), EV: v.Dim(3),
		Scale: o.scale, Causal: o.causal, Offset: o.offset,
		Q: headsOf[T](c, at), K: headsOf[T](c, at+1), V: headsOf[T](c, at+2),
		P: o.p, Uniform: func(u []float32, at int) { random.Uniform32(u, o.key, at) },
	}
	at += 3
	if o.bias {
		a.Bias = gridOf[T](c.X(at))
		at++
	}
	if o.keep {
		a.Keep = gridOf[bool](c.X(at))
		at++
	}
	if o.drop {
		a.Drop = gridOf[bool](c.X(at))
	}
	return a
}

// headsOf returns input i as matrices whose rows lie in one piece.
func headsOf[T tensor.Float](c *tensor.Call, i int) cpu.Heads[T] {
	if c.X(i).Strides[3] != 1 {
		c.In[i] = c.In[i].Detach().Contiguous()
	}
	x := c.X(i)
	return cpu.Heads[T]{Data: tensor.Slice[T](x), SN: x.Strides[0], SH: x.Strides[1], Row: x.Strides[2]}
}

func gridOf[T tensor.Elem](x tensor.View) cpu.Grid[T] {
	g := cpu.Grid[T]{Data: tensor.Slice[T](x)}
	for i := range g.Step {
		if x.Shape.Dim(i) > 1 {
			g.Step[i] = x.Strides[i]
		}
	}
	return g
}

func (o attentionOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	p := o.softmax(in)
	if o.p > 0 {
		p = p.Dropout(o.p, o.key)
	}
	return []*tensor.Tensor{p.MatMul(repeatHeads(in[2], in[0].Dim(1)))}
}

// softmax returns the softmax of the scores, (N, H, L, S), with 0 for queries without any key.
func (o attentionOp) softmax(in []*tensor.Tensor) *tensor.Tensor {
	q, k, rest := in[0], in[1], in[3:]
	inf := math.Inf(-1)
	s := q.MatMul(repeatHeads(k, q.Dim(1)).Transpose(2, 3)).MulScalar(o.scale)
	if s.Dim(3) == 0 {
		return s
	}
	if o.bias {
		s, rest = s.Add(rest[0]), rest[1:]
	}
	if o.keep {
		s, rest = s.MaskedFill(rest[0].LogicalNot(), inf), rest[1:]
	}
	if o.drop {
		s = s.MaskedFill(rest[0], inf)
	}
	if o.causal {
		f := tensor.With(tensor.Int64).On(q.Device())
		last := f.Arange(float64(o.offset), float64(o.offset+q.Dim(2)), 1).Unsqueeze(1)
		s = s.MaskedFill(f.Arange(0, float64(k.Dim(2)), 1).Gt(last), inf)
	}
	none := s.Detach().MaxKeepdim(3).EqScalar(inf)
	return s.MaskedFill(none, 0).Softmax(3).MaskedFill(none, 0)
}

// repeatHeads gives each query head its key or value head.
func repeatHeads(k *tensor.Tensor, heads int) *tensor.Tensor {
	if k.Dim(1) == heads {
		return k
	}
	return k.RepeatInterleave(heads/k.Dim(1), 1)
}

func (o attentionOp) VJP(b *tensor.Back) []*tensor.Tensor {
	g := attentionGradOp{attentionOp: o, dbias: o.bias && b.Need(3)}
	in := []*tensor.Tensor{b.Dout(0)}
	for i := range b.NumIn() {
		in = append(in, b.In(i))
	}
	grads := make([]*tensor.Tensor, b.NumIn())
	copy(grads, tensor.Apply(g, append(in, b.Out(0).Detach(), b.Saved(0))...))
	return grads
}
