package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// indices is an input of int64 in [0, n), drawn unless values are given.
func indices(n int, shape []int, values ...float64) optest.Input {
	return optest.Input{Shape: shape, Lo: 0, Hi: float64(n), Fixed: true, DType: tensor.Int64, Values: values}
}

// moved returns at with position i along the axis.
func moved(at []int, axis int, i float64) []int {
	r := append([]int{}, at...)
	r[axis] = int(i)
	return r
}

func TestGather(t *testing.T) {
	gather := func(name string, axis int, x []int, idx tin) optest.Case {
		at := (axis + len(x)) % len(x)
		return optest.Case{Op: "tensor.gatherOp", Name: name, In: []tin{{Shape: x}, idx}, Ints: true,
			F: func(in tensors) tensors { return tensors{in[0].Gather(axis, in[1])} },
			Want: func(in []optest.Array) []optest.Array {
				return []optest.Array{optest.Build(idx.Shape, func(i []int) float64 { return in[0].At(moved(i, at, in[1].At(i...))...) })}
			}}
	}
	optest.Run(t, []optest.Case{
		gather("columns", 1, []int{3, 4}, indices(4, []int{3, 2})),
		gather("rows", 0, []int{3, 4}, indices(3, []int{5, 4})),
		gather("negative axis", -2, []int{2, 3, 2}, indices(3, []int{2, 4, 2})),
		gather("repeated", 0, []int{3}, indices(3, []int{5}, 2, 0, 2, 2, 1)),
		gather("corner", 1, []int{3, 5}, indices(5, []int{2, 7})),
		gather("corner of three dimensions", 1, []int{4, 3, 5}, indices(3, []int{2, 4, 3})),
		gather("one element", 0, []int{1}, indices(1, []int{1})),
		gather("none", 0, []int{3}, indices(3, []int{0})),
		gather("none from nothing", 1, []int{2, 0}, indices(1, []int{2, 0})),
		gather("eight dimensions", 5, []int{1, 2, 1, 1, 2, 3, 1, 2}, indices(3, []int{1, 2, 1, 1, 2, 2, 1, 2})),
		gather("tiles", 1, []int{60, 71}, indices(71, []int{60, 300})),
	})
}

func TestScatter(t *testing.T) {
	// The result is x, changed place by place in row-major order of the indices.
	written := func(axis int, put func(old, src float64) float64) func([]optest.Array) []optest.Array {
		return func(in []optest.Array) []optest.Array {
			x, idx, src := in[0], in[1], in[2]
			y := optest.Build(x.Shape, func(at []int) float64 { return x.At(at...) })
			optest.Each(idx.Shape, func(at []int) {
				o := 0
				for i, p := range moved(at, axis, idx.At(at...)) { // not Offset: it ignores positions where the size is 1
					o = o*y.Shape[i] + p
				}
				y.Data[o] = put(y.Data[o], src.At(at...))
			})
			return []optest.Array{y}
		}
	}
	var cases []optest.Case
	for _, u := range []struct {
		op, name string
		f        func(x *tensor.Tensor, axis int, idx, src *tensor.Tensor) *tensor.Tensor
		put      func(old, src float64) float64
	}{
		{"tensor.scatterOp", "set", (*tensor.Tensor).Scatter, func(_, s float64) float64 { return s }},
		{"tensor.scatterAddOp", "add", (*tensor.Tensor).ScatterAdd, func(o, s float64) float64 { return o + s }},
	} {
		add := func(name string, axis int, x []int, idx tin) {
			cases = append(cases, optest.Case{Op: u.op, Name: u.name + " " + name, Ints: true,
				In:   []tin{{Shape: x}, idx, {Shape: idx.Shape}},
				F:    func(in tensors) tensors { return tensors{u.f(in[0], axis, in[1], in[2])} },
				Want: written((axis+len(x))%len(x), u.put)})
		}
		add("columns", 1, []int{3, 4}, indices(4, []int{3, 2}))
		add("rows", 0, []int{3, 4}, indices(3, []int{2, 4}))
		add("duplicates", 0, []int{4}, indices(4, []int{7}, 1, 3, 1, 1, 0, 3, 1))
		add("duplicates in columns", -2, []int{2, 2, 3}, indices(2, []int{2, 4, 3}))
		add("all to one", 1, []int{2, 3}, indices(3, []int{2, 5}, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0))
		add("corner", 1, []int{3, 5}, indices(5, []int{2, 3}))
		add("corner of three dimensions", 0, []int{3, 4, 5}, indices(3, []int{2, 3, 2}))
		add("one element", 0, []int{1}, indices(1, []int{1}))
		add("none", 1, []int{2, 3}, indices(3, []int{2, 0}))
		add("to nothing", 1, []int{0, 3}, indices(3, []int{0, 2}))
		add("eight dimensions", 5, []int{1, 2, 1, 1, 2, 3, 1, 2}, indices(3, []int{1, 2, 1, 1, 2, 2, 1, 2}))
		add("tiles", 1, []int{60, 71}, indices(71, []int{60, 300}))
	}
	for _, c := range cases[:2] { // a source larger than the indices: its corner counts
		want := c.Want
		c.Name += " from a larger source"
		c.In = []tin{c.In[0], c.In[1], {Shape: []int{5, 6}}}
		c.Want = func(in []optest.Array) []optest.Array {
			corner := optest.Build(c.In[1].Shape, func(at []int) float64 { return in[2].At(at...) })
			return want([]optest.Array{in[0], in[1], corner})
		}
		cases = append(cases, c)
	}
	optest.Run(t, cases)
}

// TestIndicesOfEveryDType moves elements of the types that are not computed in.
func TestIndicesOfEveryDType(t *testing.T) {
	idx := tensor.Of([]int64{1, 1, 0})
	for d := tensor.Float32; d <= tensor.Bool; d++ {
		x, src := tensor.Of([]int64{0, 1}).To(d), tensor.Of([]int64{0, 1, 1}).To(d)
		for what, y := range map[string]*tensor.Tensor{
			"gather": x.Gather(0, idx), "index_select": x.IndexSelect(0, idx), "scatter": src.Scatter(0, idx, src),
		} {
			if y.DType() != d {
				t.Errorf("%s of %v is %v", what, d, y.DType())
			}
		}
		wantFloats(t, d.String()+" gathered", x.Gather(0, idx), 1, 1, 0)
		wantFloats(t, d.String()+" selected", x.IndexSelect(0, idx), 1, 1, 0)
		wantFloats(t, d.String()+" scattered", x.Scatter(0, idx, src), 1, 1)
	}
	sum := tensor.Zeros(2).ScatterAdd(0, tensor.Zeros(1<<16).To(tensor.Int64), tensor.Ones(1<<16))
	wantFloats(t, "65536 ones at one place", sum, 1<<16, 0)
}

func TestGatherRefuses(t *testing.T) {
	x, idx := tensor.Ones(2, 3), tensor.Zeros(2, 2).To(tensor.Int64)
	at := func(v ...int64) *tensor.Tensor { return tensor.Of(v, 2, 2) }
	rejects(t, tensor.ErrIndex, "gather", "index 3 at position 2 is outside [0, 3)", func() { x.Gather(1, at(0, 2, 3, 0)) })
	rejects(t, tensor.ErrIndex, "gather", "index -1 at position 0 is outside [0, 3)", func() { x.Gather(1, at(-1, 0, 0, 0)) })
	rejects(t, tensor.ErrIndex, "gather", "outside [0, 0)", func() { tensor.Ones(2, 0).Gather(1, idx) })
	rejects(t, tensor.ErrIndex, "scatter", "index 2 at position 3 is outside [0, 2)", func() { x.Scatter(0, at(0, 1, 0, 2), tensor.Ones(2, 2)) })
	rejects(t, tensor.ErrIndex, "scatter_add", "index -9 at position 1", func() { x.ScatterAdd(1, at(0, -9, 0, 0), tensor.Ones(2, 2)) })
	for op, f := range map[string]func(axis int, idx *tensor.Tensor){
		"gather":      func(axis int, idx *tensor.Tensor) { x.Gather(axis, idx) },
		"scatter":     func(axis int, idx *tensor.Tensor) { x.Scatter(axis, idx, idx.To(tensor.Float32)) },
		"scatter_add": func(axis int, idx *tensor.Tensor) { x.ScatterAdd(axis, idx, idx.To(tensor.Float32)) },
	} {
		rejects(t, tensor.ErrAxis, op, "axis 2 is out of range", func() { f(2, idx) })
		rejects(t, tensor.ErrDType, op, "the indices are int32; convert them with To(tensor.Int64)", func() { f(0, idx.To(tensor.Int32)) })
		rejects(t, tensor.ErrShape, op, "as many dimensions as the input", func() { f(0, idx.Flatten(0)) })
		rejects(t, tensor.ErrShape, op, "size 4 along axis 1 is larger than the input's 3", func() { f(0, tensor.Zeros(1, 4).To(tensor.Int64)) })
	}
	rejects(t, tensor.ErrShape, "scatter", "the source's shape", func() { x.Scatter(1, idx, tensor.Ones(2, 1)) })
	rejects(t, tensor.ErrShape, "scatter", "the source's shape", func() { x.Scatter(1, idx, tensor.Ones(2)) })
	rejects(t, tensor.ErrDType, "scatter_add", "the source is float64, the input float32; convert one with To", func() { x.ScatterAdd(1, idx, tensor.With(tensor.Float64).Ones(2, 2)) })
	rejects(t, tensor.ErrDType, "scatter_add", "bool is not supported", func() { x.To(tensor.Bool).ScatterAdd(1, idx, idx.To(tensor.Bool)) })
}
