package nn_test

import (
	"slices"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestDeadUnits(t *testing.T) {
	y := tensor.Of([]float32{0, 1, 0, 0, 0, 0, 0, -2}, 2, 4)
	for _, c := range []struct {
		y    *tensor.Tensor
		axis int
		want []int
	}{
		{y, -1, []int{0, 2}},
		{y, 1, []int{0, 2}},
		{y, 0, nil},
		{y.Reshape(2, 2, 2), 1, nil},                         // unit 0: 0 1 0 0, unit 1: 0 0 0 -2
		{y.Reshape(2, 2, 2).Transpose(0, 1), 0, nil},         // the same, strided
		{tensor.Zeros(2, 3, 4), 1, []int{0, 1, 2}},           // all dead
		{tensor.Of([]float32{0, 3, 0}), 0, []int{0, 2}},      // one sample
		{tensor.Zeros(0, 3), 1, []int{0, 1, 2}},              // no sample
		{tensor.Zeros(2, 0), 1, nil},                         // no unit
		{tensor.Zeros(2, 3).Div(tensor.Zeros(3)), -1, nil},   // NaN is not zero
		{tensor.Zeros(2, 3).Neg(), -1, []int{0, 1, 2}},       // -0 is
		{tensor.Of([]int64{0, 5}, 1, 2), 1, []int{0}},        // integers
		{tensor.Of([]float64{0, 1e-310}, 1, 2), 1, []int{0}}, // subnormal
	} {
		if got := nn.DeadUnits(c.y, c.axis); !slices.Equal(got, c.want) {
			t.Errorf("%v along %d: %v, want %v", c.y, c.axis, got, c.want)
		}
	}
	wantKind(t, tensor.ErrAxis, func() { nn.DeadUnits(y, 2) })
}

// kill makes units of a layer 0 for all inputs between -1 and 1.
func kill(l *nn.Linear, units ...int) {
	b := l.Bias.Floats()
	for _, u := range units {
		b[u] = -1e3
	}
	l.Bias.CopyFrom(tensor.Of(b).To(l.Bias.DType()))
}

func TestPruneUnits(t *testing.T) {
	g := random.New(5)
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
		for _, size := range [][3]int{{7, 13, 6}, {20, 100, 10}, {64, 256, 33}} {
			in, c, out := size[0], size[1], size[2]
			a, b := nn.To(nn.NewLinear(g, in, c, nn.LinearConfig{}), d), nn.To(nn.NewLinear(g, c, out, nn.LinearConfig{NoBias: c == 100}), d)
			dead := []int{0, 3, 4, c / 2, c - 1}
			kill(a, dead...)
			x := tensor.Rand(g, 11, in).To(d)
			found := nn.DeadUnits(a.Forward(x).ReLU(), -1) // others may be dead as well
			for _, u := range dead {
				if !slices.Contains(found, u) {
					t.Fatalf("unit %d is not among the dead, %v", u, found)
				}
			}
			dead = found
			first, next := nn.PruneUnits(a, b, dead)
			if first.Weight.Dim(0) != c-len(dead) || next.Weight.Dim(1) != c-len(dead) || first.Weight.DType() != d {
				t.Errorf("sizes %v and %v", first.Weight.Shape(), next.Weight.Shape())
			}
			want, got := b.Forward(a.Forward(x).ReLU()), next.Forward(first.Forward(x).ReLU())
			if !slices.Equal(want.Detach().Floats(), got.Detach().Floats()) {
				t.Errorf("%v %v: outputs changed by up to %v", d, size, want.Sub(got).Detach().Abs().Max().Item())
			}
			// The originals are whole, and one sample agrees up to rounding.
			if a.Weight.Dim(0) != c || b.Weight.Dim(1) != c {
				t.Error("the layers given were changed")
			}
			one := x.Narrow(0, 0, 1)
			near(t, d, "one sample", next.Forward(first.Forward(one).ReLU()).Detach(), b.Forward(a.Forward(one).ReLU()).Detach().Floats())
		}
	}
	a, b := nn.NewLinear(g, 3, 4, nn.LinearConfig{}), nn.NewLinear(g, 4, 2, nn.LinearConfig{})
	first, next := nn.PruneUnits(a, b, []int{3, 0, 3, 1, 2}) // all of them: the bias stays
	if y := next.Forward(first.Forward(tensor.Ones(2, 3)).ReLU()).Detach().Floats(); !slices.Equal(y[:2], b.Bias.Floats()) {
		t.Errorf("without units %v, want the bias %v", y, b.Bias)
	}
	next.Bias.CopyFrom(tensor.Ones(2))
	if b.Bias.Floats()[0] == 1 {
		t.Error("the copy shares the bias")
	}
	wantKind(t, tensor.ErrShape, func() { nn.PruneUnits(a, a, nil) })
	wantKind(t, tensor.ErrIndex, func() { nn.PruneUnits(a, b, []int{4}) })
	wantKind(t, tensor.ErrIndex, func() { nn.PruneUnits(a, b, []int{-1}) })
}

func TestPruneDeadUnits(t *testing.T) {
	g := random.New(6)
	linear := func(in, out int) *nn.Linear { return nn.NewLinear(g, in, out, nn.LinearConfig{}) }
	model := nn.NewSequential(nn.NewFlatten(), linear(12, 20), nn.ReLU{}, nn.NewDropout(g, 0.5), linear(20, 30), nn.ReLU{}, linear(30, 6), nn.ReLU{})
	kill(model[1].(*nn.Linear), 2, 19)
	kill(model[4].(*nn.Linear), 0)
	kill(model[6].(*nn.Linear), 1) // an output, which stays
	x := tensor.Rand(g, 9, 3, 4)
	pruned, n := nn.PruneDeadUnits(model, x)
	if n < 3 || nn.NumParams(pruned) >= nn.NumParams(model) || nn.NumParams(model) != 12*20+20+20*30+30+30*6+6 {
		t.Errorf("%d units, %d of %d parameters", n, nn.NumParams(pruned), nn.NumParams(model))
	}
	if h := pruned[4].(*nn.Linear).Weight; h.Dim(1) > 18 || h.Dim(0) > 29 || pruned[6].(*nn.Linear).Weight.Dim(0) != 6 {
		t.Errorf("weights %v, %v", h.Shape(), pruned[6].(*nn.Linear).Weight.Shape())
	}
	if want, got := nn.Eval(model).Forward(x), nn.Eval(pruned).Forward(x); !slices.Equal(want.Floats(), got.Floats()) {
		t.Errorf("outputs changed by up to %v", want.Sub(got).Abs().Max().Item())
	}
	if again, n := nn.PruneDeadUnits(pruned, x); n != 0 || nn.NumParams(again) != nn.NumParams(pruned) {
		t.Errorf("pruned again: %d units", n)
	}

	// A layer that occurs twice stays, and so do units before another activation.
	twice := linear(5, 5)
	kill(twice, 1)
	for _, whole := range []nn.Sequential{{twice, nn.ReLU{}, twice}, {twice, nn.ReLU{}, nn.Sigmoid{}, linear(5, 2)}, {twice, nn.ReLU{}}, {nn.ReLU{}, twice}, {}} {
		if p, n := nn.PruneDeadUnits(whole, tensor.Rand(g, 6, 5)); n != 0 || len(p) != len(whole) {
			t.Errorf("%d units of %v", n, whole)
		}
	}
}
