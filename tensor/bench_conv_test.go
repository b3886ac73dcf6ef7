package tensor_test

import (
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkConv times convolutions in groups in float32, in scopes that reuse memory: the result, and the gradient by each
// input.
func BenchmarkConv(b *testing.B) {
	g := random.New(1)
	for _, c := range []struct{ n, c, k, groups, size, kernel, stride int }{
		{32, 64, 64, 64, 56, 3, 1},
		{32, 64, 64, 64, 56, 3, 2},
		{8, 128, 128, 128, 28, 5, 1},
		{8, 128, 128, 128, 28, 7, 1},
		{8, 128, 256, 128, 28, 3, 1}, // depthwise with multiplier 2
		{8, 128, 128, 32, 28, 3, 1},  // 4 channels a group, as in ResNeXt
		{8, 64, 64, 2, 28, 3, 1},
	} {
		x, w := tensor.Randn(g, c.n, c.c, c.size, c.size), tensor.Randn(g, c.k, c.c/c.groups, c.kernel, c.kernel)
		p := c.kernel / 2
		cfg := tensor.ConvConfig{Stride: [2]int{c.stride, c.stride}, Padding: [2]int{p, p}, Groups: c.groups}
		dy := tensor.OnesLike(tensor.Conv2d(x, w, nil, cfg))
		name := fmt.Sprintf("n%d c%d k%d groups%d %dx%d kernel%d stride%d/", c.n, c.c, c.k, c.groups, c.size, c.size, c.kernel, c.stride)
		b.Run(name+"forward", func(b *testing.B) {
			for b.Loop() {
				tensor.WithScope(func(s *tensor.Scope) { tensor.Conv2d(s.Enter(x), w, nil, cfg) })
			}
		})
		for i, wrt := range []string{"dx", "dw"} {
			in := tensors{x, w}
			in[i] = in[i].RequireGrad()
			b.Run(name+wrt, func(b *testing.B) {
				for b.Loop() {
					tensor.WithScope(func(s *tensor.Scope) {
						b.StopTimer()
						y := tensor.Conv2d(s.Enter(in[0]), in[1], nil, cfg)
						b.StartTimer()
						tensor.Gradients(tensors{y}, tensors{dy}, in[i:i+1], false, false)
					})
				}
			})
		}
	}
}
