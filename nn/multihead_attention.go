package nn

import (
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// MultiheadAttention projects queries, keys and values, attends in several heads at once and projects what they found
// (Vaswani et al., 2017):
//
//	y = concat(head₁, ..., head_H) W_Oᵀ + b_O,  head_i = attention(q W_Q,iᵀ + b, k W_K,iᵀ + b, v W_V,iᵀ + b)
//
// With fewer key and value heads than query heads each serves a group (Ainslie et al., 2023). Parameters have PyTorch's
// names and shapes.
type MultiheadAttention struct {
	QProjWeight  *Param // (E, E); those of q, k and v apart only where KDim or VDim differ from E
	KProjWeight  *Param // (HKV·D, KDim), D = E/H
	VProjWeight  *Param // (HKV·D, VDim)
	InProjWeight *Param // (E + 2 HKV·D, E): those of q, k and v, one below the other
	InProjBias   *Param // (E + 2 HKV·D,), or nil
	BiasK, BiasV *Param // (1, 1, HKV·D): a key and a value that every query meets, or nil
	OutProj      *Linear
	Heads        int
	KVHeads      int // HKV, as many as Heads or a divisor
	AddZeroAttn  bool
	BatchFirst   bool
	Rotary       *Rotary // turns queries and keys by their positions; nil: none
	DropoutP     float64
	Generator    *random.Generator // draws the dropout
	Mode         Mode
}

// MultiheadAttentionConfig are the options of NewMultiheadAttention.
type MultiheadAttentionConfig struct {
	KVHeads     int     // 0: as many as heads
	Dropout     float64 // of elements of the softmax
	NoBias      bool
	AddBiasKV   bool // learned key and value after the others
	AddZeroAttn bool // a key and a value of zeros after the others
	KDim, VDim  int  // elements of keys and values; 0: as of queries
	// BatchFirst: inputs and output are (N, L, E), as in PyTorch's option; otherwise (L, N, E).
	BatchFirst bool
	Rotary     *Rotary
}

// NewMultiheadAttention returns a layer for queries of embed elements, initialised as PyTorch does: projections in by
// Xavier's uniform distribution, biases 0. It panics with ErrValue on numbers that are not positive or do not divide each
// other.
func NewMultiheadAttention(g *random.Generator, embed, heads int, cfg MultiheadAttentionConfig) *MultiheadAttention {
	m := &MultiheadAttention{Heads: heads, KVHeads: cfg.KVHeads, AddZeroAttn: cfg.AddZeroAttn, BatchFirst: cfg.BatchFirst, Rotary: cfg.Rotary}
	if m.KVHeads == 0 {
		m.KVHeads = heads
	}
	if embed < 1 || heads < 1 || m.KVHeads < 1 || cfg.KDim < 0 || cfg.VDim < 0 || embed%heads != 0 || heads%m.KVHeads != 0 {
		tensor.Fail("multihead_attention", tensor.ErrValue, nil, "%d heads must divide the %d elements and %d key heads the heads", heads, embed, m.KVHeads)
	}
	drop := NewDropout(g, cfg.Dropout)
	m.DropoutP, m.Generator = drop.P, drop.Generator
	kv := embed / heads * m.KVHeads
	xavier := func(out, in int) *Param { return tensor.NewParam(initialize.XavierUniform(g, 1, out, in)) }
	kdim, vdim := cfg.KDim, cfg.VDim
	if kdim == 0 {
		kdim = embed
	}
	if vdim == 0 {
		vdim = embed
	}
	if kdim == embed && vdim == embed {
		m.InProjWeight = xavier(embed+2*kv, embed)
	} else {
		m.QProjWeight, m.KProjWeight, m.VProjWeight = xavier(embed, embed), xavier(kv, kdim), xavier(kv, vdim)
	}
	m.OutProj = NewLinear(g, embed, embed, LinearConfig{NoBias: cfg.NoBias})
	if !cfg.NoBias {
		m.InProjBias = tensor.NewParam(tensor.Zeros(embed + 2*kv))
		m.OutProj.Bias = tensor.NewParam(tensor.Zeros(embed))
	}
	if cfg.AddBiasKV {
		m.BiasK = tensor.NewParam(initialize.XavierNormal(g, 1, 1, 1, kv))
		m.BiasV = tensor.NewParam(initialize.XavierNormal(g, 1, 1, 1, kv))
	}
	return m
}

// AttendConfig are the options of MultiheadAttention.Attend. Masks are as in PyTorch: true leaves a key out.
type AttendConfig struct {
	KeyPaddingMask *tensor.Tensor // bool (N, S): true for keys that are padding
	// AttnMask is bool, true for keys that a query must not meet, or of numbers to add to the scores. Its shape is (L, S), (N·H,
	// L, S) or four dimensions that broadcast to (N, H, L, S).
	AttnMask *tensor.Tensor
	Causal   bool // a query meets keys up to its own position; with a cache, that in the cache
	// Cache keeps keys and values: those of this call are appended, and queries meet all of them. With nil k and v the call
	// uses what is in the cache, as a decoder does with the memory of an encoder. S counts all keys.
	Cache *KVCache
	// NeedWeights returns the softmax as well, which costs the memory that the fused form saves: averaged over the heads (N, L,
	// S), or with PerHead (N, H, L, S).
	NeedWeights, PerHead bool
}

// Forward is self-attention: Attend(x, x, x).
func (m *MultiheadAttention) Forward(x *tensor.Tensor) *tensor.Tensor {
	y, _ := m.Attend(x, x, x, AttendConfig{})
	return y
}

// Attend maps q (L, N, E), k (S, N, KDim) and v (S, N, VDim) to y (L, N, E); with BatchFirst N comes first, and without a batch
// it is left out. weights is nil unless asked for. It panics with ErrShape where shapes do not fit, as
// ScaledDotProductAttention does, and with ErrValue when a cache is full.
func (m *MultiheadAttention) Attend(q, k, v *tensor.Tensor, cfg AttendConfig) (y, weights *tensor.Tensor) {
	if alone := q.Rank() == 2; alone {
		batch := 1
		if m.BatchFirst {
			batch = 0
		}
		same := k == q && v == q
		q = q.Unsqueeze(batch)
		if same {
			k, v = q, q
		} else if k != nil && v != nil {
			k, v = k.Unsqueeze(batch), v.Unsqueeze(batch)
		}
		if p := cfg.KeyPaddingMask; p != nil && p.Rank() == 1 {
			cfg.KeyPaddingMask = p.Unsqueeze(0)
		}
		if y, weights = m.Attend(q, k, v, cfg); weights != nil {
			weights = weights.Squeeze(0)
		}
		return y.Squeeze(batch), weights
	}
	before := 0
	if cfg.Cache != nil {
		before = cfg.Cache.Len()
	}
	cross := cfg.Cache != nil && k == nil && v == nil
	qh, kh, vh := m.project(q, k, v, cross)
	if m.Rotary != nil {
		qh = m.Rotary.Rotate(qh, before)
		if !cross {
			kh = m.Rotary.Rotate(kh, before)
		}
	}
	if c := cfg.Cache; c != nil {
		if !cross {
			if err := c.Append(kh, vh); err != nil {
				tensor.Fail("multihead_attention", tensor.ErrValue, nil, "%v", err)
			}
		}
		kh, vh = c.Keys(), c.Values()
	}
	a := m.masks(qh, kh, cfg)
	a.Causal = cfg.Causal
	if a.Causal && !cross {
		a.Offset = before
	}
	kh, vh, a = m.extraKeys(qh, kh, vh, a)
	if m.Mode == Train && m.DropoutP > 0 {
		a.DropoutP, a.DropoutKey = m.DropoutP, key(m.Generator)
	}
	var heads *tensor.Tensor
	if cfg.NeedWeights {
		heads, weights = attentionWithWeights(qh, kh, vh, a)
		if !cfg.PerHead {
			weights = weights.Mean(1)
		}
	} else {
		heads = ScaledDotProductAttention(qh, kh, vh, a)
	}
	n, l := qh.Dim(0), qh.Dim(2)
	if m.BatchFirst {
		y = heads.Permute(0, 2, 1, 3).Reshape(n, l, m.Heads*heads.Dim(3))
	} else {
		y = heads.Permute(2, 0, 1, 3).Reshape(l, n, m.Heads*heads.Dim(3))
	}
	return m.OutProj.Forward(y), weights
}

// project returns the heads of q (N, H, L, D), k and v (N, HKV, S, D), of which cross needs q alone.
func (m *MultiheadAttention) project(q, k, v *tensor.Tensor, cross bool) (qh, kh, vh *tensor.Tensor) {
	if !cross && (k == nil || v == nil) {
		tensor.Fail("multihead_attention", tensor.ErrValue, nil, "k and v are nil without a cache that holds them")
	}
	d := m.OutProj.Weight.Dim(0) / m.Heads
	sizes := []int{m.Heads * d, m.KVHeads * d, m.KVHeads * d}
	if m.InProjWeight != nil && q == k && k == v {
		parts := m.heads(tensor.Linear(m.batched(q), m.InProjWeight.Tensor, optional(m.InProjBias)), d).Split(1, m.Heads, m.KVHeads, m.KVHeads)
		return parts[0], parts[1], parts[2]
	}
	w := []*tensor.Tensor{optional(m.QProjWeight), optional(m.KProjWeight), optional(m.VProjWeight)}
	if m.InProjWeight != nil {
		w = m.InProjWeight.Split(0, sizes...)
	}
	b := make([]*tensor.Tensor, 3)
	if m.InProjBias != nil {
		b = m.InProjBias.Split(0, sizes...)
	}
	qh = m.heads(tensor.Linear(m.batched(q), w[0], b[0]), d)
	if cross {
		return qh, nil, nil
	}
	kh = m.heads(tensor.Linear(m.batched(k), w[1], b[1]), d)
	return qh, kh, m.heads(tensor.Linear(m.batched(v), w[2], b[2]), d)
}

// batched panics unless x has three dimensions.
func (m *MultiheadAttention) batched(x *tensor.Tensor) *tensor.Tensor {
	if x.Rank() != 3 {
		tensor.Fail("multihead_attention", tensor.ErrShape, []tensor.Shape{x.Shape()}, "inputs must be (L, N, E), or (N, L, E) with BatchFirst, or all (L, E)")
	}
	return x
}

// heads cuts the last dimension into heads of d elements: (N, heads, L, d), a view.
func (m *MultiheadAttention) heads(x *tensor.Tensor, d int) *tensor.Tensor {
	x = x.Reshape(x.Dim(0), x.Dim(1), x.Dim(2)/d, d)
	if m.BatchFirst {
		return x.Permute(0, 2, 1, 3)
	}
	return x.Permute(1, 2, 0, 3)
}

// masks returns the masks as ScaledDotProductAttention takes them.
func (m *MultiheadAttention) masks(q, k *tensor.Tensor, cfg AttendConfig) (a AttentionConfig) {
	n, l, s := q.Dim(0), q.Dim(2), k.Dim(2)
	a.KeyPaddingMask = cfg.KeyPaddingMask
	mask := cfg.AttnMask
	if mask == nil {
		return a
	}
	switch {
	case mask.Rank() == 3 && mask.Shape() == tensor.ShapeOf(n*m.Heads, l, s):
		mask = mask.Reshape(n, m.Heads, l, s)
	case mask.Rank() != 4 && mask.Shape() != tensor.ShapeOf(l, s):
		tensor.Fail("multihead_attention", tensor.ErrShape, []tensor.Shape{mask.Shape()}, "the attention mask must be (L, S), (N·H, L, S) or of four dimensions, with N = %d, H = %d, L = %d, S = %d", n, m.Heads, l, s)
	}
	if mask.DType() == tensor.Bool {
		a.AttnMask = mask.LogicalNot()
	} else {
		a.AttnBias = mask
	}
	return a
}

// extraKeys appends the learned key and that of zeros, which no mask leaves out.
func (m *MultiheadAttention) extraKeys(q, k, v *tensor.Tensor, a AttentionConfig) (_, _ *tensor.Tensor, _ AttentionConfig) {
	n, h, d, s := k.Dim(0), k.Dim(1), k.Dim(3), k.Dim(2)
	f := tensor.With(k.DType()).On(k.Device())
	ks, vs := []*tensor.Tensor{k}, []*tensor.Tensor{v}
	if m.BiasK != nil {
		ks = append(ks, m.BiasK.Reshape(1, h, 1, d).Expand(n, h, 1, d))
		vs = append(vs, m.BiasV.Reshape(1, h, 1, d).Expand(n, h, 1, d))
	}
	if m.AddZeroAttn {
		ks, vs = append(ks, f.Zeros(n, h, 1, d)), append(vs, f.Zeros(n, h, 1, d))
	}
	extra := len(ks) - 1
	if extra == 0 {
		return k, v, a
	}
	if a.Causal {
		seen := tensor.With(tensor.Float32).On(k.Device()).Ones(q.Dim(2), s).Tril(a.Offset).To(tensor.Bool)
		if a.AttnMask != nil {
			seen = seen.LogicalAnd(a.AttnMask)
		}
		a.AttnMask, a.Causal, a.Offset = seen, false, 0
	}
	widen := func(t *tensor.Tensor, fill float64) *tensor.Tensor {
		if t == nil {
			return t
		}
		t = t.ExpandTo(t.Shape().With(-1, s))
		dims := t.Shape().Dims()
		dims[len(dims)-1] = extra
		return tensor.Concat(-1, t, tensor.With(t.DType()).On(t.Device()).Full(fill, dims...))
	}
	a.AttnMask, a.AttnBias, a.KeyPaddingMask = widen(a.AttnMask, 1), widen(a.AttnBias, 0), widen(a.KeyPaddingMask, 0)
	return tensor.Concat(2, ks...), tensor.Concat(2, vs...), a
}
