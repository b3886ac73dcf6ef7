package tensor_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// TestIndex checks the cases whose placement has a rule of its own against that rule, written out.
func TestIndex(t *testing.T) {
	pos := func(n int, shape []int, values ...float64) tin { return indices(n, shape, values...) }
	var cases []optest.Case
	// from maps a place of the result to one of x, given the values of index tensor k at a place.
	add := func(name string, x []int, idx []tin, kinds []int, shape []int, from func(at []int, i func(k int, at ...int) int) []int) {
		in := append([]tin{{Shape: x}}, idx...)
		cases = append(cases, optest.Case{Op: "tensor.indexSelectOp", Name: "index " + name, In: in, Ints: true,
			F: func(in tensors) tensors { return tensors{in[0].Index(goldenIndices(in[1:], kinds)...)} },
			Want: func(in []optest.Array) []optest.Array {
				return []optest.Array{optest.Build(shape, func(at []int) float64 {
					return in[0].At(from(at, func(k int, at ...int) int { return int(in[1+k].At(at...)) })...)
				})}
			}})
	}
	type picker = func(k int, at ...int) int
	add("rows", []int{4, 3}, []tin{pos(4, []int{5})}, []int{1}, []int{5, 3}, func(at []int, i picker) []int { return []int{i(0, at[0]), at[1]} })
	add("a matrix of rows", []int{4, 3}, []tin{pos(4, []int{2, 2})}, []int{1}, []int{2, 2, 3}, func(at []int, i picker) []int { return []int{i(0, at[0], at[1]), at[2]} })
	add("pairs", []int{4, 3}, []tin{pos(4, []int{5}), pos(3, []int{5})}, []int{1, 1}, []int{5}, func(at []int, i picker) []int { return []int{i(0, at[0]), i(1, at[0])} })
	add("an outer product", []int{4, 3}, []tin{pos(4, []int{2, 1}), pos(3, []int{2})}, []int{1, 1}, []int{2, 2}, func(at []int, i picker) []int { return []int{i(0, at[0], 0), i(1, at[1])} })
	add("inside", []int{2, 4, 3, 2}, []tin{pos(4, []int{3}), pos(3, []int{3})}, []int{0, 1, 1}, []int{2, 3, 2}, func(at []int, i picker) []int { return []int{at[0], i(0, at[1]), i(1, at[1]), at[2]} })
	add("apart", []int{2, 4, 3, 2}, []tin{pos(2, []int{3}), pos(3, []int{3})}, []int{1, 0, 1}, []int{3, 4, 2}, func(at []int, i picker) []int { return []int{i(0, at[0]), at[1], i(1, at[0]), at[2]} })
	add("apart at the end", []int{2, 4, 3}, []tin{pos(2, []int{2}), pos(3, []int{1})}, []int{1, 0, 1}, []int{2, 4}, func(at []int, i picker) []int { return []int{i(0, at[0]), at[1], i(1, 0)} })
	add("a scalar", []int{4, 3}, []tin{pos(4, nil)}, []int{1}, []int{3}, func(at []int, i picker) []int { return []int{i(0), at[0]} })
	add("none", []int{4, 3}, []tin{pos(4, []int{0})}, []int{1}, []int{0, 3}, func(at []int, i picker) []int { return at })
	add("one element", []int{1}, []tin{pos(1, []int{1})}, []int{1}, []int{1}, func(at []int, i picker) []int { return []int{0} })
	add("the last axis", []int{3, 5}, []tin{pos(5, []int{4})}, []int{0, 1}, []int{3, 4}, func(at []int, i picker) []int { return []int{at[0], i(0, at[1])} })
	optest.Run(t, cases)

	x := tensor.Ones(2, 3)
	if x.Index() != x || x.Index(nil, nil) != x {
		t.Error("whole axes alone make another tensor")
	}
	all := x.IndexPut([]*tensor.Tensor{nil}, tensor.Scalar(float32(2)), true)
	wantFloats(t, "added everywhere", all, 3, 3, 3, 3, 3, 3)
	wantFloats(t, "put everywhere", x.IndexPut(nil, tensor.Scalar(float32(2)), false), 2, 2, 2, 2, 2, 2)
}

func TestIndexPut(t *testing.T) {
	x := []int{3, 4}
	var cases []optest.Case
	for _, accumulate := range []bool{false, true} {
		op := "tensor.indexCopyOp"
		if accumulate {
			op = "tensor.indexAddOp"
		}
		add := func(name string, i, j tin, values []int) {
			cases = append(cases, optest.Case{Op: op, Name: fmt.Sprint("put ", name, " ", accumulate), Ints: true,
				In: []tin{{Shape: x}, i, j, {Shape: values}},
				F: func(in tensors) tensors {
					return tensors{in[0].IndexPut([]*tensor.Tensor{in[1], in[2]}, in[3], accumulate)}
				},
				Want: func(in []optest.Array) []optest.Array {
					y := optest.Build(x, func(at []int) float64 { return in[0].At(at...) })
					places := []int{5}
					optest.Each(places, func(at []int) {
						o := y.Offset(int(in[1].At(at...)), int(in[2].At(at...)))
						if !accumulate {
							y.Data[o] = 0
						}
						y.Data[o] += in[3].At(at...)
					})
					return []optest.Array{y}
				}})
		}
		add("pairs", indices(3, []int{5}), indices(4, []int{5}), []int{5})
		add("duplicates", indices(3, []int{5}, 1, 1, 0, 1, 2), indices(4, []int{5}, 2, 2, 3, 2, 0), []int{5})
		add("one row", indices(3, []int{1}), indices(4, []int{5}, 3, 3, 1, 0, 1), []int{5})
		add("one value", indices(3, []int{5}), indices(4, []int{5}), []int{1})
		add("a scalar", indices(3, []int{5}), indices(4, []int{5}), nil)
	}
	optest.Run(t, cases)
}

// TestIndexRapid compares with NumPy's rule, element by element: the naive walk below knows nothing of merged axes.
func TestIndexRapid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rank := rapid.IntRange(1, 4).Draw(t, "rank")
		var xs []int
		for range rank {
			xs = append(xs, rapid.IntRange(1, 4).Draw(t, "size"))
		}
		common := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 2).Draw(t, "index shape")
		n := 1
		for _, d := range common {
			n *= d
		}
		index, at := make(tensors, rank), make([][]int64, rank)
		var named []int
		for a := range rank {
			if rapid.Bool().Draw(t, "whole") {
				continue
			}
			at[a] = rapid.SliceOfN(rapid.Int64Range(int64(-xs[a]), int64(xs[a]-1)), n, n).Draw(t, "positions")
			index[a] = tensor.OfShape(at[a], tensor.ShapeOf(common...))
			named = append(named, a)
		}
		if len(named) == 0 {
			return
		}
		front := named[len(named)-1]-named[0] != len(named)-1
		shape, where := []int{}, 0 // of the result, and where the common dimensions begin
		for a, d := range xs {
			if a == named[0] && !front {
				where = len(shape)
				shape = append(shape, common...)
			}
			if index[a] == nil {
				shape = append(shape, d)
			}
		}
		if front {
			shape = append(append([]int{}, common...), shape...)
		}
		size := 1
		for _, d := range xs {
			size *= d
		}
		x := tensor.With(tensor.Float64).Arange(0, float64(size), 1).Reshape(xs...)
		got := x.Index(index...)
		if got.Shape() != tensor.ShapeOf(shape...) {
			t.Fatalf("shape %v, want %v", got.Shape(), shape)
		}
		values, sum := got.Floats(), make([]float64, size)
		latest := x.Floats()
		k := 0
		optest.Each(shape, func(to []int) {
			i := 0
			for d, s := range common {
				i = i*s + to[where+d]
			}
			rest := append(append([]int{}, to[:where]...), to[where+len(common):]...)
			from := 0
			for a, d := range xs {
				p := 0
				if index[a] == nil {
					p, rest = rest[0], rest[1:]
				} else if p = int(at[a][i]); p < 0 {
					p += d
				}
				from = from*d + p
			}
			if values[k] != float64(from) {
				t.Fatalf("element %v is %v, want %d", to, values[k], from)
			}
			sum[from] += float64(k + 1)
			k++
		})
		numbers := tensor.With(tensor.Float64).Arange(1, float64(k+1), 1).Reshape(shape...)
		for i, v := range tensor.With(tensor.Float64).Zeros(xs...).IndexPut(index, numbers, true).Floats() {
			if v != sum[i] {
				t.Fatalf("accumulated element %d is %v, want %v", i, v, sum[i])
			}
		}
		for i, v := range x.IndexPut(index, got, false).Floats() {
			if v != latest[i] {
				t.Fatalf("what was read and put back changed element %d from %v to %v", i, latest[i], v)
			}
		}
	})
}

func TestIndexRefuses(t *testing.T) {
	x, i := tensor.Ones(2, 3), tensor.Of([]int64{0, 1})
	for op, f := range map[string]func(index ...*tensor.Tensor){
		"index":     func(index ...*tensor.Tensor) { x.Index(index...) },
		"index_put": func(index ...*tensor.Tensor) { x.IndexPut(index, tensor.Scalar(float32(1)), false) },
	} {
		rejects(t, tensor.ErrIndex, op, "index 3 at position 1 of the indices for axis 1 is outside [-3, 3)", func() { f(nil, tensor.Of([]int64{0, 3})) })
		rejects(t, tensor.ErrIndex, op, "index -3 at position 0 of the indices for axis 0 is outside [-2, 2)", func() { f(tensor.Of([]int64{-3})) })
		rejects(t, tensor.ErrShape, op, "the indices are for 3 axes, the input has 2", func() { f(i, i, i) })
		rejects(t, tensor.ErrShape, op, "do not broadcast", func() { f(i, tensor.Of([]int64{0, 1, 2})) })
		rejects(t, tensor.ErrDType, op, "index 0 is float32; convert it with To(tensor.Int64)", func() { f(x) })
		rejects(t, tensor.ErrDType, op, "index 1 is int32", func() { f(nil, i.To(tensor.Int32)) })
		rejects(t, tensor.ErrShape, op, "the mask, index 1, has size 2 along its axis 0, the input 3 along its axis 1", func() { f(nil, i.To(tensor.Bool)) })
		rejects(t, tensor.ErrShape, op, "the indices are for 3 axes", func() { f(i, tensor.Ones(3, 2).To(tensor.Bool)) })
		rejects(t, tensor.ErrShape, op, "has no dimensions; use Where", func() { f(tensor.Scalar(true)) })
	}
	rejects(t, tensor.ErrShape, "index", "the result would have 9 dimensions", func() { x.Index(tensor.Zeros(1, 1, 1, 1, 1, 1, 1, 1).To(tensor.Int64)) })
	rejects(t, tensor.ErrDevice, "index", "depends on its data", func() { x.Index(tensor.With(tensor.Bool).On(tensor.Meta).Zeros(2)) })
	rejects(t, tensor.ErrShape, "index_put", "must broadcast to the indexed shape (2, 3)", func() { x.IndexPut(tensors{i}, tensor.Ones(2, 2), false) })
	rejects(t, tensor.ErrShape, "index_put", "must broadcast to the indexed shape (2, 3)", func() { x.IndexPut(tensors{i}, tensor.Ones(1, 2, 3), true) })
	rejects(t, tensor.ErrDType, "index_put", "the values are int64, the input float32", func() { x.IndexPut(tensors{i}, tensor.Of([]int64{1}), false) })
	if y := x.Index(tensor.With(tensor.Int64).On(tensor.Meta).Zeros(4)); y.Shape() != tensor.ShapeOf(4, 3) || y.Device() != tensor.Meta {
		t.Errorf("meta: %v", y)
	}
}
