package nn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// attentionMask is a mask of testdata/golden_attention.json.
type attentionMask struct {
	Shape []int
	Data  []float64
	Bool  bool
}

// tensor returns the mask, nil for none; -1e300 stands for -Inf.
func (m *attentionMask) tensor(d tensor.DType) *tensor.Tensor {
	if m == nil {
		return nil
	}
	if m.Bool {
		d = tensor.Bool
	}
	v := slices.Clone(m.Data)
	for i := range v {
		if v[i] < -1e299 {
			v[i] = math.Inf(-1)
		}
	}
	return tensor.OfShape(v, tensor.ShapeOf(m.Shape...)).To(d)
}

// attentionGolden is a case of testdata/golden_attention.json; golden_attention.py, which made it, says what the fields hold.
type attentionGolden struct {
	Kind, Name           string
	D, Heads, FF, Layers int
	KVHeads              int  `json:"kv_heads"`
	BatchFirst           bool `json:"batch_first"`
	NormFirst            bool `json:"norm_first"`
	Activation           string
	Eps                  float64 `json:"layer_norm_eps"`
	Bias                 *bool   // of multi-head attention; of sdpa, whether there is one
	AddBiasKV            bool    `json:"add_bias_kv"`
	AddZeroAttn          bool    `json:"add_zero_attn"`
	KDim, VDim           int
	PerHead              bool `json:"per_head"`
	Scale                *float64
	Causal               bool
	Offset               int
	Interleaved          bool
	Base                 float64
	Keep, Mask, Padding  *attentionMask
	MemoryMask           *attentionMask `json:"memory_mask"`
	MemoryPadding        *attentionMask `json:"memory_padding"`
	Y                    goldenArray
	Weights              *goldenArray
	In                   []struct {
		Shape []int
		Grad  []float64
	}
	Params []struct {
		Name  string
		Shape []int
		Grad  []float64
	}
}

func (c *attentionGolden) config() nn.TransformerConfig {
	cfg := nn.TransformerConfig{FeedForward: c.FF, Dropout: new(0.0), LayerNormEps: c.Eps, NormFirst: c.NormFirst, BatchFirst: c.BatchFirst}
	if c.Activation == "gelu" {
		cfg.Activation = nn.GELU{}
	}
	return cfg
}

// build returns the module, nil for none, and what computes y of the inputs; of multi-head attention also the y and the
// weights of the form that returns them.
func (c *attentionGolden) build(d tensor.DType) (module any, call func(x []*tensor.Tensor) []*tensor.Tensor) {
	g := random.New(1)
	mask, padding := c.Mask.tensor(d), c.Padding.tensor(d)
	encode := nn.AttendConfig{AttnMask: mask, KeyPaddingMask: padding}
	decode := nn.DecodeConfig{TgtMask: mask, TgtKeyPaddingMask: padding, MemoryMask: c.MemoryMask.tensor(d), MemoryKeyPaddingMask: c.MemoryPadding.tensor(d)}
	switch c.Kind {
	case "sdpa":
		return nil, func(x []*tensor.Tensor) []*tensor.Tensor {
			cfg := nn.AttentionConfig{Scale: c.Scale, Causal: c.Causal, Offset: c.Offset, AttnMask: c.Keep.tensor(d), KeyPaddingMask: padding}
			if *c.Bias {
				cfg.AttnBias = x[3]
			}
			return []*tensor.Tensor{nn.ScaledDotProductAttention(x[0], x[1], x[2], cfg)}
		}
	case "mha":
		m := nn.To(nn.NewMultiheadAttention(g, c.D, c.Heads, nn.MultiheadAttentionConfig{
			KVHeads: c.KVHeads, NoBias: c.Bias != nil && !*c.Bias, AddBiasKV: c.AddBiasKV, AddZeroAttn: c.AddZeroAttn,
			KDim: c.KDim, VDim: c.VDim, BatchFirst: c.BatchFirst}), d)
		return m, func(x []*tensor.Tensor) []*tensor.Tensor {
			for len(x) < 3 {
				x = append(x, x[len(x)-1])
			}
			y, _ := m.Attend(x[0], x[1], x[2], encode)
			long := encode
			long.NeedWeights, long.PerHead = true, c.PerHead
			same, weights := m.Attend(x[0], x[1], x[2], long)
			return []*tensor.Tensor{y, same, weights}
		}
	case "encoder_layer":
		m := nn.To(nn.NewTransformerEncoderLayer(g, c.D, c.Heads, c.config()), d)
		return m, func(x []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{m.Encode(x[0], encode)} }
	case "decoder_layer":
		m := nn.To(nn.NewTransformerDecoderLayer(g, c.D, c.Heads, c.config()), d)
		return m, func(x []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{m.Decode(x[0], x[1], decode)} }
	case "encoder":
		m := nn.To(nn.NewTransformerEncoder(g, c.Layers, c.D, c.Heads, c.config()), d)
		return m, func(x []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{m.Encode(x[0], encode)} }
	case "decoder":
		m := nn.To(nn.NewTransformerDecoder(g, c.Layers, c.D, c.Heads, c.config()), d)
		return m, func(x []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{m.Decode(x[0], x[1], decode)} }
	case "transformer":
		m := nn.To(nn.NewTransformer(g, c.D, c.Heads, c.Layers, c.Layers, c.config()), d)
		return m, func(x []*tensor.Tensor) []*tensor.Tensor {
			return []*tensor.Tensor{m.Forward(x[0], x[1], nn.AttendConfig{}, decode)}
		}
	case "rotary":
		r := nn.NewRotary(c.D, 8, nn.RotaryConfig{Base: c.Base, Interleaved: c.Interleaved})
		return nil, func(x []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{r.Rotate(x[0], c.Offset)} }
	}
	return nil, nil
}

func TestAttentionAgainstPyTorch(t *testing.T) {
	var cases []attentionGolden
	optest.ReadGolden(t, "testdata/golden_attention.json", &cases)
	if len(cases) < 40 {
		t.Errorf("%d cases, want at least 40", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Kind+"/"+c.Name, func(t *testing.T) {
			for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
				module, call := c.build(d)
				if call == nil {
					t.Fatalf("kind %q is unknown here", c.Kind)
				}
				var params []nn.NamedParam
				if module != nil {
					params = nn.NamedParams(module)
				}
				if len(params) != len(c.Params) {
					t.Fatalf("%d parameters, want %d", len(params), len(c.Params))
				}
				for i, p := range params {
					if w := c.Params[i]; p.Name != w.Name || !slices.Equal(p.Shape().Dims(), w.Shape) {
						t.Fatalf("parameter %d is %s %v, want %s %v", i, p.Name, p.Shape(), w.Name, w.Shape)
					}
					p.CopyFrom(fill(d, i+1, p.Shape().Dims()...).MulScalar(0.5))
				}
				var x []*tensor.Tensor
				for i, in := range c.In {
					x = append(x, fill(d, 50+i, in.Shape...).RequireGrad())
				}
				out := call(x)
				y := out[0]
				if !slices.Equal(y.Shape().Dims(), c.Y.Shape) {
					t.Fatalf("y has shape %v, want %v", y.Shape(), c.Y.Shape)
				}
				near(t, d, "y", y, c.Y.Data)
				if w := c.Weights; w != nil {
					same, weights := out[1], out[2]
					near(t, d, "y with weights", same, c.Y.Data)
					if !slices.Equal(weights.Shape().Dims(), w.Shape) {
						t.Fatalf("the weights have shape %v, want %v", weights.Shape(), w.Shape)
					}
					near(t, d, "weights", weights, w.Data)
				}
				y.BackwardWith(tensor.BackwardConfig{Grad: fill(d, 99, c.Y.Shape...)})
				for i, in := range c.In {
					near(t, d, "gradient of input", x[i].Grad(), in.Grad)
				}
				for i, p := range params {
					near(t, d, "gradient of "+p.Name, p.Grad(), c.Params[i].Grad)
				}
			}
		})
	}
}
