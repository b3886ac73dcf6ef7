package tensor_test

import (
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkGridSample times sampling 8x32x64x64 in float32 at an affine grid: the result alone, and with both gradients.
func BenchmarkGridSample(b *testing.B) {
	x := tensor.Randn(random.New(1), 8, 32, 64, 64)
	theta := tensor.Of([]float32{0.9, 0.1, 0, -0.1, 0.9, 0.1}, 1, 2, 3).Expand(8, 2, 3)
	grid, dy := tensor.AffineGrid(theta, x.Shape().Dims(), false), tensor.OnesLike(x)
	for _, mode := range []tensor.GridSampleMode{tensor.GridSampleBilinear, tensor.GridSampleNearest, tensor.GridSampleBicubic} {
		cfg := gridConfig{Mode: mode}
		b.Run(fmt.Sprintf("mode %d/forward", mode), func(b *testing.B) {
			for b.Loop() {
				tensor.GridSample(x, grid, cfg)
			}
		})
		leaves := tensors{x.RequireGrad(), grid.RequireGrad()}
		b.Run(fmt.Sprintf("mode %d/gradient", mode), func(b *testing.B) {
			for b.Loop() {
				tensor.Gradients(tensors{tensor.GridSample(leaves[0], leaves[1], cfg)}, tensors{dy}, leaves, false, false)
			}
		})
	}
}
