package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// constant is an input without a gradient that follows the run's dtype.
func constant(shape []int, values ...float64) tin {
	return tin{Shape: shape, Fixed: true, Values: values}
}

// countBelow returns how many elements are less than v, or with right less or equal; NaN is the greatest.
func countBelow(row []float64, v float64, right bool) (n float64) {
	for _, s := range row {
		less := s < v || s == s && v != v
		if less || right && (s == v || s != s && v != v) {
			n++
		}
	}
	return n
}

func TestSearchSorted(t *testing.T) {
	var cases []optest.Case
	for _, right := range []bool{false, true} {
		add := func(name string, s, x tin) {
			cases = append(cases, optest.Case{Op: "tensor.searchSortedOp", Name: fmt.Sprintf("%s right=%v", name, right), In: []tin{s, x}, Ints: true, Order: -1,
				F: func(in tensors) tensors {
					return tensors{tensor.SearchSorted(in[0], in[1], tensor.SearchSortedConfig{Right: right})}
				},
				Want: func(in []optest.Array) []optest.Array {
					return []optest.Array{optest.Build(in[1].Shape, func(at []int) float64 {
						row := in[0].Data
						if n := len(at) - 1; len(in[0].Shape) > 1 {
							row = laneOf(in[0], n, at)
						}
						v := 0.0
						if len(at) == 0 {
							v = in[1].Data[0]
						} else {
							v = laneOf(in[1], len(at)-1, at)[at[len(at)-1]]
						}
						return countBelow(row, v, right)
					})}
				}})
		}
		add("one row", constant([]int{5}, 0, 1, 1, 2, 4), constant([]int{2, 3}, 0, 1, 3, 4, 5, 2))
		add("scalar", constant([]int{2}, 0, 1), constant([]int{}, 1))
		add("rows", constant([]int{2, 3}, 0, 1, 2, 1, 1, 4), constant([]int{2, 2}, 1, 4, 1, 0))
		add("three dimensions", constant([]int{2, 1, 2}, 0, 1, 2, 4), constant([]int{2, 1, 3}, 1, 0, 3, 5, 2, 3))
		add("empty row", constant([]int{0}), constant([]int{2}, 1, 2))
		add("no values", constant([]int{2}, 1, 2), constant([]int{0}))
		add("no values in rows", constant([]int{2, 1}, 1, 2), constant([]int{2, 0}))
		add("one element", constant([]int{1}, 1), constant([]int{1}, 1))
	}
	isin := func(name string, x, set tin) {
		cases = append(cases, optest.Case{Op: "tensor.isinOp", Name: name, In: []tin{x, set}, Ints: true, Order: -1,
			F: func(in tensors) tensors { return tensors{in[0].Isin(in[1])} },
			Want: func(in []optest.Array) []optest.Array {
				return []optest.Array{optest.Build(in[0].Shape, func(at []int) float64 {
					for _, s := range in[1].Data {
						if s == in[0].At(at...) {
							return 1
						}
					}
					return 0
				})}
			}})
	}
	isin("some", constant([]int{2, 3}, 0, 1, 2, 3, 4, 5), constant([]int{4}, 4, 2, 2, 9))
	isin("a matrix", constant([]int{3}, 0, 1, 2), constant([]int{2, 2}, 1, 5, 0, 7))
	isin("scalars", constant([]int{}, 3), constant([]int{}, 3))
	isin("nothing", constant([]int{2}, 1, 2), constant([]int{0}))
	isin("none", constant([]int{0}), constant([]int{2}, 1, 2))
	optest.Run(t, cases)
}

func TestSearchSortedProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := tensor.DType(rapid.IntRange(0, int(tensor.Bool)).Draw(t, "dtype"))
		n := rapid.IntRange(0, 70).Draw(t, "n")
		s, sv := drawLane(t, n, d)
		x, xv := drawLane(t, rapid.IntRange(0, 70).Draw(t, "m"), d)
		right := rapid.Bool().Draw(t, "right")
		ordered, order := s.Sort(0, false)
		want := make([]float64, len(xv))
		for i, v := range xv {
			want[i] = countBelow(sv, v, right)
		}
		for what, got := range map[string]*tensor.Tensor{
			"searchsorted": tensor.SearchSorted(ordered, x, tensor.SearchSortedConfig{Right: right}),
			"sorter":       tensor.SearchSorted(s, x, tensor.SearchSortedConfig{Right: right, Sorter: order}),
			"bucketize":    x.Bucketize(ordered, right),
		} {
			if fmt.Sprint(got.Floats()) != fmt.Sprint(want) {
				t.Fatalf("%s %v: %v, want %v", what, d, got, want)
			}
		}
		in := tensor.Data[bool](x.Isin(s))
		for i, v := range xv {
			found := false
			for _, w := range sv {
				found = found || v == w
			}
			if in[i] != found {
				t.Fatalf("isin %v: %v is %v", d, v, in[i])
			}
		}
	})
}

func TestSearchSortedRefuses(t *testing.T) {
	x, row := tensor.Ones(2, 3), tensor.Ones(4)
	search := func(s, x *tensor.Tensor) { tensor.SearchSorted(s, x, tensor.SearchSortedConfig{}) }
	rejects(t, tensor.ErrShape, "searchsorted", "must be (N,), or equal the values' shape", func() { search(tensor.Ones(3, 3), x) })
	rejects(t, tensor.ErrShape, "searchsorted", "must be (N,)", func() { search(tensor.Ones(2, 3), tensor.Ones(3)) })
	rejects(t, tensor.ErrShape, "searchsorted", "no dimensions", func() { search(tensor.Scalar[float32](1), x) })
	rejects(t, tensor.ErrDType, "searchsorted", "the sequence is float64, the values float32", func() { search(row.To(tensor.Float64), x) })
	rejects(t, tensor.ErrShape, "searchsorted", "the sorter's shape", func() {
		tensor.SearchSorted(row, x, tensor.SearchSortedConfig{Sorter: tensor.Arange(0, 3, 1)})
	})
	rejects(t, tensor.ErrDType, "gather", "the indices are float32", func() { tensor.SearchSorted(row, x, tensor.SearchSortedConfig{Sorter: row}) })
	rejects(t, tensor.ErrShape, "bucketize", "one dimension", func() { x.Bucketize(x, false) })
	rejects(t, tensor.ErrDType, "searchsorted", "the sequence is int64", func() { x.Bucketize(tensor.Arange(0, 3, 1), false) })
	ends := tensor.Of([]int64{math.MinInt64, -1, 0, math.MaxInt64, 5}) // far apart, then at the ends of the range
	if got := tensor.Data[bool](ends.Isin(tensor.Of([]int64{math.MaxInt64, math.MinInt64, 5}))); fmt.Sprint(got) != "[true false false true true]" {
		t.Errorf("isin of numbers far apart: %v", got)
	}
	if got := tensor.Data[bool](ends.Isin(tensor.Of([]int64{math.MaxInt64, math.MaxInt64 - 1}))); fmt.Sprint(got) != "[false false false true false]" {
		t.Errorf("isin of the largest numbers: %v", got)
	}
	if got := tensor.Of([]int64{1, 2}).Isin(tensor.Of([]float64{2, 1.5})); tensor.Data[bool](got)[0] || !tensor.Data[bool](got)[1] {
		t.Errorf("isin of promoted dtypes: %v", got)
	}
}
