package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func TestComparisons(t *testing.T) {
	truth := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	type tt = *tensor.Tensor
	var uses []elementwise
	for _, c := range []struct {
		name   string
		f      func(x, y tt) tt
		scalar func(x tt, s float64) tt
		want   func(x, y float64) bool
	}{
		{"eq", tt.Eq, tt.EqScalar, func(x, y float64) bool { return x == y }},
		{"ne", tt.Ne, tt.NeScalar, func(x, y float64) bool { return x != y }},
		{"lt", tt.Lt, tt.LtScalar, func(x, y float64) bool { return x < y }},
		{"le", tt.Le, tt.LeScalar, func(x, y float64) bool { return x <= y }},
		{"gt", tt.Gt, tt.GtScalar, func(x, y float64) bool { return x > y }},
		{"ge", tt.Ge, tt.GeScalar, func(x, y float64) bool { return x >= y }},
	} {
		uses = append(uses,
			elementwise{op: "compare", name: c.name, f2: c.f, want2: func(x, y float64) float64 { return truth(c.want(x, y)) }, ints: true},
			elementwise{op: "compare", name: c.name + " scalar", ints: true, f1: func(x tt) tt { return c.scalar(x, 1) },
				want1: func(x float64) float64 { return truth(c.want(x, 1)) }},
			elementwise{op: "compare", name: c.name + " fraction", ints: true, f1: func(x tt) tt { return c.scalar(x, 0.5) },
				want1: func(x float64) float64 { return truth(c.want(x, 0.5)) }})
	}
	bools := optest.Input{Fixed: true, DType: tensor.Bool}
	uses = append(uses,
		elementwise{op: "logical", name: "and", in: bools, f2: tt.LogicalAnd, want2: func(x, y float64) float64 { return x * y }},
		elementwise{op: "logical", name: "or", in: bools, f2: tt.LogicalOr, want2: math.Max},
		elementwise{op: "logical", name: "xor", in: bools, f2: tt.LogicalXor, want2: func(x, y float64) float64 { return math.Abs(x - y) }},
		elementwise{op: "logical", name: "not", in: bools, f1: tt.LogicalNot, want1: func(x float64) float64 { return 1 - x }},
		elementwise{op: "logical", name: "and of numbers", f2: tt.LogicalAnd, ints: true, want2: func(x, y float64) float64 { return truth(x != 0 && y != 0) }},
	)
	runElementwise(t, uses)
}

func TestWhere(t *testing.T) {
	mask := func(shape ...int) optest.Input {
		return optest.Input{Shape: shape, Fixed: true, DType: tensor.Bool}
	}
	use := func(in []*tensor.Tensor) []*tensor.Tensor {
		return []*tensor.Tensor{tensor.Where(in[0], in[1], in[2])}
	}
	want := func(shape ...int) func(in []optest.Array) []optest.Array {
		return func(in []optest.Array) []optest.Array {
			return []optest.Array{optest.Build(shape, func(at []int) float64 {
				if in[0].At(at...) != 0 {
					return in[1].At(at...)
				}
				return in[2].At(at...)
			})}
		}
	}
	in := func(shape ...int) optest.Input { return optest.Input{Shape: shape} }
	fill := func(shape ...int) func([]optest.Array) []optest.Array {
		return func(in []optest.Array) []optest.Array {
			return []optest.Array{optest.Build(shape, func(at []int) float64 {
				if in[0].At(at...) != 0 {
					return 7
				}
				return in[1].At(at...)
			})}
		}
	}
	maskedFill := func(in []*tensor.Tensor) []*tensor.Tensor {
		return []*tensor.Tensor{in[1].MaskedFill(in[0], 7)}
	}
	optest.Run(t, []optest.Case{
		{Op: "tensor.whereOp", Name: "same", In: []optest.Input{mask(5, 3), in(5, 3), in(5, 3)}, F: use, Want: want(5, 3), Ints: true},
		{Op: "tensor.whereOp", Name: "three-way broadcast", In: []optest.Input{mask(2, 1, 1), in(3, 1), in(4)}, F: use, Want: want(2, 3, 4), Ints: true},
		{Op: "tensor.whereOp", Name: "scalars", In: []optest.Input{mask(2, 3), in(), in()}, F: use, Want: want(2, 3)},
		{Op: "tensor.whereOp", Name: "one", In: []optest.Input{mask(1), in(1), in(1)}, F: use, Want: want(1)},
		{Op: "tensor.whereOp", Name: "empty", In: []optest.Input{mask(0, 2), in(0, 2), in(2)}, F: use, Want: want(0, 2)},
		{Op: "tensor.whereOp", Name: "tiles", In: []optest.Input{mask(3, 701), in(3, 701), in(701)}, F: use, Want: want(3, 701)},
		{Op: "tensor.whereOp", Name: "masked fill", In: []optest.Input{mask(4, 3), in(2, 4, 3)}, F: maskedFill, Want: fill(2, 4, 3), Ints: true},
		{Op: "tensor.whereOp", Name: "masked fill, larger mask", In: []optest.Input{mask(4, 3), in(3)}, F: maskedFill, Want: fill(4, 3), Ints: true},
	})
}

// TestSpecialComparisons covers NaN, infinities, bools, halves and numbers that the tensor's type does not hold.
func TestSpecialComparisons(t *testing.T) {
	x := tensor.Of([]float64{nan, inf, -inf, 0, 1e308})
	u, i := tensor.Of([]uint8{0, 44, 255}), tensor.Of([]int64{1<<53 + 1, -3})
	no, yes := tensor.Of([]bool{false, false, false}), tensor.Of([]bool{true, true, true})
	for _, c := range []struct {
		name      string
		got, want *tensor.Tensor
	}{
		{"isnan", x.IsNaN(), tensor.Of([]bool{true, false, false, false, false})},
		{"isinf", x.IsInf(), tensor.Of([]bool{false, true, true, false, false})},
		{"isfinite", x.IsFinite(), tensor.Of([]bool{false, false, false, true, true})},
		{"isfinite float32", x.To(tensor.Float32).IsFinite(), tensor.Of([]bool{false, false, false, true, false})},
		{"isnan int", u.IsNaN(), no},
		{"isinf int", u.IsInf(), no},
		{"isfinite int", u.IsFinite(), yes},
		{"uint8 < 300", u.LtScalar(300), yes},
		{"uint8 == 300", u.EqScalar(300), no},
		{"uint8 > -1", u.GtScalar(-1), yes},
		{"int64 exact", i.Gt(tensor.Of([]int64{1 << 53, -4})), tensor.Of([]bool{true, true})},
		{"bool", yes.Eq(tensor.Of([]bool{true, false, true})), tensor.Of([]bool{true, false, true})},
		{"bool scalar", yes.EqScalar(1), yes},
		{"half", u.To(tensor.BFloat16).Ge(u.To(tensor.BFloat16)), yes},
		{"float32 == 0.1", tensor.Of([]float32{0.1}).EqScalar(0.1), tensor.Of([]bool{true})},
		{"where half", tensor.Where(yes, u.To(tensor.Float16), u.To(tensor.Float16).Clone()), u.To(tensor.Float16)},
		{"where promotes", tensor.Where(yes, u, u.To(tensor.Float64)), u.To(tensor.Float64)},
		{"where hides NaN", tensor.Where(x.IsNaN(), x.MulScalar(0).MaskedFill(x.IsFinite().LogicalNot(), 0), x), tensor.Of([]float64{0, inf, -inf, 0, 1e308})},
		{"masked bool", yes.MaskedFill(tensor.Of([]bool{true, false, true}), 0), tensor.Of([]bool{false, true, false})},
	} {
		if !tensor.Equal(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
}

func TestAllClose(t *testing.T) {
	x := tensor.Of([]float64{1, 2, inf, nan})
	for _, c := range []struct {
		name       string
		a, b       *tensor.Tensor
		rtol, atol float64
		nan, want  bool
	}{
		{"itself", x, x, 0, 0, true, true},
		{"nan", x, x, 0, 0, false, false},
		{"relative", tensor.Of([]float64{100}), tensor.Of([]float64{101}), 0.01, 0, false, true},
		{"relative to b", tensor.Of([]float64{101}), tensor.Of([]float64{100}), 0.0099, 0, false, false},
		{"absolute", tensor.Of([]float64{0}), tensor.Of([]float64{1e-9}), 0, 1e-8, false, true},
		{"far from infinity", tensor.Of([]float64{1}), tensor.Of([]float64{inf}), 1, 1, false, false},
		{"infinities", tensor.Of([]float64{-inf}), tensor.Of([]float64{inf}), 1, 1, false, false},
		{"broadcast", tensor.Ones(3, 2), tensor.Ones(2), 0, 0, false, true},
		{"dtypes", tensor.Ones(3), tensor.Arange(1, 2, 1), 0, 0, false, true},
		{"empty", tensor.Ones(0), tensor.Ones(0), 0, 0, false, true},
	} {
		if got := tensor.AllClose(c.a, c.b, c.rtol, c.atol, c.nan); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
	if tensor.Equal(tensor.Ones(2), tensor.Ones(3)) || tensor.Equal(tensor.Ones(2), tensor.With(tensor.Float64).Ones(2)) || tensor.Equal(x, x) {
		t.Error("tensors of different shape or dtype, or with a NaN, are equal")
	}
	if !tensor.Equal(tensor.Arange(0, 6, 1).Reshape(2, 3).T(), tensor.Of([]int64{0, 3, 1, 4, 2, 5}, 3, 2)) {
		t.Error("a view differs from its elements")
	}
}

func TestComparisonsRefuse(t *testing.T) {
	x := tensor.Ones(2, 3)
	refuses(t, tensor.ErrShape, "do not broadcast", func() { x.Eq(tensor.Ones(2)) })
	refuses(t, tensor.ErrShape, "do not broadcast", func() { x.LogicalOr(tensor.Ones(2)) })
	refuses(t, tensor.ErrShape, "do not broadcast", func() { tensor.Where(x.GtScalar(0), x, tensor.Ones(2)) })
	refuses(t, tensor.ErrDType, "the condition is float32", func() { tensor.Where(x, x, x) })
	refuses(t, tensor.ErrValue, "does not fit int64", func() { tensor.Arange(0, 3, 1).MaskedFill(tensor.Of([]bool{true}), 0.5) })
	refuses(t, tensor.ErrShape, "do not broadcast", func() { tensor.AllClose(x, tensor.Ones(2), 0, 0, false) })
}
