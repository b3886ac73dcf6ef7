package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkNN times the fused ops of networks in float32: the result alone, and with the gradients by all inputs.
func BenchmarkNN(b *testing.B) {
	g := random.New(1)
	type inputs []*tensor.Tensor
	randn := func(shapes ...[]int) (x inputs) {
		for _, s := range shapes {
			x = append(x, tensor.Randn(g, s...))
		}
		return x
	}
	pad := func(n int) convConfig { return convConfig{Padding: [2]int{n, n}} }
	conv := func(cfg convConfig) func(x inputs) *tensor.Tensor {
		return func(x inputs) *tensor.Tensor { return tensor.Conv2d(x[0], x[1], x[2], cfg) }
	}
	batchNorm := func(x inputs) *tensor.Tensor {
		y, _, _ := tensor.BatchNorm(x[0], x[1], x[2], 1e-5)
		return y
	}
	depthwise := pad(1)
	depthwise.Groups = 64
	stem := poolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}
	classes, key := tensor.RandInt(g, 0, 1000, 256), g.Next()
	for _, c := range []struct {
		name string
		x    inputs
		f    func(x inputs) *tensor.Tensor
	}{
		{"conv lenet1 b64", randn([]int{64, 1, 28, 28}, []int{6, 1, 5, 5}, []int{6}), conv(pad(2))},
		{"conv lenet2 b64", randn([]int{64, 6, 14, 14}, []int{16, 6, 5, 5}, []int{16}), conv(pad(0))},
		{"conv 64x28x28 3x3 b8", randn([]int{8, 64, 28, 28}, []int{64, 64, 3, 3}, []int{64}), conv(pad(1))},
		{"conv depthwise 64x28x28 3x3 b8", randn([]int{8, 64, 28, 28}, []int{64, 1, 3, 3}, []int{64}), conv(depthwise)},
		{"conv_transpose 64x14x14 4x4/2 b8", randn([]int{8, 64, 14, 14}, []int{64, 32, 4, 4}, []int{32}), func(x inputs) *tensor.Tensor {
			return tensor.ConvTranspose2d(x[0], x[1], x[2], tensor.ConvTransposeConfig{ConvConfig: convConfig{Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}})
		}},
		{"max_pool 2x2 64x6x28x28", randn([]int{64, 6, 28, 28}), func(x inputs) *tensor.Tensor { return x[0].MaxPool2d(2) }},
		{"max_pool 3x3/2 8x64x56x56", randn([]int{8, 64, 56, 56}), func(x inputs) *tensor.Tensor { return tensor.MaxPool2d(x[0], stem) }},
		{"avg_pool 2x2 64x6x28x28", randn([]int{64, 6, 28, 28}), func(x inputs) *tensor.Tensor { return x[0].AvgPool2d(2) }},
		{"adaptive_avg_pool 1x1 8x512x7x7", randn([]int{8, 512, 7, 7}), func(x inputs) *tensor.Tensor { return tensor.AdaptiveAvgPool2d(x[0], 1, 1) }},
		{"batch_norm 32x64x28x28", randn([]int{32, 64, 28, 28}, []int{64}, []int{64}), batchNorm},
		{"batch_norm 256x1024", randn([]int{256, 1024}, []int{1024}, []int{1024}), batchNorm},
		{"layer_norm 2048x768", randn([]int{2048, 768}, []int{768}, []int{768}), func(x inputs) *tensor.Tensor { return tensor.LayerNorm(x[0], x[1], x[2], 1e-5) }},
		{"rms_norm 2048x768", randn([]int{2048, 768}, []int{768}), func(x inputs) *tensor.Tensor { return tensor.RMSNorm(x[0], x[1], 1e-5) }},
		{"group_norm 8x64x56x56", randn([]int{8, 64, 56, 56}, []int{64}, []int{64}), func(x inputs) *tensor.Tensor { return tensor.GroupNorm(x[0], 8, x[1], x[2], 1e-5) }},
		{"instance_norm 8x64x56x56", randn([]int{8, 64, 56, 56}, []int{64}, []int{64}), func(x inputs) *tensor.Tensor { return tensor.GroupNorm(x[0], 64, x[1], x[2], 1e-5) }},
		{"logsumexp 4096x1024", randn([]int{4096, 1024}), func(x inputs) *tensor.Tensor { return x[0].LogSumExp(1) }},
		{"softmax 4096x1024", randn([]int{4096, 1024}), func(x inputs) *tensor.Tensor { return x[0].Softmax(1) }},
		{"softmax axis 1 of 16x21x64x64", randn([]int{16, 21, 64, 64}), func(x inputs) *tensor.Tensor { return x[0].Softmax(1) }},
		{"log_softmax 4096x1024", randn([]int{4096, 1024}), func(x inputs) *tensor.Tensor { return x[0].LogSoftmax(1) }},
		{"cross_entropy 256x1000", randn([]int{256, 1000}), func(x inputs) *tensor.Tensor { return tensor.CrossEntropy(x[0], classes, crossEntropyConfig{}) }},
		{"dropout 1e6", randn([]int{1e6}), func(x inputs) *tensor.Tensor { return x[0].Dropout(0.5, key) }},
	} {
		dy := tensor.OnesLike(c.f(c.x))
		var leaves inputs
		for _, t := range c.x {
			leaves = append(leaves, t.RequireGrad())
		}
		b.Run(c.name+"/forward", func(b *testing.B) {
			for b.Loop() {
				c.f(c.x)
			}
		})
		b.Run(c.name+"/both", func(b *testing.B) {
			for b.Loop() {
				tensor.Gradients([]*tensor.Tensor{c.f(leaves)}, []*tensor.Tensor{dy}, leaves, false, false)
			}
		})
	}
}
