package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func TestIndexSelect(t *testing.T) {
	use := func(name string, axis int, x []int, idx tin) optest.Case {
		at := (axis + len(x)) % len(x)
		shape := append([]int{}, x...)
		shape[at] = idx.Shape[0]
		return optest.Case{Op: "tensor.indexSelectOp", Name: name, In: []tin{{Shape: x}, idx}, Ints: true,
			F: func(in tensors) tensors { return tensors{in[0].IndexSelect(axis, in[1])} },
			Want: func(in []optest.Array) []optest.Array {
				return []optest.Array{optest.Build(shape, func(i []int) float64 { return in[0].At(moved(i, at, in[1].Data[i[at]])...) })}
			}}
	}
	optest.Run(t, []optest.Case{
		use("rows", 0, []int{4, 3}, indices(4, []int{6})),
		use("columns", 1, []int{3, 4}, indices(4, []int{2})),
		use("the middle", -2, []int{2, 3, 2}, indices(3, []int{4})),
		use("repeated", 0, []int{3, 2}, indices(3, []int{6}, 2, 0, 2, 2, 1, 0)),
		use("one element", 0, []int{1}, indices(1, []int{1})),
		use("none", 0, []int{3, 2}, indices(3, []int{0})),
		use("of empty rows", 0, []int{3, 0}, indices(3, []int{2})),
		use("eight dimensions", 5, []int{1, 2, 1, 1, 2, 3, 1, 2}, indices(3, []int{2})),
		use("tiles", 0, []int{50, 70}, indices(50, []int{700})), // its gradient is shared out among workers
		use("wide", 1, []int{40, 9, 30}, indices(9, []int{50})),
	})
}

func TestEmbedding(t *testing.T) {
	pad, last := int64(2), int64(-1)
	use := func(name string, op string, padding *int64, w []int, idx tin) optest.Case {
		return optest.Case{Op: op, Name: name, In: []tin{{Shape: w}, idx},
			F: func(in tensors) tensors { return tensors{tensor.Embedding(in[0], in[1], padding)} },
			Want: func(in []optest.Array) []optest.Array {
				return []optest.Array{optest.Build(append(append([]int{}, idx.Shape...), w[1]), func(at []int) float64 {
					n := len(at) - 1
					return in[0].At(int(in[1].At(at[:n]...)), at[n])
				})}
			}}
	}
	optest.Run(t, []optest.Case{
		use("sentences", "tensor.indexSelectOp", nil, []int{5, 3}, indices(5, []int{2, 4})),
		use("one word", "tensor.indexSelectOp", nil, []int{5, 3}, indices(5, nil)),
		use("no words", "tensor.indexSelectOp", nil, []int{5, 3}, indices(5, []int{0, 2})),
		use("gradient", "tensor.indexAddOp", nil, []int{4, 2}, indices(4, []int{2, 3})),
		use("large gradient", "tensor.indexAddOp", nil, []int{300, 16}, indices(300, []int{50, 50})),
	})
	// Where a row has no gradient on purpose, finite differences are no judge.
	for _, c := range []struct {
		padding *int64
		row     int
	}{{&pad, 2}, {&last, 4}} {
		w := tensor.Of([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 5, 2).RequireGrad()
		y := tensor.Embedding(w, tensor.Of([]int64{2, 4, 2, 4, 0}), c.padding)
		wantFloats(t, "rows", y, 5, 6, 9, 10, 5, 6, 9, 10, 1, 2)
		g := tensor.Gradients([]*tensor.Tensor{y}, []*tensor.Tensor{tensor.OnesLike(y).RequireGrad()}, []*tensor.Tensor{w}, true, true)[0]
		want := []float64{1, 1, 0, 0, 2, 2, 0, 0, 2, 2}
		want[2*c.row], want[2*c.row+1] = 0, 0
		wantFloats(t, "gradient with padding", g, want...)
	}
	// The gradient's own gradient, by that of the result: what was left out has no influence.
	w, dy := tensor.With(tensor.Float64).Ones(5, 1).RequireGrad(), tensor.With(tensor.Float64).Ones(3, 1).RequireGrad()
	y := tensor.Embedding(w, tensor.Of([]int64{2, 0, 2}), &pad)
	g := tensor.Gradients([]*tensor.Tensor{y}, []*tensor.Tensor{dy}, []*tensor.Tensor{w}, true, true)
	seed := tensor.Of([]float64{10, 20, 30, 40, 50}, 5, 1)
	g2 := tensor.Gradients(g, []*tensor.Tensor{seed}, []*tensor.Tensor{dy}, false, false)
	wantFloats(t, "second gradient with padding", g2[0], 0, 10, 0)
}

func TestFlip(t *testing.T) {
	use := func(name string, shape []int, from func(at []int) []int, axes ...int) optest.Case {
		return optest.Case{Op: "tensor.indexSelectOp", Name: "flip " + name, In: of(shape), Ints: true,
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.Flip(axes...) }), Want: picked(shape, from)}
	}
	optest.Run(t, []optest.Case{
		use("vector", []int{5}, func(at []int) []int { return []int{4 - at[0]} }, 0),
		use("columns", []int{2, 3}, func(at []int) []int { return []int{at[0], 2 - at[1]} }, -1),
		use("two axes", []int{2, 3, 2}, func(at []int) []int { return []int{1 - at[0], at[1], 1 - at[2]} }, 2, 0),
		use("nothing", []int{0, 2}, func(at []int) []int { return at }, 0),
	})
	x := tensor.Ones(2)
	if x.Flip() != x {
		t.Error("Flip without axes makes another tensor")
	}
}

func TestIndexSelectRefuses(t *testing.T) {
	x, w := tensor.Ones(2, 3), tensor.Ones(4, 2)
	rejects(t, tensor.ErrIndex, "index_select", "index 3 at position 1 is outside [0, 3)", func() { x.IndexSelect(1, tensor.Of([]int64{0, 3})) })
	rejects(t, tensor.ErrIndex, "index_select", "index -1 at position 0 is outside [0, 2)", func() { x.IndexSelect(0, tensor.Of([]int64{-1})) })
	rejects(t, tensor.ErrDType, "index_select", "the indices are float32; convert them with To(tensor.Int64)", func() { x.IndexSelect(0, tensor.Zeros(1)) })
	rejects(t, tensor.ErrShape, "index_select", "must have one dimension", func() { x.IndexSelect(0, tensor.Of([]int64{0}, 1, 1)) })
	rejects(t, tensor.ErrAxis, "index_select", "axis 2 is out of range", func() { x.IndexSelect(2, tensor.Of([]int64{0})) })
	rejects(t, tensor.ErrIndex, "index_select", "index 4 at position 3 is outside [0, 4)", func() { tensor.Embedding(w, tensor.Of([]int64{0, 1, 2, 4}, 2, 2), nil) })
	rejects(t, tensor.ErrDType, "index_select", "the indices are int32", func() { tensor.Embedding(w, tensor.Of([]int32{0}), nil) })
	rejects(t, tensor.ErrShape, "embedding", "the weight must be (V, D)", func() { tensor.Embedding(tensor.Ones(4), tensor.Of([]int64{0}), nil) })
	for _, p := range []int64{4, -5} {
		rejects(t, tensor.ErrIndex, "embedding", "is no row of the weight", func() { tensor.Embedding(w, tensor.Of([]int64{0}), &p) })
	}
	rejects(t, tensor.ErrAxis, "flip", "axis 2 is out of range", func() { x.Flip(2) })
	rejects(t, tensor.ErrAxis, "flip", "axis 0 is named twice", func() { x.Flip(0, -2) })
}
