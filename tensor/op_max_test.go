package tensor_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// folded is the reference of a reduction over the axes, all when there are none: f of the elements, in row-major order, that
// each result is made of.
func folded(axes []int, keep bool, f func(x []float64) float64) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		reduced := map[int]bool{}
		for _, a := range axes {
			reduced[(a+len(in[0].Shape))%len(in[0].Shape)] = true
		}
		var shape, kept []int // of the result, and the same with all axes
		for i, d := range in[0].Shape {
			switch {
			case len(axes) > 0 && !reduced[i]:
				shape, kept = append(shape, d), append(kept, d)
			case keep:
				shape, kept = append(shape, 1), append(kept, 1)
			default:
				kept = append(kept, 1)
			}
		}
		at := optest.Array{Shape: kept}
		groups := make([][]float64, len(optest.Build(kept, func([]int) float64 { return 0 }).Data))
		optest.Each(in[0].Shape, func(i []int) {
			o := at.Offset(i...)
			groups[o] = append(groups[o], in[0].At(i...))
		})
		out := optest.Array{Shape: shape}
		for _, g := range groups {
			out.Data = append(out.Data, f(g))
		}
		return []optest.Array{out}
	}
}

// foldings are ways to reduce that every reduction is tried with.
var foldings = []struct {
	name  string
	shape []int
	axes  []int
	keep  bool
}{
	{"all", []int{3, 4}, nil, false},
	{"rows", []int{3, 5}, []int{1}, false},
	{"columns", []int{3, 7}, []int{0}, false},
	{"few columns", []int{5, 3}, []int{0}, false},
	{"negative axis", []int{2, 3, 4}, []int{-2}, false},
	{"inner and outer", []int{2, 3, 4}, []int{-1, 0}, false},
	{"inner and outer kept", []int{2, 3, 4}, []int{0, 2}, true},
	{"all kept", []int{2, 3}, nil, true},
	{"all axes named", []int{2, 3}, []int{1, 0}, false},
	{"scalar", nil, nil, false},
	{"one element", []int{1}, []int{0}, false},
	{"axis of size 1", []int{2, 1, 3}, []int{1}, false},
	{"eight dimensions", []int{2, 1, 3, 1, 2, 1, 1, 2}, []int{0, 3, -1}, true},
	{"more columns than accumulators", []int{2, 521}, []int{0}, false},
	{"long row", []int{2, 1031}, []int{1}, false},
	{"no results", []int{0, 3}, []int{1}, false},
	{"no results kept", []int{2, 0, 3}, []int{0, -1}, true},
}

// reductionCases are the foldings of one reduction; plain and kept are its two methods.
func reductionCases(c optest.Case, in optest.Input, plain, kept func(x *tensor.Tensor, axes ...int) *tensor.Tensor, want func(x []float64) float64) (cases []optest.Case) {
	name := c.Name
	for _, v := range foldings {
		f := plain
		if v.keep {
			if f = kept; f == nil {
				continue
			}
		}
		in.Shape = v.shape
		c.Name, c.In = strings.TrimSpace(name+" "+v.name), []optest.Input{in}
		c.F = one(func(x *tensor.Tensor) *tensor.Tensor { return f(x, v.axes...) })
		c.Want = folded(v.axes, v.keep, want)
		cases = append(cases, c)
	}
	return cases
}

// rejects checks that f panics with one line: an *Error of the kind that names the op, this file, and what the words say.
func rejects(t *testing.T, kind tensor.Kind, op, words string, f func()) {
	t.Helper()
	err := tensor.Catch(f)
	var e *tensor.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Op != op || !strings.Contains(e.Msg, words) {
		t.Errorf("got %v, want %s: %q (%v)", err, op, words, kind)
		return
	}
	if line := err.Error(); strings.Contains(line, "\n") || !strings.Contains(line, "_test.go:") {
		t.Errorf("not one line with its place: %s", line)
	}
}

// wantFloats compares the elements exactly; NaN equals NaN.
func wantFloats(t *testing.T, what string, got *tensor.Tensor, want ...float64) {
	t.Helper()
	g := got.Detach().Floats()
	same := len(g) == len(want)
	for i := range g {
		same = same && (g[i] == want[i] || g[i] != g[i] && want[i] != want[i])
	}
	if !same {
		t.Errorf("%s is %v, want %v", what, g, want)
	}
}

func largestOf(x []float64) float64 {
	m := math.Inf(-1)
	for _, v := range x {
		m = math.Max(m, v)
	}
	return m
}

func smallestOf(x []float64) float64 {
	m := math.Inf(1)
	for _, v := range x {
		m = math.Min(m, v)
	}
	return m
}

// firstOf returns the reference of argmax and argmin: the first place of the extreme value.
func firstOf(extreme func([]float64) float64) func([]float64) float64 {
	return func(x []float64) float64 {
		e := extreme(x)
		for i, v := range x {
			if v == e {
				return float64(i)
			}
		}
		return -1
	}
}

// extremes are the ways to ask for the largest and the smallest elements.
var extremes = []struct {
	name        string
	fold, keep  func(x *tensor.Tensor, axes ...int) *tensor.Tensor
	place       func(x *tensor.Tensor, axis int) *tensor.Tensor
	valuesPlace func(x *tensor.Tensor, axis int) (values, places *tensor.Tensor)
	want        func(x []float64) float64
}{
	{"max", (*tensor.Tensor).Max, (*tensor.Tensor).MaxKeepdim, (*tensor.Tensor).ArgMax, (*tensor.Tensor).MaxAlong, largestOf},
	{"min", (*tensor.Tensor).Min, (*tensor.Tensor).MinKeepdim, (*tensor.Tensor).ArgMin, (*tensor.Tensor).MinAlong, smallestOf},
}

func TestMax(t *testing.T) {
	var cases []optest.Case
	for _, e := range extremes {
		cases = append(cases, reductionCases(optest.Case{Op: "tensor.extremeOp", Name: e.name, Ints: true}, tin{}, e.fold, e.keep, e.want)...)
		add := func(name string, in tin, axes ...int) {
			cases = append(cases, optest.Case{
				Op: "tensor.extremeOp", Name: e.name + " " + name, In: []tin{in}, Order: -1, Ints: !in.Fixed,
				F: one(func(x *tensor.Tensor) *tensor.Tensor { return e.fold(x, axes...) }), Want: folded(axes, false, e.want),
			})
		}
		// More than one worker's share; values are too close for finite differences.
		add("long", tin{Shape: []int{40_000}})
		add("long rows", tin{Shape: []int{2, 40_000}}, 1)
		add("long columns", tin{Shape: []int{5000, 9}}, 0)
		add("many rows", tin{Shape: []int{70, 700}}, 1)
		add("rows of bools", tin{Shape: []int{3, 4}, Fixed: true, DType: tensor.Bool}, 1)
		add("columns of bools", tin{Shape: []int{3, 6}, Fixed: true, DType: tensor.Bool}, 0)
	}
	optest.Run(t, cases)
}

func TestArgMax(t *testing.T) {
	var cases []optest.Case
	for _, e := range extremes {
		for _, c := range []struct {
			name  string
			shape []int
			axis  int
		}{
			{"row", []int{7}, 0},
			{"rows", []int{3, 5}, 1},
			{"columns", []int{3, 7}, 0},
			{"few columns", []int{5, 3}, 0},
			{"negative axis", []int{2, 3, 4}, -2},
			{"one element", []int{1}, 0},
			{"eight dimensions", []int{2, 1, 3, 1, 2, 1, 1, 2}, 2},
			{"no results", []int{0, 3}, 1},
			{"long", []int{40_000}, 0},
			{"long columns", []int{5000, 9}, 0},
			{"wide columns", []int{3, 521}, 0},
		} {
			cases = append(cases, optest.Case{
				Op: "tensor.argExtremeOp", Name: e.name + " " + c.name, In: of(c.shape), Ints: true, Order: -1,
				F:    one(func(x *tensor.Tensor) *tensor.Tensor { return e.place(x, c.axis) }),
				Want: folded([]int{c.axis}, false, firstOf(e.want)),
			})
		}
		along := func(name string, shape []int, axis int) {
			cases = append(cases, optest.Case{
				Op: "tensor.argExtremeOp", Name: e.name + " along " + name, In: of(shape), Ints: true,
				F: func(in tensors) tensors { v, i := e.valuesPlace(in[0], axis); return tensors{v, i} },
				Want: func(in []optest.Array) []optest.Array {
					return append(folded([]int{axis}, false, e.want)(in), folded([]int{axis}, false, firstOf(e.want))(in)...)
				},
			})
		}
		along("rows", []int{3, 5}, -1)
		along("columns", []int{4, 3}, 0)
		along("the middle", []int{2, 3, 2}, 1)
		along("a vector", []int{6}, 0)
		along("nothing", []int{2, 0}, 0)
	}
	optest.Run(t, cases)
}

// TestExtremesOfTies covers equal extremes, NaN and infinities. Values, places and the gradients of Max are those of
// PyTorch's amax, argmax and max(dim).
func TestExtremesOfTies(t *testing.T) {
	x := tensor.Of([]float64{1, 3, 3, 3, 0, 0}, 2, 3)
	wantFloats(t, "argmax", x.ArgMax(1), 1, 0)
	wantFloats(t, "argmin", x.ArgMin(1), 0, 1)
	wantFloats(t, "argmax of columns", x.ArgMax(0), 1, 0, 0)

	l := leaf(2, 5, 5, 1, 5)
	l.Max().Backward()
	third := 1.0 / 3
	wantFloats(t, "gradient of equal maxima", l.Grad(), 0, third, third, 0, third)
	l.ZeroGrad()
	l.Neg().Min().Backward()
	wantFloats(t, "gradient of equal minima", l.Grad(), 0, -third, -third, 0, -third)
	l.ZeroGrad()
	v, i := l.MaxAlong(0)
	v.Backward()
	wantFloats(t, "gradient of MaxAlong", l.Grad(), 0, 1, 0, 0, 0)
	wantFloats(t, "place of MaxAlong", i, 1)
	l.ZeroGrad()
	v, i = l.Neg().MinAlong(-1)
	v.Backward()
	wantFloats(t, "gradient of MinAlong", l.Grad(), 0, -1, 0, 0, 0)
	wantFloats(t, "place of MinAlong", i, 1)

	// NaN beats everything, the first one stays; in a row, in columns, and where a later piece of a long row holds it.
	y := tensor.Of([]float64{1, nan, inf, nan, -inf, 2, -inf, -inf, inf}, 3, 3)
	for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
		y := y.To(d)
		wantFloats(t, "max with NaN", y.Max(1), nan, nan, inf)
		wantFloats(t, "min with NaN", y.Min(1), nan, nan, -inf)
		wantFloats(t, "argmax with NaN", y.ArgMax(1), 1, 0, 2)
		wantFloats(t, "argmin with NaN", y.ArgMin(1), 1, 0, 0)
		wantFloats(t, "max of all", y.Max(), nan)
		wide := y.Expand(2, 3, 3).Reshape(6, 3).T().Contiguous() // folds whole rows at a time
		wantFloats(t, "max of columns", wide.Max(0), nan, nan, inf, nan, nan, inf)
		wantFloats(t, "argmin of columns", wide.ArgMin(0), 1, 0, 0, 1, 0, 0)
		values, places := y.MaxAlong(1)
		wantFloats(t, "MaxAlong with NaN", values, nan, nan, inf)
		wantFloats(t, "its places", places, 1, 0, 2)
	}
	long := make([]float64, 100_000)
	long[70_000], long[99_999], long[10] = nan, nan, inf
	wantFloats(t, "max of a long row with NaN", tensor.Of(long).Max(), nan)
	wantFloats(t, "argmax of a long row with NaN", tensor.Of(long).ArgMax(0), 70_000)
	wantFloats(t, "argmin of a long row with NaN", tensor.Of(long).ArgMin(0), 70_000)
	wantFloats(t, "argmax of equal elements", tensor.Zeros(100_000).ArgMax(0), 0)

	z := leaf(2, nan, 2)
	z.Max().Backward()
	wantFloats(t, "gradient of a NaN maximum", z.Grad(), nan, nan, nan)

	m := tensor.Of([]int64{math.MinInt64, math.MaxInt64, math.MaxInt64 - 1})
	if got := tensor.Data[int64](m.Max())[0]; got != math.MaxInt64 {
		t.Errorf("the largest int64 is %d", got)
	}
	if got := tensor.Data[int64](m.Slice(0, 0, 3, 2).Max())[0]; got != math.MaxInt64-1 {
		t.Errorf("the largest int64 of two is %d", got)
	}
}

func TestMaxRefuses(t *testing.T) {
	x, empty := tensor.Ones(2, 3), tensor.Ones(2, 0)
	rejects(t, tensor.ErrShape, "max", "no elements to compare", func() { empty.Max() })
	rejects(t, tensor.ErrShape, "min", "no elements to compare", func() { empty.MinKeepdim(1) })
	rejects(t, tensor.ErrShape, "argmax", "no elements to compare", func() { empty.ArgMax(1) })
	rejects(t, tensor.ErrShape, "argmin", "no elements to compare", func() { empty.ArgMin(-1) })
	rejects(t, tensor.ErrShape, "argmax", "no elements to compare", func() { empty.MaxAlong(1) })
	rejects(t, tensor.ErrAxis, "max", "axis 2 is out of range for 2 dimensions", func() { x.Max(2) })
	rejects(t, tensor.ErrAxis, "min", "axis 1 is named twice", func() { x.Min(1, -1) })
	rejects(t, tensor.ErrAxis, "argmax", "axis -3 is out of range", func() { x.ArgMax(-3) })
	rejects(t, tensor.ErrAxis, "argmin", "axis 0 is out of range for 0 dimensions", func() { tensor.Scalar(1.0).ArgMin(0) })
	rejects(t, tensor.ErrAxis, "max_along", "axis 2 is out of range", func() { x.MaxAlong(2) })
	rejects(t, tensor.ErrAxis, "min_along", "axis 2 is out of range", func() { x.MinAlong(2) })
}
