package losses_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestMMDGolden(t *testing.T) {
	var cases []struct {
		N, M         int
		Bandwidths   []float64
		Unbiased     bool
		X, Y, Gx, Gy []float64
		Value        float64
	}
	optest.ReadGolden(t, "testdata/golden_mmd.json", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for i, c := range cases {
		for d, tol := range map[tensor.DType]float64{tensor.Float64: 1e-12, tensor.Float32: 2e-6} {
			x, y := tensor.Of(c.X, c.N, len(c.X)/c.N).To(d).RequireGrad(), tensor.Of(c.Y, c.M, len(c.Y)/c.M).To(d).RequireGrad()
			loss := losses.MMDLoss{Bandwidths: c.Bandwidths, Unbiased: c.Unbiased}.Of(x, y)
			loss.Backward()
			near := func(what string, got *tensor.Tensor, want ...float64) {
				t.Helper()
				for k, v := range got.Detach().Floats() {
					if !(math.Abs(v-want[k]) <= tol) {
						t.Errorf("case %d, %v: %s %d is %v, want %v", i, d, what, k, v, want[k])
						return
					}
				}
			}
			near("loss", loss, c.Value)
			near("gradient of x", x.Grad(), c.Gx...)
			near("gradient of y", y.Grad(), c.Gy...)
		}
	}
}

func TestMMDProperties(t *testing.T) {
	g := random.New(3)
	draw := func(n int) *tensor.Tensor { return tensor.With(tensor.Float64).Randn(g, n, 3) }
	x, y := draw(6), draw(4)
	for _, l := range []losses.MMDLoss{{}, {Unbiased: true}, {Bandwidths: []float64{0.5, 2}}, {Bandwidths: []float64{1}, Unbiased: true}} {
		v := l.Of(x, y).Item()
		if w := l.Of(y, x).Item(); math.Abs(v-w) > 1e-14 {
			t.Errorf("%+v is not symmetric: %v and %v", l, v, w)
		}
		if w := l.Of(x.AddScalar(1000), y.AddScalar(1000)).Item(); math.Abs(v-w) > 1e-10 {
			t.Errorf("%+v depends on the origin: %v and %v", l, v, w)
		}
		if l.Bandwidths == nil { // the median moves with the points, as a constant
			continue
		}
		if err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor {
			return []*tensor.Tensor{l.Of(in[0], in[1])}
		}, []*tensor.Tensor{x, y}, autograd.GradCheckConfig{Order: 2, Eps: 1e-5, Tol: 1e-5}); err != nil {
			t.Errorf("%+v: %v", l, err)
		}
	}
	if v := losses.MMD(x, x).Item(); math.Abs(v) > 1e-14 {
		t.Errorf("a sample is %v from itself", v)
	}
	// Of the same point everywhere every kernel is 1.
	same := tensor.Full(3, 4, 2)
	if v := losses.MMD(same, same).Item(); v != 0 {
		t.Errorf("equal points give %v", v)
	}
	// The unbiased estimate is 0 on average where the distributions are equal, the biased one is not.
	biased, unbiased := 0.0, 0.0
	const trials = 200
	for range trials {
		x, y := draw(8), draw(8)
		biased += losses.MMDLoss{Bandwidths: []float64{1}}.Of(x, y).Item() / trials
		unbiased += losses.MMDLoss{Bandwidths: []float64{1}, Unbiased: true}.Of(x, y).Item() / trials
	}
	if math.Abs(unbiased) > 0.02 || biased < 0.15 {
		t.Errorf("means %v (unbiased) and %v (biased)", unbiased, biased)
	}
}

func TestMMDRefuses(t *testing.T) {
	x := tensor.Ones(3, 2)
	refuse := func(kind tensor.Kind, says string, f func()) {
		t.Helper()
		if err := tensor.Catch(f); !errors.Is(err, kind) || !strings.Contains(err.Error(), says) {
			t.Errorf("got error %v, want %q with %q", err, kind, says)
		}
	}
	refuse(tensor.ErrShape, "(N, D) and (M, D)", func() { losses.MMD(x, tensor.Ones(3, 4)) })
	refuse(tensor.ErrShape, "(N, D) and (M, D)", func() { losses.MMD(tensor.Ones(3), tensor.Ones(3)) })
	refuse(tensor.ErrShape, "0 and 3 samples", func() { losses.MMD(tensor.Ones(0, 2), x) })
	refuse(tensor.ErrShape, "3 and 1 samples", func() { losses.MMDLoss{Unbiased: true}.Of(x, tensor.Ones(1, 2)) })
	refuse(tensor.ErrDType, "int64", func() { losses.MMD(x.To(tensor.Int64), x) })
	refuse(tensor.ErrValue, "bandwidth -1", func() { losses.MMDLoss{Bandwidths: []float64{1, -1}}.Of(x, x) })
	refuse(tensor.ErrValue, "is empty", func() { losses.MMDLoss{Bandwidths: []float64{}}.Of(x, x) })
}

func ExampleMMD() {
	x := tensor.Of([]float64{0, 1}, 2, 1)
	y := tensor.Of([]float64{0, 3}, 2, 1)
	// (1 + e^-½)/2 + (1 + e^-4.5)/2 − (1 + e^-4.5 + e^-½ + e^-2)/2
	fmt.Printf("%.4f\n", losses.MMDLoss{Bandwidths: []float64{1}}.Of(x, y).Item())
	// Output: 0.4323
}
