package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func TestMathematics(t *testing.T) {
	positive, unit := optest.Input{Lo: 0.2, Hi: 5}, optest.Input{Lo: -0.9, Hi: 0.9}
	runElementwise(t, []elementwise{
		{op: "exp", f1: (*tensor.Tensor).Exp, want1: math.Exp, ints: true},
		{op: "expm1", f1: (*tensor.Tensor).Expm1, want1: math.Expm1, ints: true},
		{op: "exp2", f1: (*tensor.Tensor).Exp2, want1: func(x float64) float64 { return math.Pow(2, x) }, ints: true},
		{op: "log", in: positive, f1: (*tensor.Tensor).Log, want1: math.Log, ints: true},
		{op: "log1p", in: optest.Input{Lo: -0.8, Hi: 5}, f1: (*tensor.Tensor).Log1p, want1: math.Log1p, ints: true},
		{op: "log2", in: positive, f1: (*tensor.Tensor).Log2, want1: func(x float64) float64 { return math.Log(x) / math.Ln2 }},
		{op: "log10", in: positive, f1: (*tensor.Tensor).Log10, want1: func(x float64) float64 { return math.Log(x) / math.Ln10 }},
		{op: "sin", f1: (*tensor.Tensor).Sin, want1: math.Sin, ints: true},
		{op: "cos", f1: (*tensor.Tensor).Cos, want1: math.Cos, ints: true},
		{op: "tan", in: optest.Input{Lo: -1.2, Hi: 1.2}, f1: (*tensor.Tensor).Tan, want1: func(x float64) float64 { return math.Sin(x) / math.Cos(x) }},
		{op: "asin", in: unit, f1: (*tensor.Tensor).Asin, want1: math.Asin},
		{op: "acos", in: unit, f1: (*tensor.Tensor).Acos, want1: math.Acos},
		{op: "atan", f1: (*tensor.Tensor).Atan, want1: math.Atan, ints: true},
		{op: "atan2", in2: &optest.Input{Lo: 0.5, Hi: 2}, f2: (*tensor.Tensor).Atan2, want2: math.Atan2, ints: true},
		{op: "sinh", f1: (*tensor.Tensor).Sinh, want1: math.Sinh},
		{op: "cosh", f1: (*tensor.Tensor).Cosh, want1: math.Cosh},
		{op: "tanh", f1: (*tensor.Tensor).Tanh, want1: func(x float64) float64 { return math.Sinh(x) / math.Cosh(x) }, ints: true},
		{op: "asinh", f1: (*tensor.Tensor).Asinh, want1: math.Asinh},
		{op: "acosh", in: optest.Input{Lo: 1.2, Hi: 5}, f1: (*tensor.Tensor).Acosh, want1: math.Acosh},
		{op: "atanh", in: unit, f1: (*tensor.Tensor).Atanh, want1: math.Atanh},
		{op: "erf", f1: (*tensor.Tensor).Erf, want1: math.Erf, ints: true},
		{op: "erfc", f1: (*tensor.Tensor).Erfc, want1: math.Erfc},
		{op: "erfinv", in: unit, f1: (*tensor.Tensor).Erfinv, want1: erfinv},
		{op: "lgamma", in: positive, f1: (*tensor.Tensor).Lgamma, want1: func(x float64) float64 { return math.Log(math.Gamma(x)) }},
		{op: "digamma", in: positive, f1: (*tensor.Tensor).Digamma, want1: func(x float64) float64 { return polygamma(0, x) }},
		{op: "polygamma", in: positive, f1: func(x *tensor.Tensor) *tensor.Tensor { return x.Polygamma(1) }, want1: func(x float64) float64 { return polygamma(1, x) }},
	})
	rejects(t, tensor.ErrValue, "polygamma", "no derivative number -1", func() { tensor.Ones(2).Polygamma(-1) })
}

// erfinv is the root of erf(y) = x, by bisection.
func erfinv(x float64) float64 {
	lo, hi := -6.0, 6.0
	for range 200 {
		if m := (lo + hi) / 2; math.Erf(m) < x {
			lo = m
		} else {
			hi = m
		}
	}
	return (lo + hi) / 2
}

// polygamma moves x beyond 30 by the recurrence and sums the asymptotic series (Abramowitz and Stegun, 6.3.18 and 6.4.12).
func polygamma(n int, x float64) float64 {
	sum := 0.0
	for ; x < 30; x++ {
		if n == 0 {
			sum -= 1 / x
		} else {
			sum += 1 / (x * x)
		}
	}
	x2 := x * x
	if n == 0 {
		return sum + math.Log(x) - 1/(2*x) - 1/(12*x2) + 1/(120*x2*x2) - 1/(252*x2*x2*x2) + 1/(240*x2*x2*x2*x2)
	}
	return sum + 1/x + 1/(2*x2) + 1/(6*x2*x) - 1/(30*x2*x2*x) + 1/(42*x2*x2*x2*x) - 1/(30*x2*x2*x2*x2*x)
}

// TestExactValues are results that must not be off by a rounding.
func TestExactValues(t *testing.T) {
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
		of := func(v ...float64) *tensor.Tensor { return tensor.Of(v).To(d) }
		for _, c := range []struct {
			name      string
			got, want *tensor.Tensor
		}{
			{"exp", of(0, -inf, inf).Exp(), of(1, 0, inf)},
			{"exp2", of(-1, 0, 1, 10).Exp2(), of(0.5, 1, 2, 1024)},
			{"log", of(1, 0, inf).Log(), of(0, -inf, inf)},
			{"log2", of(0.125, 1, 8, 1024).Log2(), of(-3, 0, 3, 10)},
			{"log10", of(1, 10, 1000, 1e10).Log10(), of(0, 1, 3, 10)},
			{"tanh", of(-1000, 0, 1000, inf, -inf).Tanh(), of(-1, 0, 1, 1, -1)},
			{"sigmoid", of(-1000, 0, 1000, inf, -inf).Sigmoid(), of(0, 0.5, 1, 1, 0)},
			{"logsigmoid", of(-1000, 1000, -inf, inf).LogSigmoid(), of(-1000, 0, -inf, 0)},
			{"softplus", of(-1000, 1000, 30).Softplus(1, 20), of(0, 1000, 30)},
			{"softplus without threshold", of(-1000, 500).Softplus(1, inf), of(0, 500)},
			{"silu", of(-1000, 0, 1000).SiLU(), of(0, 0, 1000)},
			{"mish", of(-1000, 0, 1000).Mish(), of(0, 0, 1000)},
			{"gelu", of(-1000, 0, 1000).GELU(), of(0, 0, 1000)},
			{"gelu tanh", of(-1000, 0, 1000).GELUTanh(), of(0, 0, 1000)},
			{"round", of(0.5, 1.5, 2.5, -0.5).Round(), of(0, 2, 2, 0)},
			{"sqrt", of(0, 4, inf).Sqrt(), of(0, 2, inf)},
			{"erf", of(-10, 0, 10).Erf(), of(-1, 0, 1)},
			{"pow", of(2, 9, 0, 0).Pow(of(3, 0.5, 0, 2)), of(8, 3, 1, 0)},
		} {
			if !tensor.Equal(c.got, c.want) {
				t.Errorf("%v %s: got %v, want %v", d, c.name, c.got, c.want)
			}
		}
	}
}

// TestNaNPropagates checks that no elementwise function of floats but Sign, which says 0 as PyTorch does, loses a NaN; with
// either sign, for hardware makes both.
func TestNaNPropagates(t *testing.T) {
	one := tensor.Ones(2)
	fs := map[string]func(x *tensor.Tensor) *tensor.Tensor{
		"maximum": func(x *tensor.Tensor) *tensor.Tensor { return one.To(x.DType()).Maximum(x) },
		"minimum": func(x *tensor.Tensor) *tensor.Tensor { return x.Minimum(one.To(x.DType())) },
	}
	for op, f := range goldenOps {
		if op != "sign" {
			fs[op] = func(x *tensor.Tensor) *tensor.Tensor { return f(x, one.To(x.DType()), 1.5, 3) }
		}
	}
	for op, f := range fs {
		for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
			for _, v := range f(tensor.Of([]float64{nan, math.Copysign(nan, -1)}).To(d)).Floats() {
				if v == v {
					t.Errorf("%s of a NaN is %v", op, v)
				}
			}
		}
	}
	if s := tensor.Of([]float64{nan}).Sign().Item(); s != 0 {
		t.Errorf("sign of a NaN is %v", s)
	}
}
