package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func TestNorm(t *testing.T) {
	type T = *tensor.Tensor
	var cases []optest.Case
	for _, c := range []struct {
		p    float64
		op   string
		in   tin
		want func(x []float64) float64
	}{
		{1, "tensor.sumOp", tin{Away: []float64{0}}, func(x []float64) (s float64) {
			for _, v := range x {
				s += math.Abs(v)
			}
			return s
		}},
		{2, "tensor.norm2Op", tin{}, func(x []float64) (s float64) {
			for _, v := range x {
				s = math.Hypot(s, v)
			}
			return s
		}},
		{3, "tensor.sumOp", tin{Away: []float64{0}}, func(x []float64) (s float64) {
			for _, v := range x {
				s += math.Abs(v * v * v)
			}
			return math.Cbrt(s)
		}},
		{-1, "tensor.sumOp", tin{Lo: -2, Hi: -0.3}, func(x []float64) (s float64) {
			for _, v := range x {
				s += 1 / math.Abs(v)
			}
			return 1 / s
		}},
		{0.5, "tensor.sumOp", tin{Lo: 0.3, Hi: 2}, func(x []float64) (s float64) {
			for _, v := range x {
				s += math.Sqrt(math.Abs(v))
			}
			return s * s
		}},
		{inf, "tensor.extremeOp", tin{Lo: -3, Hi: -0.3}, func(x []float64) float64 { return -smallestOf(x) }},
		{-inf, "tensor.extremeOp", tin{Lo: 0.3, Hi: 3}, smallestOf},
	} {
		f := func(x T, axes ...int) T { return x.Norm(c.p, axes...) }
		fk := func(x T, axes ...int) T { return x.NormKeepdim(c.p, axes...) }
		cases = append(cases, reductionCases(optest.Case{Op: c.op, Name: fmt.Sprint("norm ", c.p)}, c.in, f, fk, c.want)...)
	}
	optest.Run(t, cases)

	x := tensor.Of([]float64{0, 2, -2, 0})
	for _, c := range []struct{ p, want float64 }{
		{0, 2}, {1, 4}, {2, math.Sqrt(8)}, {inf, 2}, {-inf, 0}, {-1, 0}, {0.5, 8},
	} {
		if got := x.Norm(c.p).Item(); math.Abs(got-c.want) > 1e-15*c.want {
			t.Errorf("the %v-norm is %v, want %v", c.p, got, c.want)
		}
	}
	// Gradients at zero, at ties: PyTorch's.
	for _, c := range []struct {
		p    float64
		want []float64
	}{{1, []float64{0, 1, -1, 0}}, {2, []float64{0, math.Sqrt2 / 2, -math.Sqrt2 / 2, 0}}, {3, []float64{0, math.Pow(2, -2.0/3), -math.Pow(2, -2.0/3), 0}}, {inf, []float64{0, 0.5, -0.5, 0}}} {
		l := x.RequireGrad()
		l.Norm(c.p).Backward()
		if !tensor.AllClose(l.Grad(), tensor.Of(c.want), 1e-14, 0, false) {
			t.Errorf("the gradient of the %v-norm is %v, want %v", c.p, l.Grad(), c.want)
		}
		z := leaf(0, 0)
		z.Norm(c.p).Backward()
		wantFloats(t, fmt.Sprint("gradient at zero of the norm ", c.p), z.Grad(), 0, 0)
	}
	for _, p := range []float64{0, 1, 2, 3} {
		wantFloats(t, "norm of nothing", tensor.Ones(2, 0).Norm(p, 1), 0, 0)
	}
	for _, p := range []float64{0.5, 1, 2, 3, inf, -inf} {
		wantFloats(t, fmt.Sprint("norm of NaN ", p), tensor.Of([]float64{1, nan}).Norm(p), nan)
	}
}

func TestAnyAll(t *testing.T) {
	type T = *tensor.Tensor
	truth := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	count := func(x []float64) (n int) {
		for _, v := range x {
			if v != 0 {
				n++
			}
		}
		return n
	}
	var cases []optest.Case
	for name, in := range map[string]tin{"bools": {Fixed: true, DType: tensor.Bool}, "numbers": {Fixed: true, DType: tensor.Int64}} {
		c := optest.Case{Op: "tensor.sumOp", Order: -1}
		c.Name = "any " + name
		cases = append(cases, reductionCases(c, in, T.Any, nil, func(x []float64) float64 { return truth(count(x) > 0) })...)
		c.Name = "all " + name
		cases = append(cases, reductionCases(c, in, T.All, nil, func(x []float64) float64 { return truth(count(x) == len(x)) })...)
	}
	optest.Run(t, cases)

	for _, c := range []struct {
		name      string
		got, want T
	}{
		{"any of nothing", tensor.Ones(2, 0).Any(1), tensor.Of([]bool{false, false})},
		{"all of nothing", tensor.Ones(2, 0).All(1), tensor.Of([]bool{true, true})},
		{"any NaN", tensor.Of([]float64{0, nan}).Any(), tensor.Scalar(true)},
		{"all NaN", tensor.Of([]float64{nan, nan}).All(), tensor.Scalar(true)},
		{"small numbers", tensor.Of([]float64{0.25, 0}).Any(), tensor.Scalar(true)},
		{"negative zero", tensor.Of([]float64{math.Copysign(0, -1)}).Any(), tensor.Scalar(false)},
		{"half precision", tensor.With(tensor.BFloat16).Ones(2).All(), tensor.Scalar(true)},
		{"256 of them", tensor.With(tensor.Uint8).Ones(256).Any(), tensor.Scalar(true)},
	} {
		if !tensor.Equal(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
	if l := leaf(1, 2); l.Any().RequiresGrad() || l.All().RequiresGrad() {
		t.Error("bools require a gradient")
	}
}

func TestNormRefuses(t *testing.T) {
	x := tensor.Ones(2, 3)
	rejects(t, tensor.ErrDType, "norm", "the norm of int64 is not int64; convert with To(tensor.Float32)", func() { x.To(tensor.Int64).Norm(2) })
	rejects(t, tensor.ErrDType, "norm", "the norm of bool", func() { x.To(tensor.Bool).NormKeepdim(0, 1) })
	rejects(t, tensor.ErrShape, "max", "no elements to compare", func() { tensor.Ones(0).Norm(inf) })
	rejects(t, tensor.ErrShape, "min", "no elements to compare", func() { tensor.Ones(0).Norm(-inf) })
	rejects(t, tensor.ErrAxis, "norm", "axis 2 is out of range", func() { x.Norm(2, 2) })
	rejects(t, tensor.ErrAxis, "any", "axis 2 is out of range", func() { x.Any(2) })
	rejects(t, tensor.ErrAxis, "all", "axis 1 is named twice", func() { x.All(1, 1) })
}
