package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkPool times pooling of 32x64x56x56 in float32: the result alone, and with the gradient.
func BenchmarkPool(b *testing.B) {
	x := tensor.Randn(random.New(1), 32, 64, 56, 56)
	stem := poolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}
	for _, c := range []struct {
		name string
		f    func(x *tensor.Tensor) *tensor.Tensor
	}{
		{"max 2x2", func(x *tensor.Tensor) *tensor.Tensor { return x.MaxPool2d(2) }},
		{"max 3x3 stride 2", func(x *tensor.Tensor) *tensor.Tensor { return tensor.MaxPool2d(x, stem) }},
		{"avg 2x2", func(x *tensor.Tensor) *tensor.Tensor { return x.AvgPool2d(2) }},
		{"avg 3x3 stride 2", func(x *tensor.Tensor) *tensor.Tensor { return tensor.AvgPool2d(x, stem) }},
		{"adaptive avg 7x7", func(x *tensor.Tensor) *tensor.Tensor { return tensor.AdaptiveAvgPool2d(x, 7, 7) }},
	} {
		b.Run(c.name+"/forward", func(b *testing.B) {
			for b.Loop() {
				c.f(x)
			}
		})
		leaf, dy := x.RequireGrad(), tensor.OnesLike(c.f(x))
		b.Run(c.name+"/gradient", func(b *testing.B) {
			for b.Loop() {
				tensor.Gradients(tensors{c.f(leaf)}, tensors{dy}, tensors{leaf}, false, false)
			}
		})
	}
}
