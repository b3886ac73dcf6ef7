package bench

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// inferences are forward passes at batch 1.
func inferences() []Case {
	const s, d, ff = 128, 768, 3072
	return []Case{
		infer("infer/mlp_a_b1", 0, func(g *random.Generator) nn.Layer { return nn.Eval(mlp(g, 784, 512, 256, 10)) }, 1, 784),
		infer("infer/mlp_b_4-64-64-2_b1", 0, func(g *random.Generator) nn.Layer { return nn.Eval(mlp(g, 4, 64, 64, 2)) }, 1, 4),
		infer("infer/lenet_b1", 0, func(g *random.Generator) nn.Layer { return nn.Eval(lenet(g)) }, 1, 1, 28, 28),
		infer("infer/resnet18_224_b1", 2*1.814e9, func(g *random.Generator) nn.Layer { return nn.Eval(imageNetResNet18(g)) }, 1, 3, 224, 224),
		infer("infer/bert_base_s128_b1", 12*(2.0*s*(4*d*d+2*d*ff)+4.0*s*s*d), func(g *random.Generator) nn.Layer {
			return nn.Eval(nn.NewTransformerEncoder(g, 12, d, 12, nn.TransformerConfig{FeedForward: ff, Activation: nn.GELU{}, BatchFirst: true}))
		}, 1, s, d),
	}
}

func infer(name string, flops float64, model func(g *random.Generator) nn.Layer, input ...int) Case {
	return Case{Name: name, FLOPs: flops, New: func() func() {
		g := generator()
		m, x := model(g), randn(g, input...)
		return scoped(func(s *tensor.Scope) { m.Forward(s.Enter(x)) })
	}}
}
