package tensor_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

// foldND folds the axes of a by f, which gets the elements in row-major order.
func foldND(a nd, axes []int, keep bool, f func(v []float64) float64) nd {
	outer, inner := slices.Clone(a.shape), make([]int, len(a.shape))
	for i := range inner {
		inner[i] = 1
	}
	for _, axis := range axes {
		outer[axis], inner[axis] = 1, a.shape[axis]
	}
	at := make([]int, len(a.shape))
	r := ndMap(outer, func(i []int) float64 {
		i = slices.Clone(i)
		v := ndMap(inner, func(j []int) float64 {
			for k := range at {
				at[k] = i[k] + j[k]
			}
			return a.at(at...)
		})
		return f(v.data)
	})
	if !keep {
		r.shape = []int{}
		for i, n := range a.shape {
			if !slices.Contains(axes, i) {
				r.shape = append(r.shape, n)
			}
		}
	}
	return r
}

func sumND(v []float64) (s float64) {
	for _, x := range v {
		s += x
	}
	return s
}

func varND(correction int) func(v []float64) float64 {
	return func(v []float64) (s float64) {
		mean := sumND(v) / float64(len(v))
		for _, x := range v {
			s += (x - mean) * (x - mean)
		}
		if len(v) <= correction {
			return math.NaN()
		}
		return s / float64(len(v)-correction)
	}
}

func logSumExpND(v []float64) (s float64) {
	for _, x := range v {
		s += math.Exp(x)
	}
	return math.Log(s)
}

type rapidReduction struct {
	name       string
	f, keepdim func(x *tensor.Tensor, axes ...int) *tensor.Tensor
	want       func(v []float64) float64
}

func TestRapidReductions(t *testing.T) {
	type T = tensor.Tensor
	always := []rapidReduction{
		{"sum", (*T).Sum, (*T).SumKeepdim, sumND},
		{"mean", (*T).Mean, (*T).MeanKeepdim, func(v []float64) float64 { return sumND(v) / float64(len(v)) }},
		{"var", func(x *T, axes ...int) *T { return x.Var(1, axes...) }, func(x *T, axes ...int) *T { return x.VarKeepdim(1, axes...) }, varND(1)},
		{"var 0", func(x *T, axes ...int) *T { return x.Var(0, axes...) }, func(x *T, axes ...int) *T { return x.VarKeepdim(0, axes...) }, varND(0)},
		{"logsumexp", (*T).LogSumExp, (*T).LogSumExpKeepdim, logSumExpND},
		{"norm", func(x *T, axes ...int) *T { return x.Norm(2, axes...) }, func(x *T, axes ...int) *T { return x.NormKeepdim(2, axes...) }, func(v []float64) (s float64) {
			for _, x := range v {
				s += x * x
			}
			return math.Sqrt(s)
		}},
	}
	some := []rapidReduction{ // need something to compare
		{"max", (*T).Max, (*T).MaxKeepdim, slices.Max[[]float64]},
		{"min", (*T).Min, (*T).MinKeepdim, slices.Min[[]float64]},
	}
	few := rapidReduction{"prod", (*T).Prod, (*T).ProdKeepdim, func(v []float64) float64 {
		p := 1.0
		for _, x := range v {
			p *= x
		}
		return p
	}}
	rapid.Check(t, func(t *rapid.T) {
		d := drawDType(t)
		x, a := drawView(t, d, drawShape(t, 0, 4, true))
		var axes []int
		if len(a.shape) > 0 {
			axes = rapid.SliceOfNDistinct(rapid.IntRange(0, len(a.shape)-1), 0, len(a.shape), rapid.ID).Draw(t, "axes")
		}
		folded, named := axes, slices.Clone(axes)
		if len(axes) == 0 { // all
			for i := range a.shape {
				folded = append(folded, i)
			}
		}
		for i := range named {
			if rapid.Bool().Draw(t, "negative") {
				named[i] -= len(a.shape)
			}
		}
		n := 1
		for _, axis := range folded {
			n *= a.shape[axis]
		}
		reductions := slices.Clone(always)
		if n > 0 {
			reductions = append(reductions, some...)
		}
		if n < 100 { // factors of at most 2, whose product is within float32
			reductions = append(reductions, few)
		}
		for _, r := range reductions {
			sameND(t, r.name, r.f(x, named...), foldND(a, folded, false, r.want), tolerance(d))
			sameND(t, r.name+" keepdim", r.keepdim(x, named...), foldND(a, folded, true, r.want), tolerance(d))
		}
		if len(a.shape) > 0 && a.shape[folded[0]] > 0 {
			axis := folded[:1]
			values, at := x.MaxAlong(axis[0])
			sameND(t, "max along", values, foldND(a, axis, false, slices.Max[[]float64]), 0)
			sameND(t, "its index", at.To(tensor.Float64), foldND(a, axis, false, func(v []float64) float64 {
				return float64(slices.Index(v, slices.Max(v)))
			}), 0)
			sameND(t, "argmin", x.ArgMin(axis[0]).To(tensor.Float64), foldND(a, axis, false, func(v []float64) float64 {
				return float64(slices.Index(v, slices.Min(v)))
			}), 0)
		}
	})
}

// alongND replaces each element by f of the elements along its axis, in whole and up to and with it.
func alongND(a nd, axis int, f func(all, upTo []float64) float64) nd {
	return ndMap(a.shape, func(i []int) float64 {
		at := slices.Clone(i)
		v := make([]float64, a.shape[axis])
		for k := range v {
			at[axis] = k
			v[k] = a.at(at...)
		}
		return f(v, v[:i[axis]+1])
	})
}

// TestSoftmaxOfNothing has an empty axis in each place: PyTorch gives the empty tensor.
func TestSoftmaxOfNothing(t *testing.T) {
	for _, dims := range [][]int{{0, 3}, {2, 0, 3}, {2, 3, 0}} {
		for axis := range dims {
			x := tensor.Zeros(dims...).RequireGrad()
			y := x.Softmax(axis).Add(x.LogSoftmax(axis))
			y.Sum().Backward()
			if y.Shape() != x.Shape() || x.Grad().Shape() != x.Shape() {
				t.Errorf("%v along %d: %v with gradient %v", dims, axis, y, x.Grad())
			}
		}
	}
}

func TestRapidScansAndSoftmax(t *testing.T) {
	type T = tensor.Tensor
	last := func(v []float64) float64 { return v[len(v)-1] }
	rapid.Check(t, func(t *rapid.T) {
		d := drawDType(t)
		x, a := drawView(t, d, drawShape(t, 1, 4, true))
		axis := rapid.IntRange(0, len(a.shape)-1).Draw(t, "axis")
		for _, c := range []struct {
			name string
			f    func(x *T, axis int) *T
			want func(all, upTo []float64) float64
		}{
			{"cumsum", (*T).Cumsum, func(_, v []float64) float64 { return sumND(v) }},
			{"cumprod", (*T).Cumprod, func(_, v []float64) float64 {
				p := 1.0
				for _, x := range v {
					p *= x
				}
				return p
			}},
			{"logcumsumexp", (*T).LogCumSumExp, func(_, v []float64) float64 { return logSumExpND(v) }},
			{"softmax", (*T).Softmax, func(all, v []float64) float64 { return math.Exp(last(v) - logSumExpND(all)) }},
			{"log softmax", (*T).LogSoftmax, func(all, v []float64) float64 { return last(v) - logSumExpND(all) }},
		} {
			tol := tolerance(d)
			if c.name == "cumprod" {
				tol *= 10 // a rounding for each of up to 70 factors
			}
			want := alongND(a, axis, c.want)
			sameND(t, c.name, c.f(x, axis), want, tol)
			sameND(t, c.name+" of a negative axis", c.f(x, axis-len(a.shape)), want, tol)
		}
	})
}
