package tensor_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// scanned is the reference of a scan: f of the elements up to each one along an axis.
func scanned(axis int, f func(x []float64) float64) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		return []optest.Array{optest.Build(in[0].Shape, func(at []int) float64 {
			if len(at) == 0 {
				return f(in[0].Data)
			}
			axis := (axis + len(at)) % len(at)
			from := slices.Clone(at)
			var x []float64
			for i := range at[axis] + 1 {
				from[axis] = i
				x = append(x, in[0].At(from...))
			}
			return f(x)
		})}
	}
}

// scanCases returns c along each axis of shapes of all kinds, drawn as in like.
func scanCases(c optest.Case, like tin, scan func(x *tensor.Tensor, axis int) *tensor.Tensor, f func(x []float64) float64) (cases []optest.Case) {
	for _, s := range []struct {
		name  string
		shape []int
		axis  int
	}{
		{"vector", []int{7}, 0},
		{"rows", []int{3, 5}, 1},
		{"columns", []int{5, 3}, 0},
		{"middle", []int{2, 5, 3}, 1},
		{"negative axis", []int{2, 3, 4}, -3},
		{"last axis", []int{2, 3, 4}, -1},
		{"several strips", []int{3, 67}, 0},
		{"one element", []int{1, 1}, 0},
		{"axis of size 1", []int{3, 1}, 1},
		{"scalar", []int{}, 0},
		{"scalar, last axis", []int{}, -1},
		{"empty axis", []int{3, 0}, 1},
		{"no rows", []int{0, 3}, 1},
		{"no columns", []int{3, 0, 2}, 0},
	} {
		c := c
		like.Shape = s.shape
		c.Name, c.In = s.name, []tin{like}
		c.F = one(func(x *tensor.Tensor) *tensor.Tensor { return scan(x, s.axis) })
		c.Want = scanned(s.axis, f)
		cases = append(cases, c)
	}
	return cases
}

func sumOf(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

func TestCumsum(t *testing.T) {
	optest.Run(t, scanCases(optest.Case{Op: "tensor.cumsumOp", Ints: true}, tin{}, (*tensor.Tensor).Cumsum, sumOf))

	x := tensor.Ones(2, 3)
	rejects(t, tensor.ErrAxis, "cumsum", "axis 2 is out of range", func() { x.Cumsum(2) })
	rejects(t, tensor.ErrAxis, "cumsum", "axis -3 is out of range", func() { x.Cumsum(-3) })
	rejects(t, tensor.ErrAxis, "cumsum", "axis 1 is out of range", func() { tensor.Scalar(1.0).Cumsum(1) })
	wantFloats(t, "bools", tensor.Of([]bool{true, false, true}).Cumsum(0), 1, 1, 2)
	big := int64(1)<<53 + 1
	if got := tensor.Data[int64](tensor.Of([]int64{big, 1, big}).Cumsum(0)); !slices.Equal(got, []int64{big, big + 1, 2*big + 1}) {
		t.Errorf("sums of int64 are %v", got)
	}
	// In float32 alone, 2²⁴ + 1 = 2²⁴.
	wantFloats(t, "small terms", tensor.Of([]float32{1 << 24, 1, 1, 1, 1}).Cumsum(0), 1<<24, 1<<24, 1<<24+2, 1<<24+4, 1<<24+4)
	wantFloats(t, "infinities", tensor.Of([]float64{1, inf, 2, -inf, 3}).Cumsum(0), 1, inf, inf, nan, nan)
}

func TestCumprod(t *testing.T) {
	cumprod := optest.Case{Op: "tensor.cumprodOp"}
	cases := scanCases(cumprod, tin{Lo: 0.5, Hi: 1.5}, (*tensor.Tensor).Cumprod, productOf)
	along := func(op, name string, ints bool, values ...float64) optest.Case {
		return optest.Case{Op: op, Name: name, Ints: ints, In: []tin{{Shape: []int{2, 4}, Values: values}},
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return x.Cumprod(1) }),
			Want: scanned(1, productOf)}
	}
	cases = append(cases,
		along("tensor.cumprodOp", "integers", true, 1, 2, 3, 2, 2, 1, 2, 3),
		along("tensor.cumprodOp", "one zero", true, 2, 0, 3, 1, 0, 3, 1, 2),
		along("tensor.cumprodOp", "last zero", true, 2, 3, 1, 0, 1, 1, 2, 0),
		along("tensor.cumprodOp", "two zeros", true, 0, 2, 0, 3, 2, 0, 0, 1),
		along("tensor.cumprodOp", "all zero", true, 0, 0, 0, 0, 0, 0, 0, 0),
		along("tensor.linearRecurrenceOp", "gradient of cumprod", false, -1.5, 0, 0.5, 1.25, 1, -0.75, 2, 0.25),
	)
	optest.Run(t, cases)

	// y = (a, ab, abc), so that d³Σy/da db dc = 1 and every other third derivative is 0, at any point.
	for _, v := range [][]float64{{2, 3, 5}, {0, 3, 5}, {0, 0, 5}, {0, 0, 0}} {
		x := leaf(v...)
		d := func(y *tensor.Tensor, i int) *tensor.Tensor {
			return tensor.Gradients(tensors{y}, nil, tensors{x}, true, true)[0].Select(0, i)
		}
		third := tensor.Gradients(tensors{d(d(x.Cumprod(0).Sum(), 0), 1)}, nil, tensors{x}, false, false)[0]
		wantFloats(t, "third derivative", third, 0, 0, 1)
	}
	x := tensor.Ones(2, 3)
	rejects(t, tensor.ErrAxis, "cumprod", "axis 2 is out of range", func() { x.Cumprod(2) })
	rejects(t, tensor.ErrAxis, "cumprod", "axis -2 is out of range", func() { tensor.Scalar(1.0).Cumprod(-2) })
	wantFloats(t, "infinities", tensor.Of([]float64{2, inf, -1, 0, 1}).Cumprod(0), 2, inf, -inf, nan, nan)
}

func TestLogCumSumExp(t *testing.T) {
	lse := optest.Case{Op: "tensor.logCumSumExpOp"}
	cases := scanCases(lse, tin{}, (*tensor.Tensor).LogCumSumExp, func(x []float64) (s float64) {
		for _, v := range x {
			s += math.Exp(v)
		}
		return math.Log(s)
	})
	lse.Name, lse.In = "large numbers", []tin{{Shape: []int{3, 5}, Lo: 900, Hi: 904}} // exp(900) overflows
	lse.F = one(func(x *tensor.Tensor) *tensor.Tensor { return x.LogCumSumExp(1) })
	lse.Want = scanned(1, func(x []float64) (s float64) {
		for _, v := range x {
			s += math.Exp(v - 900)
		}
		return 900 + math.Log(s)
	})
	lse.Tol = 10 // differences of float32 near 900 have 5 digits
	optest.Run(t, append(cases, lse))

	x := tensor.Of([]float64{-inf, -inf, 0, -inf, -inf, 2, inf, 0, inf, 0, nan, 1}, 4, 3)
	for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
		wantFloats(t, "infinities", x.To(d).LogCumSumExp(1), -inf, -inf, 0, -inf, -inf, 2, inf, inf, inf, 0, nan, nan)
	}
	// Falling by more than exp can hold, and rising from -Inf to far above it.
	wantFloats(t, "far apart", tensor.Of([]float64{1e30, -1e30, 1e31}).LogCumSumExp(0), 1e30, 1e30, 1e31)
	l := leaf(-inf, -inf, 800, -inf, 0)
	l.LogCumSumExp(0).Sum().Backward()
	wantFloats(t, "gradient beside -Inf", l.Grad(), 0, 0, 3, 0, 0)

	rejects(t, tensor.ErrAxis, "logcumsumexp", "axis 2 is out of range", func() { x.LogCumSumExp(2) })
	rejects(t, tensor.ErrDType, "logcumsumexp", "int64 is not supported here", func() { x.To(tensor.Int64).LogCumSumExp(0) })
}
