package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func TestArithmetic(t *testing.T) {
	zero, half := optest.Input{Away: []float64{0}}, optest.Input{Lo: -3, Hi: 3, Away: []float64{-3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3}}
	positive := optest.Input{Lo: 0.2, Hi: 3}
	runElementwise(t, []elementwise{
		{op: "add", f2: (*tensor.Tensor).Add, want2: func(x, y float64) float64 { return x + y }, ints: true},
		{op: "sub", f2: (*tensor.Tensor).Sub, want2: func(x, y float64) float64 { return x - y }, ints: true},
		{op: "mul", f2: (*tensor.Tensor).Mul, want2: func(x, y float64) float64 { return x * y }, ints: true},
		{op: "div", in2: &zero, f2: (*tensor.Tensor).Div, want2: func(x, y float64) float64 { return x / y }, ints: true},
		{op: "maximum", name: "max", f2: (*tensor.Tensor).Maximum, want2: math.Max, ints: true, ties: true},
		{op: "maximum", name: "min", f2: (*tensor.Tensor).Minimum, want2: math.Min, ints: true, ties: true},
		{op: "neg", f1: (*tensor.Tensor).Neg, want1: func(x float64) float64 { return -x }, ints: true},
		{op: "abs", in: zero, f1: (*tensor.Tensor).Abs, want1: math.Abs, ints: true},
		{op: "sign", in: zero, f1: (*tensor.Tensor).Sign, ints: true, want1: func(x float64) float64 {
			if x == 0 {
				return 0
			}
			return math.Copysign(1, x)
		}},
		{op: "square", f1: (*tensor.Tensor).Square, want1: func(x float64) float64 { return x * x }, ints: true},
		{op: "reciprocal", in: zero, f1: (*tensor.Tensor).Reciprocal, want1: func(x float64) float64 { return 1 / x }, ints: true},
		{op: "sqrt", in: positive, f1: (*tensor.Tensor).Sqrt, want1: math.Sqrt, ints: true},
		{op: "rsqrt", in: positive, f1: (*tensor.Tensor).Rsqrt, want1: func(x float64) float64 { return 1 / math.Sqrt(x) }},
		{op: "scalar", name: "add", f1: func(x *tensor.Tensor) *tensor.Tensor { return x.AddScalar(3) }, want1: func(x float64) float64 { return x + 3 }, ints: true},
		{op: "scalar", name: "sub", f1: func(x *tensor.Tensor) *tensor.Tensor { return x.SubScalar(3) }, want1: func(x float64) float64 { return x - 3 }, ints: true},
		{op: "scalar", name: "rsub", f1: func(x *tensor.Tensor) *tensor.Tensor { return x.RSubScalar(3) }, want1: func(x float64) float64 { return 3 - x }, ints: true},
		{op: "scalar", name: "mul", f1: func(x *tensor.Tensor) *tensor.Tensor { return x.MulScalar(-3) }, want1: func(x float64) float64 { return x * -3 }, ints: true},
		{op: "scalar", name: "div", f1: func(x *tensor.Tensor) *tensor.Tensor { return x.DivScalar(3) }, want1: func(x float64) float64 { return x / 3 }, ints: true},
		{op: "scalar", name: "fraction", f1: func(x *tensor.Tensor) *tensor.Tensor { return x.MulScalar(0.5) }, want1: func(x float64) float64 { return x / 2 }, ints: true},
		{op: "clamp", in: optest.Input{Away: []float64{-1, 1}}, f1: func(x *tensor.Tensor) *tensor.Tensor { return x.Clamp(-1, 1) }, ints: true,
			want1: func(x float64) float64 { return math.Min(math.Max(x, -1), 1) }},
		{op: "clamp", name: "min", in: optest.Input{Away: []float64{0.5}}, f1: func(x *tensor.Tensor) *tensor.Tensor { return x.ClampMin(0.5) }, ints: true,
			want1: func(x float64) float64 { return math.Max(x, 0.5) }},
		{op: "clamp", name: "max", in: optest.Input{Away: []float64{1}}, f1: func(x *tensor.Tensor) *tensor.Tensor { return x.ClampMax(1) }, ints: true,
			want1: func(x float64) float64 { return math.Min(x, 1) }},
		{op: "round", name: "floor", in: half, f1: (*tensor.Tensor).Floor, want1: math.Floor},
		{op: "round", name: "ceil", in: half, f1: (*tensor.Tensor).Ceil, want1: math.Ceil},
		{op: "round", name: "round", in: half, f1: (*tensor.Tensor).Round, want1: math.RoundToEven},
		{op: "round", name: "trunc", in: half, f1: (*tensor.Tensor).Trunc, want1: math.Trunc},
		{op: "pow", in: positive, in2: &optest.Input{Lo: 0, Hi: 3}, f2: (*tensor.Tensor).Pow, want2: math.Pow},
		{op: "powScalar", name: "cube", f1: func(x *tensor.Tensor) *tensor.Tensor { return x.PowScalar(3) }, want1: func(x float64) float64 { return x * x * x }, ints: true},
		{op: "powScalar", name: "fraction", in: positive, f1: func(x *tensor.Tensor) *tensor.Tensor { return x.PowScalar(-1.3) }, want1: func(x float64) float64 { return math.Pow(x, -1.3) }},
		// The quotients stay away from whole numbers, where the result jumps.
		{op: "floorDivide", in: optest.Input{Lo: -3.9, Hi: -3.1}, in2: &optest.Input{Lo: 0.98, Hi: 1.02}, f2: (*tensor.Tensor).FloorDivide,
			want2: func(x, y float64) float64 { return math.Floor(x / y) }},
		{op: "remainder", in: optest.Input{Lo: -3.9, Hi: -3.1}, in2: &optest.Input{Lo: 0.98, Hi: 1.02}, f2: (*tensor.Tensor).Remainder,
			want2: func(x, y float64) float64 { return x - y*math.Floor(x/y) }},
	})
}

// TestIntegerArithmetic compares integer results that the conformance suite's small values do not reach, with Python's.
func TestIntegerArithmetic(t *testing.T) {
	x, y := tensor.Of([]int64{7, -7, 7, -7, 6, -6, 0}), tensor.Of([]int64{3, 3, -3, -3, 3, -3, 5})
	for _, c := range []struct {
		name      string
		got, want *tensor.Tensor
	}{
		{"floor divide", x.FloorDivide(y), tensor.Of([]int64{2, -3, -3, 2, 2, 2, 0})},
		{"remainder", x.Remainder(y), tensor.Of([]int64{1, 2, -2, -1, 0, 0, 0})},
		{"abs", x.To(tensor.Int32).Abs(), tensor.Of([]int32{7, 7, 7, 7, 6, 6, 0})},
		{"sign", x.Sign(), tensor.Of([]int64{1, -1, 1, -1, 1, -1, 0})},
		{"pow", tensor.Of([]int64{2, -2, 0, 3, 10}).Pow(tensor.Of([]int64{10, 3, 0, 1, 18})), tensor.Of([]int64{1024, -8, 1, 3, 1e18})},
		{"pow wraps", tensor.Of([]uint8{2, 3, 255}).PowScalar(7), tensor.Of([]uint8{128, 139, 255})},
		{"clamp", tensor.Of([]uint8{0, 7, 200}).Clamp(-5, 100), tensor.Of([]uint8{0, 7, 100})},
		{"clamp above", tensor.Of([]uint8{0, 7, 200}).Clamp(3, 1000), tensor.Of([]uint8{3, 7, 200})},
		{"clamp min", tensor.Of([]int64{math.MinInt64, math.MaxInt64}).ClampMin(-4), tensor.Of([]int64{-4, math.MaxInt64})},
		{"uint8 wraps", tensor.Of([]uint8{1, 255}).SubScalar(2), tensor.Of([]uint8{255, 253})},
		{"uint8 abs", tensor.Of([]uint8{1, 255}).Abs(), tensor.Of([]uint8{1, 255})},
		{"promotion", tensor.Of([]uint8{200}).Add(tensor.Of([]int32{100})), tensor.Of([]int32{300})},
		{"bool", tensor.Of([]bool{true, false}).AddScalar(1), tensor.Of([]int64{2, 1})},
		{"division", tensor.Of([]int64{1, 3}).Div(tensor.Of([]int64{2, 2})), tensor.Of([]float32{0.5, 1.5})},
		{"round", x.Round(), x},
	} {
		if !tensor.Equal(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
}

// TestKinks checks derivatives where there is no one derivative: the values are PyTorch's.
func TestKinks(t *testing.T) {
	x := tensor.Of([]float64{-1, 0, 1})
	for _, c := range []struct {
		name string
		f    func(x *tensor.Tensor) *tensor.Tensor
		want []float64
	}{
		{"abs", (*tensor.Tensor).Abs, []float64{-1, 0, 1}},
		{"relu", (*tensor.Tensor).ReLU, []float64{0, 0, 1}},
		{"clamp", func(x *tensor.Tensor) *tensor.Tensor { return x.Clamp(-1, 1) }, []float64{1, 1, 1}},
		{"hardtanh", func(x *tensor.Tensor) *tensor.Tensor { return x.Hardtanh(-1, 1) }, []float64{0, 1, 0}},
		{"maximum tie", func(x *tensor.Tensor) *tensor.Tensor { return x.Maximum(tensor.Of([]float64{0, 0, 0})) }, []float64{0, 0.5, 1}},
		{"maximum of itself", func(x *tensor.Tensor) *tensor.Tensor { return x.Maximum(x) }, []float64{1, 1, 1}},
		{"minimum tie", func(x *tensor.Tensor) *tensor.Tensor { return x.Minimum(tensor.Of([]float64{0, 0, 0})) }, []float64{1, 0.5, 0}},
		{"leaky relu", func(x *tensor.Tensor) *tensor.Tensor { return x.LeakyReLU(0.25) }, []float64{0.25, 0.25, 1}},
		{"pow 0", func(x *tensor.Tensor) *tensor.Tensor { return x.PowScalar(0) }, []float64{0, 0, 0}},
	} {
		leaf := x.RequireGrad()
		c.f(leaf).Sum().Backward()
		if !tensor.Equal(leaf.Grad(), tensor.Of(c.want)) {
			t.Errorf("%s: got %v, want %v", c.name, leaf.Grad(), c.want)
		}
	}
}

// TestGradientsOfPromotion checks that gradients take the shape and dtype of their inputs.
func TestGradientsOfPromotion(t *testing.T) {
	x, y := tensor.Of([]float32{1, 2, 3, 4}, 2, 2).RequireGrad(), tensor.Of([]float64{0.5, 2}).RequireGrad()
	for name, f := range map[string]func() *tensor.Tensor{
		"mul": func() *tensor.Tensor { return x.Mul(y) }, "div": func() *tensor.Tensor { return x.Div(y) },
		"maximum": func() *tensor.Tensor { return x.Maximum(y) }, "pow": func() *tensor.Tensor { return x.Pow(y) },
		"where": func() *tensor.Tensor { return tensor.Where(tensor.Of([]bool{true, false}), x, y) },
	} {
		x.ZeroGrad()
		y.ZeroGrad()
		z := f()
		z.Sum().Backward()
		if z.DType() != tensor.Float64 || x.Grad().DType() != tensor.Float32 || x.Grad().Shape() != x.Shape() || y.Grad().DType() != tensor.Float64 || y.Grad().Shape() != y.Shape() {
			t.Errorf("%s: result %v, gradients %v and %v", name, z.Spec(), x.Grad().Spec(), y.Grad().Spec())
		}
	}
}

func TestLerp(t *testing.T) {
	x, y := tensor.Of([]float64{1, -2}), tensor.Of([]float64{5, 0.1})
	for _, w := range []float64{0, 0.25, 0.75, 1} {
		want := tensor.Of([]float64{1 + 4*w, -2 + 2.1*w})
		if got := x.Lerp(y, w); !tensor.AllClose(got, want, 1e-15, 0, false) {
			t.Errorf("lerp %v: got %v, want %v", w, got, want)
		}
	}
	if !tensor.Equal(x.Lerp(y, 1), y) || !tensor.Equal(x.Lerp(y, 0), x) {
		t.Error("lerp does not end at its ends")
	}
	if got := x.Addcmul(y, y, 2); !tensor.AllClose(got, tensor.Of([]float64{51, -1.98}), 1e-15, 0, false) {
		t.Errorf("addcmul: got %v", got)
	}
	if got := x.Addcdiv(x, y, 2); !tensor.AllClose(got, tensor.Of([]float64{1.4, -42}), 1e-15, 0, false) {
		t.Errorf("addcdiv: got %v", got)
	}
}

func TestArithmeticRefuses(t *testing.T) {
	f, i := tensor.Ones(2, 3), tensor.Arange(0, 3, 1)
	refuses(t, tensor.ErrShape, "do not broadcast", func() { f.Sub(tensor.Ones(2)) })
	refuses(t, tensor.ErrDType, "bool", func() { f.GtScalar(0).Neg() })
	refuses(t, tensor.ErrValue, "divisor is zero (element 0", func() { i.FloorDivide(i) })
	refuses(t, tensor.ErrValue, "divisor is zero (element 0", func() { i.Remainder(i) })
	refuses(t, tensor.ErrValue, "exponent is negative (element 2", func() { i.Pow(i.RSubScalar(1)) })
	refuses(t, tensor.ErrValue, "no power -3", func() { i.PowScalar(-3) })
	refuses(t, tensor.ErrValue, "does not fit uint8", func() { i.To(tensor.Uint8).AddScalar(300) })
	refuses(t, tensor.ErrValue, "does not fit int32", func() { i.To(tensor.Int32).MulScalar(1e10) })
	refuses(t, tensor.ErrValue, "does not fit int64", func() { i.AddScalar(inf) })
	refuses(t, tensor.ErrValue, "must be numbers", func() { f.Clamp(nan, 1) })
	refuses(t, tensor.ErrValue, "less than the upper", func() { f.Hardtanh(1, 1) })
	refuses(t, tensor.ErrValue, "input 1 is nil", func() { f.Div(nil) })
}
