package nn_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestTransformerDefaults(t *testing.T) {
	g := random.New(1)
	l := nn.NewTransformerEncoderLayer(g, 8, 2, nn.TransformerConfig{})
	if l.Linear1.Weight.Dim(0) != 2048 || l.Dropout.P != 0.1 || l.Dropout2.P != 0.1 || l.SelfAttn.DropoutP != 0.1 || l.Norm1.Eps != 1e-5 {
		t.Errorf("not PyTorch's defaults: %+v", l)
	}
	// As many as torch.nn.Transformer(8, 2, 1, 1, 16) has.
	m := nn.NewTransformer(g, 8, 2, 1, 1, nn.TransformerConfig{FeedForward: 16})
	if n := nn.NumParams(m); n != 1536 {
		t.Errorf("%d parameters", n)
	}
	for _, p := range nn.NamedParams(m) {
		if p.Rank() > 1 {
			bound := math.Sqrt(6 / float64(p.Dim(0)+p.Dim(1)))
			if top := p.Abs().Max().Item(); top > bound*(1+1e-6) || top < 0.8*bound {
				t.Errorf("%s: the largest value is %v, want ±%v", p.Name, top, bound)
			}
		}
	}
}

// Dropout acts in training alone, anew in each call.
func TestTransformerModes(t *testing.T) {
	g := random.New(2)
	src, tgt := tensor.Randn(g, 4, 2, 8), tensor.Randn(g, 3, 2, 8)
	m := nn.NewTransformer(g, 8, 2, 1, 1, nn.TransformerConfig{FeedForward: 16})
	call := func(m *nn.Transformer) *tensor.Tensor {
		return m.Forward(src, tgt, nn.AttendConfig{}, nn.DecodeConfig{Causal: true})
	}
	if tensor.Equal(call(m), call(m)) {
		t.Error("training drops nothing, or the same twice")
	}
	e := nn.Eval(m)
	if !tensor.Equal(call(e), call(e)) || call(e).RequiresGrad() {
		t.Error("Eval drops, or records")
	}
}

// Positions do not see later ones, and the padding of a sample does not show.
func TestTransformerMasks(t *testing.T) {
	g := random.New(3)
	m := nn.Eval(nn.NewTransformerEncoder(g, 2, 8, 2, nn.TransformerConfig{FeedForward: 16, BatchFirst: true, KVHeads: 1,
		Rotary: nn.NewRotary(4, 6, nn.RotaryConfig{})}))
	x := tensor.Randn(g, 2, 6, 8)
	short := x.Narrow(1, 0, 4)
	near := func(what string, a, b *tensor.Tensor) {
		if !tensor.AllClose(a, b, 1e-5, 1e-6, false) {
			t.Errorf("%s: differs by %v", what, a.Sub(b).Abs().Max())
		}
	}
	causal := nn.AttendConfig{Causal: true}
	near("causal", m.Encode(x, causal).Narrow(1, 0, 4), m.Encode(short, causal))
	pad := tensor.Arange(0, 6, 1).GeScalar(4).Unsqueeze(0).Expand(2, 6)
	near("padding", m.Encode(x, nn.AttendConfig{KeyPaddingMask: pad}).Narrow(1, 0, 4), m.Forward(short))
}

func TestTransformerLayersGradCheck(t *testing.T) {
	g := random.New(4)
	f := tensor.With(tensor.Float64)
	cfg := nn.TransformerConfig{FeedForward: 3, Activation: nn.GELU{}, NormFirst: true}
	dec := nn.To(nn.NewTransformerDecoderLayer(g, 4, 2, cfg), tensor.Float64)
	dec = nn.Eval(dec) // dropout is not smooth in what it draws
	enc := nn.Eval(nn.To(nn.NewTransformerEncoderLayer(g, 4, 2, nn.TransformerConfig{FeedForward: 3, Activation: nn.GELU{}}), tensor.Float64))
	err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor {
		return []*tensor.Tensor{dec.Decode(in[0], enc.Forward(in[1]), nn.DecodeConfig{Causal: true})}
	}, []*tensor.Tensor{f.Randn(g, 3, 1, 4), f.Randn(g, 2, 1, 4)}, autograd.GradCheckConfig{})
	if err != nil {
		t.Error(err)
	}
}

func TestTransformerBadArguments(t *testing.T) {
	g := random.New(5)
	refusesAttention(t, tensor.ErrValue, "the number of layers, 0", func() { nn.NewTransformerEncoder(g, 0, 8, 2, nn.TransformerConfig{}) })
	refusesAttention(t, tensor.ErrValue, "the number of layers, -1", func() { nn.NewTransformerDecoder(g, -1, 8, 2, nn.TransformerConfig{}) })
	refusesAttention(t, tensor.ErrValue, "must divide", func() { nn.NewTransformerEncoderLayer(g, 8, 3, nn.TransformerConfig{}) })
	refusesAttention(t, tensor.ErrValue, "feed-forward", func() { nn.NewTransformerDecoderLayer(g, 8, 2, nn.TransformerConfig{FeedForward: -1}) })
	refusesAttention(t, tensor.ErrValue, "probability", func() { nn.NewTransformerDecoderLayer(g, 8, 2, nn.TransformerConfig{Dropout: new(1.5)}) })
	enc := nn.NewTransformerEncoder(g, 2, 8, 2, nn.TransformerConfig{FeedForward: 4})
	dec := nn.NewTransformerDecoder(g, 2, 8, 2, nn.TransformerConfig{FeedForward: 4})
	x, c := tensor.Zeros(3, 1, 8), nn.NewKVCache(1, 2, 4, 4, nn.KVCacheConfig{})
	refusesAttention(t, tensor.ErrValue, "EncodeCached", func() { enc.Encode(x, nn.AttendConfig{Cache: c}) })
	refusesAttention(t, tensor.ErrValue, "DecodeCached", func() { dec.Decode(x, x, nn.DecodeConfig{Cache: c}) })
	refusesAttention(t, tensor.ErrValue, "1 caches for 2 layers", func() { enc.EncodeCached(x, []*nn.KVCache{c}, nn.AttendConfig{}) })
	refusesAttention(t, tensor.ErrValue, "1 caches for 2 layers", func() { dec.DecodeCached(x, x, []*nn.KVCache{c}, nn.DecodeConfig{}) })
}
