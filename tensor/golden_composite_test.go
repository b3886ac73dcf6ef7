package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// composites are the functions by the names of testdata/golden_composite.py, for inputs x and numbers a.
var composites = map[string]func(x tensors, a []float64) *tensor.Tensor{
	"pixel_shuffle":   func(x tensors, a []float64) *tensor.Tensor { return x[0].PixelShuffle(int(a[0])) },
	"pixel_unshuffle": func(x tensors, a []float64) *tensor.Tensor { return x[0].PixelUnshuffle(int(a[0])) },
	"local_response_norm": func(x tensors, a []float64) *tensor.Tensor {
		return tensor.LocalResponseNorm(x[0], int(a[0]), a[1], a[2], a[3])
	},
	"cosine_similarity": func(x tensors, a []float64) *tensor.Tensor {
		return tensor.CosineSimilarity(x[0], x[1], int(a[0]), a[1])
	},
	"interpolate": func(x tensors, a []float64) *tensor.Tensor {
		var size []int
		for _, n := range a[2:] {
			size = append(size, int(n))
		}
		return tensor.Interpolate(x[0], size, tensor.InterpolateConfig{Mode: tensor.InterpolateMode(a[0]), AlignCorners: a[1] == 1})
	},
	"prelu": func(x tensors, _ []float64) *tensor.Tensor { return tensor.PReLU(x[0], x[1]) },
}

func TestGoldenComposite(t *testing.T) {
	type array struct {
		Shape []int
		Data  []float64
	}
	var cases []struct {
		Op    string
		Args  []float64
		In    []array
		Out   array
		Grads [][]float64
	}
	optest.ReadGolden(t, "testdata/golden_composite.json", &cases)
	seen := map[string]bool{}
	for _, c := range cases {
		seen[c.Op] = true
		var in tensors
		for _, a := range c.In {
			in = append(in, tensor.Of(a.Data, a.Shape...).RequireGrad())
		}
		y := composites[c.Op](in, c.Args)
		if y.Shape() != tensor.ShapeOf(c.Out.Shape...) {
			t.Fatalf("%s %v: shape %v, PyTorch's %v", c.Op, c.Args, y.Shape(), c.Out.Shape)
		}
		slopes := make([]float64, len(c.Out.Data))
		for i := range slopes {
			slopes[i] = math.Cos(float64(i))
		}
		y.BackwardWith(tensor.BackwardConfig{Grad: tensor.Of(slopes, c.Out.Shape...)})
		near := func(what string, got *tensor.Tensor, want []float64) {
			t.Helper()
			for i, v := range tensor.Data[float64](got.Detach()) {
				if math.Abs(v-want[i]) > 1e-12*max(1, math.Abs(want[i])) {
					t.Fatalf("%s %v: %s %d is %v, PyTorch's %v", c.Op, c.Args, what, i, v, want[i])
				}
			}
		}
		near("result", y, c.Out.Data)
		for i, g := range c.Grads {
			near("gradient", in[i].Grad(), g)
		}
		// The second derivative, where there is one.
		var plain tensors
		g := random.New(1)
		for _, x := range in {
			plain = append(plain, tensor.With(tensor.Float64).Randn(g, x.Shape().Dims()...))
		}
		if err := autograd.GradCheck(func(x []*tensor.Tensor) []*tensor.Tensor {
			return []*tensor.Tensor{composites[c.Op](x, c.Args)}
		}, plain, autograd.GradCheckConfig{Order: 2, Eps: 1e-5, Tol: 1e-5}); err != nil {
			t.Errorf("%s %v: %v", c.Op, c.Args, err)
		}
	}
	if len(seen) != len(composites) {
		t.Errorf("cases of %d functions, %d are here", len(seen), len(composites))
	}
}

func TestCompositesRefuse(t *testing.T) {
	x := tensor.Ones(2, 8, 4, 6)
	wantFail(t, tensor.ErrShape, "pixel_shuffle", func() { x.PixelShuffle(3) })
	wantFail(t, tensor.ErrShape, "pixel_shuffle", func() { x.PixelShuffle(0) })
	wantFail(t, tensor.ErrShape, "pixel_shuffle", func() { tensor.Ones(4, 4).PixelShuffle(2) })
	wantFail(t, tensor.ErrShape, "pixel_unshuffle", func() { x.PixelUnshuffle(4) })
	wantFail(t, tensor.ErrShape, "local_response_norm", func() { tensor.LocalResponseNorm(tensor.Ones(2, 3), 3, 1, 1, 1) })
	wantFail(t, tensor.ErrValue, "local_response_norm", func() { tensor.LocalResponseNorm(x, 0, 1, 1, 1) })
	wantFail(t, tensor.ErrShape, "cosine_similarity", func() { tensor.CosineSimilarity(tensor.Ones(2, 3), tensor.Ones(2, 4), 1, 1e-8) })
	wantFail(t, tensor.ErrAxis, "cosine_similarity", func() { tensor.CosineSimilarity(tensor.Ones(2, 3), tensor.Ones(2, 3), 2, 1e-8) })
	wantFail(t, tensor.ErrShape, "interpolate", func() { tensor.Interpolate(x, []int{3}, tensor.InterpolateConfig{}) })
	wantFail(t, tensor.ErrValue, "interpolate", func() { tensor.Interpolate(x, []int{3, 0}, tensor.InterpolateConfig{}) })
	wantFail(t, tensor.ErrValue, "interpolate", func() { tensor.Interpolate(x, []int{3, 3}, tensor.InterpolateConfig{AlignCorners: true}) })
	wantFail(t, tensor.ErrValue, "interpolate", func() { tensor.Interpolate(x, []int{3, 3}, tensor.InterpolateConfig{Mode: 9}) })
	wantFail(t, tensor.ErrShape, "interpolate", func() {
		tensor.Interpolate(tensor.Ones(1, 1, 3, 3, 3, 3), []int{3, 2, 2, 2}, tensor.InterpolateConfig{Mode: tensor.InterpolateArea})
	})
	wantFail(t, tensor.ErrShape, "prelu", func() { tensor.PReLU(x, tensor.Ones(3)) })
	wantFail(t, tensor.ErrShape, "prelu", func() { tensor.PReLU(x, tensor.Ones(8, 1)) })
	if y := tensor.LocalResponseNorm(tensor.Zeros(0, 3, 2), 3, 1, 1, 1); y.Shape() != tensor.ShapeOf(0, 3, 2) {
		t.Errorf("no samples: %v", y.Shape())
	}
	if y := tensor.CosineSimilarity(tensor.Zeros(2, 3), tensor.Ones(2, 3), 1, 1e-8); y.Sum().Item() != 0 {
		t.Errorf("of zero vectors: %v", y)
	}
}
