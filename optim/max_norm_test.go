package optim_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestMaxNorm(t *testing.T) {
	g := random.New(4)
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64, tensor.BFloat16} {
		for _, dims := range [][]int{{5, 7}, {3, 2, 3, 3}, {1, 1}, {4, 0}, {0, 4}} {
			w := tensor.Randn(g, dims...).MulScalar(2).To(d)
			p := tensor.NewParam(w)
			optim.MaxNorm([]*tensor.Param{p}, 1.5)
			got, was := p.Detach().To(tensor.Float64).Floats(), w.To(tensor.Float64).Floats()
			tol := map[tensor.DType]float64{tensor.Float32: 1e-6, tensor.Float64: 1e-14, tensor.BFloat16: 2e-2}[d]
			for j := range dims[0] {
				n := len(was) / dims[0]
				length := 0.0
				for _, v := range was[j*n : (j+1)*n] {
					length = math.Hypot(length, v)
				}
				for i := j * n; i < (j+1)*n; i++ {
					want := was[i] * min(1, 1.5/length)
					if length <= 1.5 && got[i] != was[i] || math.Abs(got[i]-want) > tol {
						t.Errorf("%v %v: weight %d of a row of length %v went from %v to %v, want %v", d, dims, i, length, was[i], got[i], want)
					}
				}
			}
		}
	}
	bias := tensor.NewParam(tensor.Of([]float32{30, -40}))
	optim.MaxNorm([]*tensor.Param{bias}, 1)
	if v := bias.Floats(); !slices.Equal(v, []float64{30, -40}) {
		t.Errorf("a bias became %v", v)
	}
	half := tensor.NewParam(tensor.Of([]float32{3, 4}, 1, 2).To(tensor.BFloat16))
	optim.MaxNorm([]*tensor.Param{half}, math.Inf(1))
	if v := half.Floats(); !slices.Equal(v, []float64{3, 4}) {
		t.Errorf("without a limit weights became %v", v)
	}
	for _, limit := range []float64{0, -1, math.NaN()} {
		var e *tensor.Error
		if err := tensor.Catch(func() { optim.MaxNorm(nil, limit) }); !errors.As(err, &e) || e.Kind != tensor.ErrValue {
			t.Errorf("limit %v: %v", limit, err)
		}
	}
}

// torch.tensor([[3., 4.], [0.3, 0.4], [-6., 8.]]).renorm(2, 0, 2.0) of PyTorch 1.13, which divides by the length plus 1e-7.
func TestMaxNormAgainstPyTorch(t *testing.T) {
	p := tensor.NewParam(tensor.Of([]float64{3, 4, 0.3, 0.4, -6, 8}, 3, 2))
	optim.MaxNorm([]*tensor.Param{p}, 2)
	for i, want := range []float64{1.2, 1.6, 0.3, 0.4, -1.2, 1.6} {
		if got := p.Floats()[i]; math.Abs(got-want) > 1e-6 {
			t.Errorf("element %d is %v, want %v", i, got, want)
		}
	}
}
