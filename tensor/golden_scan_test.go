package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// TestGoldenScan compares with PyTorch's results and gradients; testdata/golden_scan.py says what a case holds.
func TestGoldenScan(t *testing.T) {
	var cases []struct {
		Op      string
		Axis    int
		Int     bool
		In, Out goldenArray
		Grad    *goldenArray
	}
	optest.ReadGolden(t, "testdata/golden_scan.json", &cases)
	ops := map[string]func(x *tensor.Tensor, axis int) *tensor.Tensor{
		"cumsum": (*tensor.Tensor).Cumsum, "cumprod": (*tensor.Tensor).Cumprod, "logcumsumexp": (*tensor.Tensor).LogCumSumExp,
	}
	seen := map[string]int{}
	for i, c := range cases {
		seen[c.Op]++
		t.Run(fmt.Sprint(i, " ", c.Op), func(t *testing.T) {
			d := tensor.Float64
			if c.Int {
				d = tensor.Int64
			}
			x := c.In.tensor(d)
			if c.Grad != nil {
				x = x.RequireGrad()
			}
			y := ops[c.Op](x, c.Axis)
			if y.DType() != d {
				t.Errorf("the result is %v, want %v", y.DType(), d)
			}
			nearScan(t, "result", y, c.Out)
			if c.Grad == nil {
				return
			}
			w := make([]float64, y.Numel())
			for i := range w {
				w[i] = math.Round(64*math.Cos(float64(i))) / 64
			}
			g := tensor.Gradients(tensors{y}, tensors{tensor.OfShape(w, y.Shape())}, tensors{x}, false, false)
			nearScan(t, "gradient", g[0], *c.Grad)
		})
	}
	for op := range ops {
		if seen[op] < 10 {
			t.Errorf("%d golden cases for %s", seen[op], op)
		}
	}
}

// nearScan allows 4e-13 of each element, or of 1: rounding near 900, where PyTorch's logcumsumexp takes differences, is 1e-13.
func nearScan(t *testing.T, what string, got *tensor.Tensor, want goldenArray) {
	t.Helper()
	if got.Shape() != tensor.ShapeOf(want.Shape...) {
		t.Errorf("%s: shape %v, want %v", what, got.Shape(), want.Shape)
		return
	}
	for i, v := range got.Detach().Floats() {
		if w := float64(want.Data[i]); v != w && !(math.Abs(v-w) <= 4e-13*max(1, math.Abs(w))) {
			t.Errorf("%s: element %d is %v, want %v", what, i, v, w)
		}
	}
}
