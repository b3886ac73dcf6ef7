package nn

import (
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// TransformerConfig are the options of the layers of a transformer; the zero value is PyTorch's defaults.
type TransformerConfig struct {
	FeedForward  int      // elements between the two linear layers; 0: 2048
	Dropout      *float64 // nil: 0.1
	Activation   Layer    // between them; nil: ReLU
	LayerNormEps float64  // 0: 1e-5
	// NormFirst: each part is x + f(norm(x)) instead of norm(x + f(x)) (Xiong et al., 2020).
	NormFirst  bool
	BatchFirst bool // inputs are (N, L, D), otherwise (L, N, D)
	NoBias     bool
	KVHeads    int     // of self-attention; 0: as many as heads
	Rotary     *Rotary // positions in self-attention; nil: none
}

func (c TransformerConfig) attention(g *random.Generator, d, heads int, self bool) *MultiheadAttention {
	m := MultiheadAttentionConfig{Dropout: or(c.Dropout, 0.1), BatchFirst: c.BatchFirst, NoBias: c.NoBias}
	if self {
		m.KVHeads, m.Rotary = c.KVHeads, c.Rotary
	}
	return NewMultiheadAttention(g, d, heads, m)
}

func (c TransformerConfig) norm(d int) *LayerNorm {
	return NewLayerNorm([]int{d}, LayerNormConfig{Eps: c.LayerNormEps, NoBias: c.NoBias})
}

// feedForward returns the two linear layers of d -> FeedForward -> d and what is between them.
func (c TransformerConfig) feedForward(g *random.Generator, d int) (l1, l2 *Linear, act Layer) {
	if c.FeedForward == 0 {
		c.FeedForward = 2048
	}
	if c.FeedForward < 0 {
		tensor.Fail("transformer", tensor.ErrValue, nil, "the elements of the feed-forward network, %d, must be positive", c.FeedForward)
	}
	if act = c.Activation; act == nil {
		act = ReLU{}
	}
	return NewLinear(g, d, c.FeedForward, LinearConfig{NoBias: c.NoBias}), NewLinear(g, c.FeedForward, d, LinearConfig{NoBias: c.NoBias}), act
}

// residual is a part of a layer with the way around it: norm(x + f(x)), or x + f(norm(x)).
func residual(x *tensor.Tensor, norm *LayerNorm, first bool, f func(*tensor.Tensor) *tensor.Tensor) *tensor.Tensor {
	if first {
		return x.Add(f(norm.Forward(x)))
	}
	return norm.Forward(x.Add(f(x)))
}

// TransformerEncoderLayer is self-attention and a feed-forward network, each with a residual connection and layer
// normalisation (Vaswani et al., 2017). Parameters have PyTorch's names.
type TransformerEncoderLayer struct {
	SelfAttn           *MultiheadAttention
	Linear1            *Linear
	Dropout            *Dropout // after the activation
	Linear2            *Linear
	Norm1, Norm2       *LayerNorm
	Dropout1, Dropout2 *Dropout // of the parts' results
	Activation         Layer
	NormFirst          bool
}

// NewTransformerEncoderLayer returns a layer of d elements. It panics with ErrValue unless heads divide d.
func NewTransformerEncoderLayer(g *random.Generator, d, heads int, cfg TransformerConfig) *TransformerEncoderLayer {
	l := &TransformerEncoderLayer{SelfAttn: cfg.attention(g, d, heads, true), Norm1: cfg.norm(d), Norm2: cfg.norm(d), NormFirst: cfg.NormFirst}
	l.Linear1, l.Linear2, l.Activation = cfg.feedForward(g, d)
	p := or(cfg.Dropout, 0.1)
	l.Dropout, l.Dropout1, l.Dropout2 = NewDropout(g, p), NewDropout(g, p), NewDropout(g, p)
	return l
}

// Forward is Encode without masks.
func (l *TransformerEncoderLayer) Forward(x *tensor.Tensor) *tensor.Tensor {
	return l.Encode(x, AttendConfig{})
}

// Encode maps x (L, N, D), or (N, L, D) with BatchFirst, to the same shape; masks and cache are those of its attention.
func (l *TransformerEncoderLayer) Encode(x *tensor.Tensor, cfg AttendConfig) *tensor.Tensor {
	x = residual(x, l.Norm1, l.NormFirst, func(x *tensor.Tensor) *tensor.Tensor {
		y, _ := l.SelfAttn.Attend(x, x, x, cfg)
		return l.Dropout1.Forward(y)
	})
	return residual(x, l.Norm2, l.NormFirst, func(x *tensor.Tensor) *tensor.Tensor {
		return l.Dropout2.Forward(l.Linear2.Forward(l.Dropout.Forward(l.Activation.Forward(l.Linear1.Forward(x)))))
	})
}

// TransformerEncoder is layers one after the other and, unless nil, a last normalisation.
type TransformerEncoder struct {
	Layers []*TransformerEncoderLayer
	Norm   *LayerNorm
}

// NewTransformerEncoder returns n layers, each with an initialisation of its own (PyTorch copies one); with NormFirst it
// ends with a normalisation. It panics with ErrValue unless there is a layer.
func NewTransformerEncoder(g *random.Generator, n, d, heads int, cfg TransformerConfig) *TransformerEncoder {
	checkLayers(n)
	t := new(TransformerEncoder)
	for range n {
		t.Layers = append(t.Layers, NewTransformerEncoderLayer(g, d, heads, cfg))
	}
	if cfg.NormFirst {
		t.Norm = cfg.norm(d)
	}
	return t
}

func checkLayers(n int) {
	if n < 1 {
		tensor.Fail("transformer", tensor.ErrValue, nil, "the number of layers, %d, must be positive", n)
	}
}

// Forward is Encode without masks.
func (t *TransformerEncoder) Forward(x *tensor.Tensor) *tensor.Tensor {
	return t.Encode(x, AttendConfig{})
}

// Encode applies the layers, all with the same masks. A cache belongs to one layer: several layers take EncodeCached.
func (t *TransformerEncoder) Encode(x *tensor.Tensor, cfg AttendConfig) *tensor.Tensor {
	if cfg.Cache != nil {
		tensor.Fail("transformer", tensor.ErrValue, nil, "each layer needs a cache of its own; use EncodeCached")
	}
	return t.EncodeCached(x, nil, cfg)
}

// EncodeCached is Encode with a cache for each layer, or with nil none. It panics with ErrValue on another number of them.
func (t *TransformerEncoder) EncodeCached(x *tensor.Tensor, caches []*KVCache, cfg AttendConfig) *tensor.Tensor {
	checkCaches(caches, len(t.Layers))
	for i, l := range t.Layers {
		if caches != nil {
			cfg.Cache = caches[i]
		}
		x = l.Encode(x, cfg)
	}
	if t.Norm != nil {
		x = t.Norm.Forward(x)
	}
	return x
}

func checkCaches(caches []*KVCache, layers int) {
	if caches != nil && len(caches) != layers {
		tensor.Fail("transformer", tensor.ErrValue, nil, "%d caches for %d layers", len(caches), layers)
	}
}

// TransformerDecoderLayer is self-attention, attention to an encoder's result and a feed-forward network, each with a
// residual connection and layer normalisation (Vaswani et al., 2017). Parameters have PyTorch's names.
type TransformerDecoderLayer struct {
	SelfAttn                     *MultiheadAttention
	MultiheadAttn                *MultiheadAttention
	Linear1                      *Linear
	Dropout                      *Dropout // after the activation
	Linear2                      *Linear
	Norm1, Norm2, Norm3          *LayerNorm
	Dropout1, Dropout2, Dropout3 *Dropout // of the parts' results
	Activation                   Layer
	NormFirst                    bool
}

// NewTransformerDecoderLayer returns a layer of d elements. It panics with ErrValue unless heads divide d.
func NewTransformerDecoderLayer(g *random.Generator, d, heads int, cfg TransformerConfig) *TransformerDecoderLayer {
	l := &TransformerDecoderLayer{
		SelfAttn: cfg.attention(g, d, heads, true), MultiheadAttn: cfg.attention(g, d, heads, false),
		Norm1: cfg.norm(d), Norm2: cfg.norm(d), Norm3: cfg.norm(d), NormFirst: cfg.NormFirst,
	}
	l.Linear1, l.Linear2, l.Activation = cfg.feedForward(g, d)
	p := or(cfg.Dropout, 0.1)
	l.Dropout, l.Dropout1, l.Dropout2, l.Dropout3 = NewDropout(g, p), NewDropout(g, p), NewDropout(g, p), NewDropout(g, p)
	return l
}

// DecodeConfig are the masks of a decoder; see AttendConfig.
type DecodeConfig struct {
	TgtMask, MemoryMask                     *tensor.Tensor
	TgtKeyPaddingMask, MemoryKeyPaddingMask *tensor.Tensor
	Causal                                  bool     // a target meets those up to itself
	Cache                                   *KVCache // of self-attention
}

// Decode maps the targets x (L, N, D) and the encoder's memory (S, N, D) to (L, N, D); with BatchFirst N comes first.
func (l *TransformerDecoderLayer) Decode(x, memory *tensor.Tensor, cfg DecodeConfig) *tensor.Tensor {
	x = residual(x, l.Norm1, l.NormFirst, func(x *tensor.Tensor) *tensor.Tensor {
		y, _ := l.SelfAttn.Attend(x, x, x, AttendConfig{KeyPaddingMask: cfg.TgtKeyPaddingMask, AttnMask: cfg.TgtMask, Causal: cfg.Causal, Cache: cfg.Cache})
		return l.Dropout1.Forward(y)
	})
	x = residual(x, l.Norm2, l.NormFirst, func(x *tensor.Tensor) *tensor.Tensor {
		y, _ := l.MultiheadAttn.Attend(x, memory, memory, AttendConfig{KeyPaddingMask: cfg.MemoryKeyPaddingMask, AttnMask: cfg.MemoryMask})
		return l.Dropout2.Forward(y)
	})
	return residual(x, l.Norm3, l.NormFirst, func(x *tensor.Tensor) *tensor.Tensor {
		return l.Dropout3.Forward(l.Linear2.Forward(l.Dropout.Forward(l.Activation.Forward(l.Linear1.Forward(x)))))
	})
}

// TransformerDecoder is layers one after the other and, unless nil, a last normalisation.
type TransformerDecoder struct {
	Layers []*TransformerDecoderLayer
	Norm   *LayerNorm
}

// NewTransformerDecoder returns n layers, each with an initialisation of its own (PyTorch copies one); with NormFirst it
// ends with a normalisation. It panics with ErrValue unless there is a layer.
func NewTransformerDecoder(g *random.Generator, n, d, heads int, cfg TransformerConfig) *TransformerDecoder {
	checkLayers(n)
	t := new(TransformerDecoder)
	for range n {
		t.Layers = append(t.Layers, NewTransformerDecoderLayer(g, d, heads, cfg))
	}
	if cfg.NormFirst {
		t.Norm = cfg.norm(d)
	}
	return t
}

// Decode applies the layers, all with the same masks, to the targets x and the encoder's memory.
func (t *TransformerDecoder) Decode(x, memory *tensor.Tensor, cfg DecodeConfig) *tensor.Tensor {
	if cfg.Cache != nil {
		tensor.Fail("transformer", tensor.ErrValue, nil, "each layer needs a cache of its own; use DecodeCached")
	}
	return t.DecodeCached(x, memory, nil, cfg)
}

// DecodeCached is Decode with a cache of self-attention for each layer, or with nil none. It panics with ErrValue on another
// number of them.
func (t *TransformerDecoder) DecodeCached(x, memory *tensor.Tensor, caches []*KVCache, cfg DecodeConfig) *tensor.Tensor {
	checkCaches(caches, len(t.Layers))
	for i, l := range t.Layers {
		if caches != nil {
			cfg.Cache = caches[i]
		}
		x = l.Decode(x, memory, cfg)
	}
	if t.Norm != nil {
		x = t.Norm.Forward(x)
	}
	return x
}

// Transformer is an encoder and a decoder, each with a last normalisation (Vaswani et al., 2017), as torch.nn.Transformer.
type Transformer struct {
	Encoder *TransformerEncoder
	Decoder *TransformerDecoder
}

// NewTransformer returns a model of d elements whose weights are initialised by Xavier's uniform distribution. It panics with
// ErrValue unless heads divide d and both have layers.
func NewTransformer(g *random.Generator, d, heads, encoders, decoders int, cfg TransformerConfig) *Transformer {
	t := &Transformer{NewTransformerEncoder(g, encoders, d, heads, cfg), NewTransformerDecoder(g, decoders, d, heads, cfg)}
	t.Encoder.Norm, t.Decoder.Norm = cfg.norm(d), cfg.norm(d)
	for _, p := range Params(t) {
		if p.Rank() > 1 {
			p.CopyFrom(initialize.XavierUniform(g, 1, p.Shape().Dims()...))
		}
	}
	return t
}

// Forward maps sources (S, N, D) and targets (L, N, D) to (L, N, D); with BatchFirst N comes first.
func (t *Transformer) Forward(src, tgt *tensor.Tensor, srcCfg AttendConfig, tgtCfg DecodeConfig) *tensor.Tensor {
	return t.Decoder.Decode(tgt, t.Encoder.Encode(src, srcCfg), tgtCfg)
}
