package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func pNorm(p float64, v []float64) (s float64) {
	for _, x := range v {
		switch {
		case p == 0 && x != 0:
			s++
		case math.IsInf(p, 1):
			s = math.Max(s, math.Abs(x))
		case p != 0:
			s += math.Pow(math.Abs(x), p)
		}
	}
	if p == 0 || math.IsInf(p, 1) {
		return s
	}
	return math.Pow(s, 1/p)
}

func TestCdist(t *testing.T) {
	var cases []optest.Case
	for _, p := range []float64{0, 0.5, 1, 1.5, 2, 3, math.Inf(1)} {
		order := 2
		if p == 0 { // differences of an integer-valued function
			order = -1
		}
		add := func(name string, x, y, shape []int) {
			k := x[len(x)-1]
			cases = append(cases, optest.Case{Op: "tensor.cdistOp", Name: fmt.Sprint(p, " ", name), Order: order,
				// Apart from each other, whatever the size: powers below 1 are steep at 0.
				In: []tin{{Shape: x, Lo: -2, Hi: -0.1}, {Shape: y, Lo: 0.3, Hi: 1.7}},
				F:  func(in tensors) tensors { return tensors{tensor.Cdist(in[0], in[1], p)} },
				Want: func(in []optest.Array) []optest.Array {
					return []optest.Array{optest.Build(shape, func(at []int) float64 {
						r := len(shape)
						d := make([]float64, k)
						a, b := append([]int{}, at...), append([]int{}, at...)
						b[r-2] = at[r-1]
						for i := range d {
							a[r-1], b[r-1] = i, i
							d[i] = in[0].At(a...) - in[1].At(b...)
						}
						return pNorm(p, d)
					})}
				}})
		}
		add("matrices", []int{3, 2}, []int{4, 2}, []int{3, 4})
		add("a batch", []int{2, 1, 2, 3}, []int{2, 3, 3}, []int{2, 2, 2, 3})
		add("one element", []int{1, 1}, []int{1, 1}, []int{1, 1})
		add("no rows", []int{0, 2}, []int{3, 2}, []int{0, 3})
		add("no others", []int{2, 2}, []int{0, 2}, []int{2, 0})
	}
	optest.Run(t, cases)
}

// TestCdistFromProducts: with many rows Euclid's distances come from a matrix product, and must be as good as the others.
func TestCdistFromProducts(t *testing.T) {
	g := random.New(1)
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
		tol := map[tensor.DType]float64{tensor.Float32: 2e-5, tensor.Float64: 1e-13}[d]
		for _, shift := range []float64{0, 100} {
			x := tensor.With(d).Randn(g, 2, 60, 17).AddScalar(shift)
			// Others, the same rows, and close neighbours.
			y := tensor.Concat(1, tensor.With(d).Randn(g, 2, 30, 17).AddScalar(shift), x.Narrow(1, 5, 20), x.Narrow(1, 0, 9).AddScalar(1.0/1024))
			got := tensor.Cdist(x, y, 2)
			want := x.To(tensor.Float64).Unsqueeze(2).Sub(y.To(tensor.Float64).Unsqueeze(1)).Square().Sum(3).Sqrt()
			if e := got.To(tensor.Float64).Sub(want).Abs().Div(want.AddScalar(1e-300)).Max().Item(); !(e <= tol) {
				t.Errorf("%v, shifted by %v: relative error %v", d, shift, e)
			}
		}
	}
	// The gradient at a distance 0 is 0, and the others' is right.
	x := tensor.With(tensor.Float64).Randn(g, 40, 5).RequireGrad()
	w := tensor.With(tensor.Float64).Randn(g, 40, 40)
	got := tensor.Gradients(tensors{tensor.Cdist(x, x, 2)}, tensors{w}, tensors{x}, false, false)[0]
	want := tensor.Gradients(tensors{x.Unsqueeze(1).Sub(x.Unsqueeze(0)).Norm(2, 2)}, tensors{w}, tensors{x}, false, false)[0]
	if !tensor.AllClose(got, want, 1e-11, 1e-11, false) {
		t.Errorf("gradient of the distances to themselves:\n%v, want\n%v", got, want)
	}
}

func TestCdistOfTiesAndZeros(t *testing.T) {
	x, y := tensor.Of([]float64{1, 2, 2}, 1, 3).RequireGrad(), tensor.Of([]float64{1, 2, 2, 0, 1, 3}, 2, 3)
	for _, p := range []float64{0.5, 1, 1.5, 2, 3, math.Inf(1)} {
		g := tensor.Gradients(tensors{tensor.Cdist(x, y.Narrow(0, 0, 1), p)}, nil, tensors{x}, true, true)[0]
		wantFloats(t, "gradient at 0", g, 0, 0, 0)
	}
	g := tensor.Gradients(tensors{tensor.Cdist(x, y.Narrow(0, 1, 1), math.Inf(1))}, nil, tensors{x}, false, false)[0]
	wantFloats(t, "shared evenly", g, 1.0/3, 1.0/3, -1.0/3)
	wantFloats(t, "different elements", tensor.Cdist(x, y, 0), 0, 3)
}

func TestCdistRefuses(t *testing.T) {
	x := tensor.Ones(2, 3)
	rejects(t, tensor.ErrShape, "cdist", "of the same size M", func() { tensor.Cdist(x, tensor.Ones(2, 4), 2) })
	rejects(t, tensor.ErrShape, "cdist", "(..., P, M)", func() { tensor.Cdist(tensor.Ones(3), x, 2) })
	rejects(t, tensor.ErrShape, "cdist", "the batch dimensions do not broadcast", func() { tensor.Cdist(tensor.Ones(2, 2, 3), tensor.Ones(3, 2, 3), 2) })
	rejects(t, tensor.ErrValue, "cdist", "the norm's p, -1, must not be negative", func() { tensor.Cdist(x, x, -1) })
	rejects(t, tensor.ErrValue, "cdist", "NaN", func() { tensor.Cdist(x, x, math.NaN()) })
	rejects(t, tensor.ErrDType, "cdist", "inputs are float32 and float64", func() { tensor.Cdist(x, x.To(tensor.Float64), 2) })
	rejects(t, tensor.ErrDType, "cdist", "int64 is not supported", func() { tensor.Cdist(x.To(tensor.Int64), x.To(tensor.Int64), 2) })
}
