package bench

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// gptBlock is causal attention and a feed-forward network, each after a normalisation and beside a shortcut.
type gptBlock struct {
	LN1, LN2            *nn.LayerNorm
	QKV, Proj, FC1, FC2 *nn.Linear
	heads               int
}

func newGPTBlock(g *random.Generator, d, heads int) *gptBlock {
	return &gptBlock{
		LN1: nn.NewLayerNorm([]int{d}, nn.LayerNormConfig{}), LN2: nn.NewLayerNorm([]int{d}, nn.LayerNormConfig{}),
		QKV: nn.NewLinear(g, d, 3*d, nn.LinearConfig{}), Proj: nn.NewLinear(g, d, d, nn.LinearConfig{}),
		FC1: nn.NewLinear(g, d, 4*d, nn.LinearConfig{}), FC2: nn.NewLinear(g, 4*d, d, nn.LinearConfig{}),
		heads: heads,
	}
}

// Forward maps (N, T, D) to (N, T, D).
func (b *gptBlock) Forward(x *tensor.Tensor) *tensor.Tensor {
	n, t, d := x.Dim(0), x.Dim(1), x.Dim(2)
	qkv := b.QKV.Forward(b.LN1.Forward(x)).Split(2, d, d, d)
	for i, h := range qkv {
		qkv[i] = h.Reshape(n, t, b.heads, d/b.heads).Transpose(1, 2) // (N, heads, T, D/heads)
	}
	y := nn.ScaledDotProductAttention(qkv[0], qkv[1], qkv[2], nn.AttentionConfig{Causal: true})
	x = x.Add(b.Proj.Forward(y.Transpose(1, 2).Reshape(n, t, d)))
	return x.Add(b.FC2.Forward(b.FC1.Forward(b.LN2.Forward(x)).GELU()))
}

// gpt is a language model (Radford et al., 2019).
type gpt struct {
	Token, Position *nn.Embedding
	Blocks          nn.Sequential
	LN              *nn.LayerNorm
	Out             *nn.Linear
	positions       *tensor.Tensor
}

func newGPT(g *random.Generator, vocabulary, context, d, layers, heads int) *gpt {
	m := &gpt{
		Token: nn.NewEmbedding(g, vocabulary, d, nn.EmbeddingConfig{}), Position: nn.NewEmbedding(g, context, d, nn.EmbeddingConfig{}),
		LN: nn.NewLayerNorm([]int{d}, nn.LayerNormConfig{}), Out: nn.NewLinear(g, d, vocabulary, nn.LinearConfig{NoBias: true}),
		positions: tensor.Arange(0, context, 1),
	}
	for range layers {
		m.Blocks = append(m.Blocks, newGPTBlock(g, d, heads))
	}
	return m
}

// Forward maps tokens (N, T) to scores of the next ones (N, T, vocabulary).
func (m *gpt) Forward(tokens *tensor.Tensor) *tensor.Tensor {
	x := m.Token.Forward(tokens).Add(m.Position.Forward(m.positions.Narrow(0, 0, tokens.Dim(1))))
	return m.Out.Forward(m.LN.Forward(m.Blocks.Forward(x)))
}

func trainGPT() Case {
	const n, t, d, layers, vocabulary = 8, 256, 384, 6, 65
	flops := 6.0*n*t*(layers*12*d*d+vocabulary*d) + 3*layers*4.0*n*t*t*d
	return Case{Name: "train/gpt_g_L6_d384_h6_ctx256_b8_adamw", FLOPs: flops, New: func() func() {
		g := generator()
		m := newGPT(g, vocabulary, t, d, layers, 6)
		x, y := tensor.RandInt(g, 0, vocabulary, n, t), tensor.RandInt(g, 0, vocabulary, n*t)
		opt := optim.NewAdamW(nn.Params(m), optim.AdamWConfig{LR: 1e-4})
		return scoped(func(s *tensor.Scope) {
			opt.ZeroGrad()
			losses.CrossEntropy(m.Forward(s.Enter(x)).Reshape(n*t, vocabulary), y).Backward()
			opt.Step()
		})
	}}
}
