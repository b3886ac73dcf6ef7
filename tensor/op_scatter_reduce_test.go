package tensor_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// reduceOf joins the values that meet at one place.
func reduceOf(mode tensor.ReduceMode, v []float64) float64 {
	r := v[0]
	for _, x := range v[1:] {
		switch mode {
		case tensor.ReduceProd:
			r *= x
		case tensor.ReduceAmax:
			r = math.Max(r, x)
		case tensor.ReduceAmin:
			r = math.Min(r, x)
		default:
			r += x
		}
	}
	if mode == tensor.ReduceMean {
		r /= float64(len(v))
	}
	return r
}

// scatterReduced collects what meets at each place of x and joins it.
func scatterReduced(mode tensor.ReduceMode, axis int, self bool, x, idx, src optest.Array) optest.Array {
	meet := make([][]float64, len(x.Data))
	optest.Each(idx.Shape, func(at []int) {
		o := 0
		for i, p := range moved(at, axis, idx.At(at...)) {
			o = o*x.Shape[i] + p
		}
		meet[o] = append(meet[o], src.At(at...))
	})
	y := optest.Array{Shape: x.Shape}
	for i, v := range x.Data {
		if self || len(meet[i]) == 0 {
			meet[i] = append([]float64{v}, meet[i]...)
		}
		y.Data = append(y.Data, reduceOf(mode, meet[i]))
	}
	return y
}

func TestScatterReduce(t *testing.T) {
	var cases []optest.Case
	for _, u := range []struct {
		op   string
		mode tensor.ReduceMode
		ints bool
	}{
		{"tensor.scatterAddOp", tensor.ReduceSum, true}, {"tensor.scatterProdOp", tensor.ReduceProd, false}, {"tensor.scatterAddOp", tensor.ReduceMean, false},
		{"tensor.scatterExtremeOp", tensor.ReduceAmax, true}, {"tensor.scatterExtremeOp", tensor.ReduceAmin, true},
	} {
		for _, self := range []bool{true, false} {
			add := func(name string, axis int, x []int, idx tin, src ...float64) {
				if self {
					name += " with self"
				}
				wide := 1.0 // apart enough for finite differences where extremes are taken of many values
				if u.op == "tensor.scatterExtremeOp" {
					wide = 50
				}
				cases = append(cases, optest.Case{Op: u.op, Name: u.mode.String() + " " + name, Ints: u.ints && src == nil,
					In: []tin{{Shape: x, Lo: -2 * wide, Hi: 2 * wide}, idx, {Shape: idx.Shape, Values: src, Lo: -1.9 * wide, Hi: 2.2 * wide}},
					F: func(in tensors) tensors {
						return tensors{in[0].ScatterReduce(axis, in[1], in[2], u.mode, self)}
					},
					Want: func(in []optest.Array) []optest.Array {
						return []optest.Array{scatterReduced(u.mode, (axis+len(x))%len(x), self, in[0], in[1], in[2])}
					}})
			}
			add("columns", 1, []int{3, 4}, indices(4, []int{3, 5}))
			add("rows", -2, []int{3, 2}, indices(3, []int{7, 2}))
			add("all to one", 0, []int{2}, indices(2, []int{5}, 1, 1, 1, 1, 1))
			add("corner", 1, []int{3, 5}, indices(5, []int{2, 3}))
			add("one element", 0, []int{1}, indices(1, []int{1}))
			add("none", 1, []int{2, 3}, indices(3, []int{2, 0}))
			add("to nothing", 1, []int{0, 3}, indices(3, []int{0, 2}))
			add("eight dimensions", 5, []int{1, 2, 1, 1, 2, 3, 1, 2}, indices(3, []int{1, 2, 1, 1, 2, 2, 1, 2}))
			add("shared columns", 0, []int{5, 260}, indices(5, []int{7, 260}))
			if u.mode == tensor.ReduceProd {
				add("zeros", 0, []int{4}, indices(4, []int{7}, 0, 0, 1, 1, 1, 2, 3), 0, 3, 0, 0, 2, 1.5, -1)
			}
		}
	}
	optest.Run(t, cases)
}

// TestScatterReduceRapid compares random cases with the naive collection.
func TestScatterReduceRapid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rank := rapid.IntRange(1, 4).Draw(t, "rank")
		axis := rapid.IntRange(0, rank-1).Draw(t, "axis")
		size := rapid.IntRange(1, 5)
		var xs, is []int
		for i := range rank {
			n := size.Draw(t, "size")
			xs = append(xs, n)
			if i == axis {
				is = append(is, rapid.IntRange(0, 9).Draw(t, "m"))
			} else {
				is = append(is, rapid.IntRange(0, n).Draw(t, "covered"))
			}
		}
		draw := func(shape []int, g *rapid.Generator[float64]) optest.Array {
			n := 1
			for _, d := range shape {
				n *= d
			}
			return optest.Array{Shape: shape, Data: rapid.SliceOfN(g, n, n).Draw(t, "data")}
		}
		whole := rapid.Map(rapid.IntRange(-4, 4), func(v int) float64 { return float64(v) })
		x, src := draw(xs, whole), draw(is, whole)
		idx := draw(is, rapid.Map(rapid.IntRange(0, xs[axis]-1), func(v int) float64 { return float64(v) }))
		mode := tensor.ReduceMode(rapid.IntRange(0, 4).Draw(t, "mode"))
		self := rapid.Bool().Draw(t, "self")
		of := func(a optest.Array) *tensor.Tensor { return tensor.Of(a.Data, a.Shape...) }
		got := of(x).ScatterReduce(axis-rank, of(idx).To(tensor.Int64), of(src), mode, self).Floats()
		for i, w := range scatterReduced(mode, axis, self, x, idx, src).Data {
			if math.Abs(got[i]-w) > 1e-12*max(1, math.Abs(w)) {
				t.Fatalf("element %d is %v, want %v", i, got[i], w)
			}
		}
	})
}

func TestScatterReduceOfIntegersAndNaN(t *testing.T) {
	idx := tensor.Of([]int64{0, 0, 2})
	wantFloats(t, "mean of integers", tensor.Of([]int64{1, 5, 7}).ScatterReduce(0, idx, tensor.Of([]int64{2, 5, -2}), tensor.ReduceMean, true), 2, 5, 2)
	wantFloats(t, "negative mean", tensor.Of([]int64{0, 5, 0}).ScatterReduce(0, idx, tensor.Of([]int64{-2, -5, -2}), tensor.ReduceMean, false), -4, 5, -2)
	wantFloats(t, "product of integers", tensor.Of([]int32{2, 5, 7}).ScatterReduce(0, idx, tensor.Of([]int32{2, 5, -2}), tensor.ReduceProd, false), 10, 5, -2)
	wantFloats(t, "smallest bytes", tensor.Of([]uint8{2, 5, 7}).ScatterReduce(0, idx, tensor.Of([]uint8{4, 5, 200}), tensor.ReduceAmin, false), 4, 5, 200)
	nan := math.NaN()
	for _, mode := range []tensor.ReduceMode{tensor.ReduceAmax, tensor.ReduceAmin} {
		y := tensor.Of([]float64{nan, 1, 2}).ScatterReduce(0, tensor.Of([]int64{0, 1, 1, 2}), tensor.Of([]float64{5, nan, 3, 4}), mode, true).Floats()
		if !math.IsNaN(y[0]) || !math.IsNaN(y[1]) || math.IsNaN(y[2]) {
			t.Errorf("%v with NaN: %v", mode, y)
		}
	}
}

// TestScatterProdBeyondZeros: the second derivatives of x·a·b at zeros are the third factor.
func TestScatterProdBeyondZeros(t *testing.T) {
	x, s := tensor.Of([]float64{0}).RequireGrad(), tensor.Of([]float64{0, 3}).RequireGrad()
	y := x.ScatterReduce(0, tensor.Of([]int64{0, 0}), s, tensor.ReduceProd, true)
	g := tensor.Gradients(tensors{y}, nil, tensors{x, s}, true, true)
	wantFloats(t, "∂/∂x", g[0], 0)
	wantFloats(t, "∂/∂s", g[1], 0, 0)
	h := tensor.Gradients(tensors{g[0]}, nil, tensors{s}, true, true)
	wantFloats(t, "∂²/∂x∂s", h[0], 3, 0)
	third := tensor.Gradients(tensors{h[0].Narrow(0, 0, 1)}, nil, tensors{s}, false, false)
	wantFloats(t, "∂³/∂x∂s₀∂s", third[0], 0, 1)
}

func TestScatterReduceRefuses(t *testing.T) {
	x, idx := tensor.Ones(2, 3), tensor.Of([]int64{0, 1, 1, 0}, 2, 2)
	src := tensor.Ones(2, 2)
	for m := tensor.ReduceSum; m <= tensor.ReduceAmin; m++ {
		use := func(axis int, idx, src *tensor.Tensor) { x.ScatterReduce(axis, idx, src, m, true) }
		name := "scatter_reduce"
		rejects(t, tensor.ErrAxis, name, "axis 2 is out of range", func() { use(2, idx, src) })
		rejects(t, tensor.ErrDType, name, "the indices are int32", func() { use(0, idx.To(tensor.Int32), src) })
		rejects(t, tensor.ErrShape, name, "size 4 along axis 1 is larger than the input's 3", func() { use(0, tensor.Zeros(1, 4).To(tensor.Int64), tensor.Ones(1, 4)) })
		rejects(t, tensor.ErrShape, name, "the source's shape", func() { use(0, idx, tensor.Ones(2, 1)) })
		rejects(t, tensor.ErrDType, name, "the source is int64, the input float32", func() { use(0, idx, idx) })
		if m == tensor.ReduceSum || m == tensor.ReduceMean {
			name = "scatter_add"
		}
		rejects(t, tensor.ErrIndex, name, "index 2 at position 3 is outside [0, 2)", func() { use(0, tensor.Of([]int64{0, 1, 1, 2}, 2, 2), src) })
	}
	rejects(t, tensor.ErrValue, "scatter_reduce", "there is no mode ReduceMode(5)", func() { x.ScatterReduce(0, idx, src, 5, true) })
	b := tensor.Ones(2).To(tensor.Bool)
	rejects(t, tensor.ErrDType, "scatter_reduce", "bool is not supported here", func() { b.ScatterReduce(0, tensor.Of([]int64{0}), b, tensor.ReduceAmax, true) })
}
