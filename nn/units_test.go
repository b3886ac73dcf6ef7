package nn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// TestGoldenUnits compares with PyTorch; golden_units.py says what the cases are.
func TestGoldenUnits(t *testing.T) {
	var cases []struct {
		Name   string
		Shapes [][]int
		Zeros  bool
		Args   struct{ Eps, Omega float64 }
		Y      goldenArray
		Grads  [][]float64
	}
	optest.ReadGolden(t, "testdata/golden_units.json", &cases)
	for _, c := range cases {
		for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
			in := make([]*tensor.Tensor, len(c.Shapes))
			for i, dims := range c.Shapes {
				in[i] = fill(tensor.Float64, i, dims...)
				if c.Zeros && i == 0 {
					v := in[0].Floats()
					clear(v[dims[1] : 2*dims[1]])
					in[0] = tensor.Of(v, dims...)
				}
				in[i] = in[i].To(d).RequireGrad()
			}
			var m nn.Layer
			if c.Name == "sine" {
				m = nn.Sine{}
				if c.Args.Omega != 30 {
					m = nn.Sine{Omega: &c.Args.Omega}
				}
			} else {
				config := nn.CosineLinearConfig{Eps: c.Args.Eps}
				if len(in) == 3 {
					config.Scale = 7
				}
				l := nn.To(nn.NewCosineLinear(g, c.Shapes[1][1], c.Shapes[1][0], config), d)
				for i, p := range nn.Params(l) {
					p.CopyFrom(in[i+1].Detach())
				}
				m = l
			}
			y := m.Forward(in[0])
			if !slices.Equal(y.Shape().Dims(), c.Y.Shape) {
				t.Fatalf("%s: shape %v, want %v", c.Name, y.Shape(), c.Y.Shape)
			}
			near(t, d, c.Name, y, c.Y.Data)
			if c.Name == "sine" && d == tensor.Float32 {
				continue // 30 x in float32 is off by more than near allows
			}
			y.Mul(fill(d, 99, c.Y.Shape...)).Sum().Backward()
			near(t, d, c.Name+" dx", in[0].Grad(), c.Grads[0])
			for i, p := range nn.Params(m) {
				near(t, d, c.Name+" parameter", p.Grad(), c.Grads[i+1])
			}
		}
	}
}

func TestCosineLinear(t *testing.T) {
	g := random.New(3)
	l := nn.To(nn.NewCosineLinear(g, 4, 3, nn.CosineLinearConfig{Scale: 5}), tensor.Float64)
	if names := nn.NamedParams(l); len(names) != 2 || names[0].Name != "weight" || names[1].Name != "scale" || l.Scale.Detach().Item() != 5 {
		t.Errorf("parameters %v", names)
	}
	x := tensor.Randn(g, 6, 4).To(tensor.Float64)
	err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor {
		return []*tensor.Tensor{(&nn.CosineLinear{Weight: l.Weight, Scale: l.Scale, Eps: l.Eps}).Forward(in[0])}
	}, []*tensor.Tensor{x}, autograd.GradCheckConfig{Order: 2})
	if err != nil {
		t.Error(err)
	}
	// Lengths do not matter, be they as large or small as numbers can be.
	want := l.Forward(x).Detach().Floats()
	for _, by := range []float64{1e150, 1e-5} {
		near(t, tensor.Float64, "scaled input", l.Forward(x.MulScalar(by)).Detach(), want)
	}
	if y := l.Forward(tensor.With(tensor.Float64).Zeros(2, 4)).Detach().Abs().Max().Item(); y != 0 {
		t.Errorf("of zeros: %v", y)
	}
	if s := l.Forward(tensor.With(tensor.Float64).Zeros(0, 4)).Shape(); s.Numel() != 0 || s.Dim(1) != 3 {
		t.Errorf("of nothing: %v", s)
	}
	wantKind(t, tensor.ErrShape, func() { l.Forward(tensor.With(tensor.Float64).Zeros(2, 3)) })
	wantKind(t, tensor.ErrShape, func() { l.Forward(tensor.Of([]float64{1}).Sum()) })
	for _, bad := range []nn.CosineLinearConfig{{Scale: -1}, {Scale: math.NaN()}, {Eps: -1e-9}, {Eps: math.NaN()}} {
		wantKind(t, tensor.ErrValue, func() { nn.NewCosineLinear(g, 4, 3, bad) })
	}
}
