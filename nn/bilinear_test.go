package nn_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func wantKind(t *testing.T, kind tensor.Kind, f func()) {
	t.Helper()
	err := tensor.Catch(f)
	if e, ok := err.(*tensor.Error); !ok || e.Kind != kind {
		t.Errorf("the error is %v", err)
	}
}

// TestBilinear compares with the definition's sums.
func TestBilinear(t *testing.T) {
	g := random.New(1)
	l := nn.To(nn.NewBilinear(g, 3, 4, 2, nn.LinearConfig{}), tensor.Float64)
	f := tensor.With(tensor.Float64)
	for _, lead := range [][]int{{5}, {2, 3}, {}, {0}} {
		x1, x2 := f.Randn(g, append(lead, 3)...), f.Randn(g, append(lead, 4)...)
		y := l.Forward(x1, x2)
		if y.Shape() != tensor.ShapeOf(append(lead, 2)...) {
			t.Errorf("%v: shape %v", lead, y.Shape())
		}
		a, b, w, c, got := tensor.Data[float64](x1), tensor.Data[float64](x2), tensor.Data[float64](l.Weight.Detach()), tensor.Data[float64](l.Bias.Detach()), tensor.Data[float64](y.Detach())
		for n := range len(a) / 3 {
			for k := range 2 {
				want := c[k]
				for i := range 3 {
					for j := range 4 {
						want += a[n*3+i] * w[(k*3+i)*4+j] * b[n*4+j]
					}
				}
				if math.Abs(got[n*2+k]-want) > 1e-13 {
					t.Errorf("%v: y[%d,%d] is %v, want %v", lead, n, k, got[n*2+k], want)
				}
			}
		}
	}
	for _, v := range tensor.Data[float64](l.Weight.Detach()) {
		if math.Abs(v) > 1/math.Sqrt(3) {
			t.Errorf("weight %v is beyond 1/√3", v)
		}
	}
	wantKind(t, tensor.ErrShape, func() { l.Forward(f.Ones(2, 3), f.Ones(3, 4)) })
	wantKind(t, tensor.ErrShape, func() { l.Forward(f.Ones(2, 4), f.Ones(2, 4)) })
	wantKind(t, tensor.ErrValue, func() { nn.NewBilinear(g, 0, 1, 1, nn.LinearConfig{}) })
}

func TestMaxout(t *testing.T) {
	g := random.New(1)
	l := nn.NewMaxout(g, 2, 2, 3)
	if p := nn.NamedParams(l); len(p) != 2 || p[0].Name != "weight" || p[0].Param.Shape() != tensor.ShapeOf(6, 2) || p[1].Name != "bias" {
		t.Errorf("parameters %v", p)
	}
	l.Linear.Weight.CopyFrom(tensor.Of([]float32{1, 0, 0, 1, -1, -1, 2, 0, 0, 0, 0, -3}, 6, 2))
	l.Linear.Bias.CopyFrom(tensor.Of([]float32{0, 0, 0, 0, 1, 0}))
	y := tensor.Data[float32](l.Forward(tensor.Of([]float32{1, 2, -1, -2}, 2, 2)).Detach())
	for i, want := range []float32{2, 2, 3, 6} { // max(1, 2, -3), max(2, 1, -6); max(-1, -2, 3), max(-2, 1, 6)
		if y[i] != want {
			t.Errorf("element %d is %v, want %v", i, y[i], want)
		}
	}
	wantKind(t, tensor.ErrValue, func() { nn.NewMaxout(g, 2, 2, 0) })
}

func TestPReLU(t *testing.T) {
	l := nn.NewPReLU(2)
	l.Weight.CopyFrom(tensor.Of([]float32{0.5, 0.1}))
	y := tensor.Data[float32](l.Forward(tensor.Of([]float32{-2, 3, -10, 4}, 2, 2).T().Reshape(2, 2)).Detach())
	for i, want := range []float32{-1, -1, 3, 4} {
		if y[i] != want {
			t.Errorf("element %d is %v, want %v", i, y[i], want)
		}
	}
	if v := nn.NewPReLU(1).Weight.Detach().Item(); v != 0.25 {
		t.Errorf("the weight begins at %v", v)
	}
	wantKind(t, tensor.ErrValue, func() { nn.NewPReLU(0) })
}
