package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// TestGoldenGrid compares with PyTorch's results and gradients; testdata/golden_grid.py says what a case holds.
func TestGoldenGrid(t *testing.T) {
	var cases []struct {
		Op, Mode, Padding string
		Align             bool
		Size              []int
		In, Grads         []goldenArray
		Out               goldenArray
	}
	optest.ReadGolden(t, "testdata/golden_grid.json", &cases)
	modes := map[string]tensor.GridSampleMode{"": tensor.GridSampleBilinear, "bilinear": tensor.GridSampleBilinear, "nearest": tensor.GridSampleNearest, "bicubic": tensor.GridSampleBicubic}
	paddings := map[string]tensor.GridSamplePadding{"": tensor.GridSampleZeros, "zeros": tensor.GridSampleZeros, "border": tensor.GridSampleBorder, "reflection": tensor.GridSampleReflection}
	seen := map[string]int{}
	for i, c := range cases {
		seen[c.Op+c.Mode]++
		t.Run(fmt.Sprint(i, " ", c.Op, " ", c.Mode, " ", c.Padding, " ", c.Align), func(t *testing.T) {
			var in tensors
			for _, a := range c.In {
				in = append(in, a.pooled(tensor.Float64).RequireGrad())
			}
			cfg := gridConfig{Mode: modes[c.Mode], Padding: paddings[c.Padding], AlignCorners: c.Align}
			var y *tensor.Tensor
			switch c.Op {
			case "grid_sample":
				y = tensor.GridSample(in[0], in[1], cfg)
			case "affine_grid":
				y = tensor.AffineGrid(in[0], c.Size, c.Align)
			case "affine_sample":
				y = tensor.GridSample(in[1], tensor.AffineGrid(in[0], c.Size, c.Align), cfg)
			}
			nearScan(t, "result", y, c.Out)
			for k, g := range tensor.Gradients(tensors{y}, tensors{poolWave(math.Cos, y.Shape(), 0)}, in, false, false) {
				if g == nil { // zero, which PyTorch writes out
					g = tensor.ZerosLike(in[k])
				}
				nearScan(t, fmt.Sprint("gradient ", k), g, c.Grads[k])
			}
		})
	}
	if len(seen) != 5 {
		t.Errorf("cases of %v", seen)
	}
}
