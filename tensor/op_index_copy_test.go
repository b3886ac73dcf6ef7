package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func TestIndexCopyAddFill(t *testing.T) {
	// slices is the reference: put gets the old value and those of src at one place, in order.
	slices := func(axis int, put func(old float64, src []float64) float64) func([]optest.Array) []optest.Array {
		return func(in []optest.Array) []optest.Array {
			x, idx := in[0], in[1]
			return []optest.Array{optest.Build(x.Shape, func(at []int) float64 {
				var src []float64
				for j, k := range idx.Data {
					if int(k) != at[axis] {
						continue
					}
					v := 1.0
					if len(in) == 3 {
						v = in[2].Data[0]
						if p := moved(at, axis, float64(j)); len(in[2].Data) > 1 {
							v = in[2].At(p...)
						}
					}
					src = append(src, v)
				}
				return put(x.At(at...), src)
			})}
		}
	}
	last := func(old float64, src []float64) float64 {
		if len(src) > 0 {
			return src[len(src)-1]
		}
		return old
	}
	var cases []optest.Case
	add := func(name string, axis int, x []int, idx tin) {
		at := (axis + len(x)) % len(x)
		src := append([]int{}, x...)
		src[at] = idx.Shape[0]
		in := []tin{{Shape: x}, idx, {Shape: src}}
		cases = append(cases, optest.Case{Op: "tensor.indexCopyOp", Name: "copy " + name, Ints: true, In: in,
			F:    func(in tensors) tensors { return tensors{in[0].IndexCopy(axis, in[1], in[2])} },
			Want: slices(at, last)},
			optest.Case{Op: "tensor.indexAddOp", Name: "add " + name, Ints: true, In: in,
				F:    func(in tensors) tensors { return tensors{in[0].IndexAdd(axis, in[1], in[2])} },
				Want: slices(at, func(old float64, src []float64) float64 { return sumOf(append([]float64{old}, src...)) })},
			optest.Case{Op: "tensor.indexCopyOp", Name: "fill " + name, Ints: true, In: in[:2],
				F: func(in tensors) tensors { return tensors{in[0].IndexFill(axis, in[1], 7)} },
				Want: slices(at, func(old float64, src []float64) float64 {
					if len(src) > 0 {
						return 7
					}
					return old
				})})
	}
	add("rows", 0, []int{4, 3}, indices(4, []int{2}, 3, 1))
	add("columns", 1, []int{3, 4}, indices(4, []int{3}))
	add("duplicates", 0, []int{3, 5}, indices(3, []int{6}, 2, 0, 2, 2, 1, 0))
	add("duplicates in the middle", -2, []int{2, 3, 2}, indices(3, []int{4}, 1, 1, 2, 1))
	add("a vector", 0, []int{6}, indices(6, []int{3}))
	add("one element", 0, []int{1}, indices(1, []int{1}))
	add("none", 0, []int{3, 2}, indices(3, []int{0}))
	add("to empty rows", 0, []int{3, 0}, indices(3, []int{2}))
	add("eight dimensions", 5, []int{1, 2, 1, 1, 2, 3, 1, 2}, indices(3, []int{2}))
	add("tiles", 1, []int{3, 40, 70}, indices(40, []int{60}))
	optest.Run(t, cases)
}

func TestIndexSlicesRefuse(t *testing.T) {
	x, src, at := tensor.Ones(4, 3), tensor.Ones(2, 3), tensor.Of([]int64{0, 3})
	for op, f := range map[string]func(axis int, idx, src *tensor.Tensor){
		"index_copy":   func(axis int, idx, src *tensor.Tensor) { x.IndexCopy(axis, idx, src) },
		"index_add":    func(axis int, idx, src *tensor.Tensor) { x.IndexAdd(axis, idx, src) },
		"index_reduce": func(axis int, idx, src *tensor.Tensor) { x.IndexReduce(axis, idx, src, tensor.ReduceProd, true) },
		"index_fill":   func(axis int, idx, _ *tensor.Tensor) { x.IndexFill(axis, idx, 1) },
	} {
		rejects(t, tensor.ErrAxis, op, "axis 2 is out of range", func() { f(2, at, src) })
		rejects(t, tensor.ErrIndex, op, "index 4 at position 1 is outside [0, 4)", func() { f(0, tensor.Of([]int64{0, 4}), src) })
		rejects(t, tensor.ErrIndex, op, "index -1 at position 0 is outside [0, 4)", func() { f(0, tensor.Of([]int64{-1, 0}), src) })
		rejects(t, tensor.ErrDType, op, "the indices are int32; convert them with To(tensor.Int64)", func() { f(0, at.To(tensor.Int32), src) })
		rejects(t, tensor.ErrShape, op, "the indices must have one dimension", func() { f(0, at.Unsqueeze(0), src) })
		if op == "index_fill" {
			continue
		}
		rejects(t, tensor.ErrShape, op, "the source must have the shape (2, 3)", func() { f(0, at, x) })
		rejects(t, tensor.ErrShape, op, "the source must have the shape (4, 2)", func() { f(1, tensor.Of([]int64{0, 2}), src) })
		rejects(t, tensor.ErrDType, op, "the source is float64, the input float32", func() { f(0, at, src.To(tensor.Float64)) })
	}
	rejects(t, tensor.ErrValue, "masked_fill", "does not fit int64", func() { at.IndexFill(0, tensor.Of([]int64{0}), 0.5) })
}
