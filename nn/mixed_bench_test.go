package nn_test

import (
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkMixedPrecision is a training step of a perceptron 784-512-256-10 on 64 samples, without the optimizer.
func BenchmarkMixedPrecision(b *testing.B) {
	g := random.New(1)
	x := tensor.Randn(g, 64, 784)
	mlp := &nn.Sequential{nn.NewLinear(g, 784, 512, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 512, 256, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 256, 10, nn.LinearConfig{})}
	for _, c := range []struct {
		name string
		m    nn.Layer
	}{{"float32", mlp}, {"bfloat16", &nn.MixedPrecision{Layer: mlp, Compute: tensor.BFloat16}}, {"float16", &nn.MixedPrecision{Layer: mlp, Compute: tensor.Float16}}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				tensor.WithScope(func(*tensor.Scope) {
					c.m.Forward(x).Square().Sum().Backward()
				})
				for _, p := range nn.Params(mlp) {
					p.ZeroGrad()
				}
			}
		})
	}
}
