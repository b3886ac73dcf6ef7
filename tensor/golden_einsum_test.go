package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// einsums are the functions by the names of testdata/golden_einsum.py.
var einsums = map[string]func(eq string, x tensors, a []int) *tensor.Tensor{
	"einsum": func(eq string, x tensors, _ []int) *tensor.Tensor { return tensor.Einsum(eq, x...) },
	"tensordot": func(_ string, x tensors, a []int) *tensor.Tensor {
		return tensor.Tensordot(x[0], x[1], a[:len(a)/2], a[len(a)/2:])
	},
	"outer":             func(_ string, x tensors, _ []int) *tensor.Tensor { return x[0].Outer(x[1]) },
	"kron":              func(_ string, x tensors, _ []int) *tensor.Tensor { return x[0].Kron(x[1]) },
	"tril":              func(_ string, x tensors, a []int) *tensor.Tensor { return x[0].Tril(a[0]) },
	"triu":              func(_ string, x tensors, a []int) *tensor.Tensor { return x[0].Triu(a[0]) },
	"diagonal":          func(_ string, x tensors, a []int) *tensor.Tensor { return x[0].Diagonal(a[0], a[1], a[2]) },
	"diag_embed":        func(_ string, x tensors, a []int) *tensor.Tensor { return x[0].DiagEmbed(a[0]) },
	"diag":              func(_ string, x tensors, a []int) *tensor.Tensor { return x[0].Diag(a[0]) },
	"repeat":            func(_ string, x tensors, a []int) *tensor.Tensor { return x[0].Repeat(a...) },
	"tile":              func(_ string, x tensors, a []int) *tensor.Tensor { return x[0].Tile(a...) },
	"repeat_interleave": func(_ string, x tensors, a []int) *tensor.Tensor { return x[0].RepeatInterleave(a[0], a[1]) },
	"meshgrid": func(eq string, x tensors, _ []int) *tensor.Tensor {
		return tensor.Stack(0, tensor.Meshgrid(eq, x...)...)
	},
}

func TestGoldenEinsum(t *testing.T) {
	type array struct {
		Shape []int
		Data  []float64
	}
	var cases []struct {
		Op, Eq string
		Args   []int
		In     []array
		Out    array
		Grads  [][]float64
	}
	optest.ReadGolden(t, "testdata/golden_einsum.json", &cases)
	seen := map[string]bool{}
	for _, c := range cases {
		seen[c.Op] = true
		var in, plain tensors
		for _, a := range c.In {
			in = append(in, tensor.OfShape(a.Data, tensor.ShapeOf(a.Shape...)).RequireGrad())
			plain = append(plain, tensor.OfShape(a.Data, tensor.ShapeOf(a.Shape...)))
		}
		y := einsums[c.Op](c.Eq, in, c.Args)
		if y.Shape() != tensor.ShapeOf(c.Out.Shape...) {
			t.Errorf("%s %s %v: shape %v, PyTorch's %v", c.Op, c.Eq, c.Args, y.Shape(), c.Out.Shape)
			continue
		}
		slopes := make([]float64, len(c.Out.Data))
		for i := range slopes {
			slopes[i] = math.Cos(float64(i))
		}
		y.BackwardWith(tensor.BackwardConfig{Grad: tensor.OfShape(slopes, y.Shape())})
		near := func(what string, got *tensor.Tensor, want []float64) {
			t.Helper()
			for i, v := range tensor.Data[float64](got.Detach()) {
				if math.Abs(v-want[i]) > 1e-12*max(1, math.Abs(want[i])) {
					t.Errorf("%s %s %v: %s %d is %v, PyTorch's %v", c.Op, c.Eq, c.Args, what, i, v, want[i])
				}
			}
		}
		near("result", y, c.Out.Data)
		for i, g := range c.Grads {
			near("gradient", in[i].Grad(), g)
		}
		if err := autograd.GradCheck(func(x []*tensor.Tensor) []*tensor.Tensor {
			return []*tensor.Tensor{einsums[c.Op](c.Eq, x, c.Args)}
		}, plain, autograd.GradCheckConfig{Order: 2}); err != nil {
			t.Errorf("%s %s %v: %v", c.Op, c.Eq, c.Args, err)
		}
	}
	for op := range einsums {
		if !seen[op] {
			t.Errorf("no golden for %s", op)
		}
	}
}
