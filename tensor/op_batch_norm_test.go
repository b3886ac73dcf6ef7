package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// batchStatistics returns the mean and the biased variance of each channel by their definitions.
func batchStatistics(x optest.Array) (mean, variance optest.Array) {
	c := x.Shape[1]
	each := func(f func(k int, v float64) float64) optest.Array {
		r := optest.Array{Shape: []int{c}, Data: make([]float64, c)}
		optest.Each(x.Shape, func(at []int) { r.Data[at[1]] += f(at[1], x.At(at...)) * float64(c) / float64(len(x.Data)) })
		return r
	}
	mean = each(func(_ int, v float64) float64 { return v })
	return mean, each(func(k int, v float64) float64 { return (v - mean.Data[k]) * (v - mean.Data[k]) })
}

func batchNormed(eps float64) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x, w, b := in[0], in[1].Data, in[2].Data
		mean, variance := batchStatistics(x)
		y := optest.Build(x.Shape, func(at []int) float64 {
			k := at[1]
			return (x.At(at...)-mean.Data[k])/math.Sqrt(variance.Data[k]+eps)*w[k] + b[k]
		})
		return []optest.Array{y, mean, variance}
	}
}

func TestBatchNorm(t *testing.T) {
	var cases []optest.Case
	norm := func(name string, x tin, eps float64) *optest.Case {
		ch := []int{x.Shape[1]}
		cases = append(cases, optest.Case{Op: "tensor.batchNormOp", Name: name, In: []tin{x, {Shape: ch}, {Shape: ch}},
			F: func(in tensors) tensors {
				y, _, _ := tensor.BatchNorm(in[0], in[1], in[2], eps)
				return tensors{y}
			},
			Want: func(in []optest.Array) []optest.Array { return batchNormed(eps)(in)[:1] }})
		return &cases[len(cases)-1]
	}
	norm("images", tin{Shape: []int{2, 3, 4, 3}}, 1e-5)
	norm("vectors", tin{Shape: []int{5, 3}}, 1e-5)
	norm("sequences", tin{Shape: []int{3, 2, 5}}, 1e-3)
	norm("volumes", tin{Shape: []int{2, 2, 2, 3, 2}}, 1e-5)
	norm("like channels", tin{Shape: []int{4, 1}}, 0.5)
	norm("large eps", tin{Shape: []int{3, 2, 2, 2}}, 2)
	// One value a channel has variance 0: the result is the bias. Finite differences see eps alone.
	norm("one element", tin{Shape: []int{1, 1}}, 0.5)
	norm("one value a channel", tin{Shape: []int{1, 3, 1, 1}}, 1)
	norm("odd planes", tin{Shape: []int{3, 5, 7, 9}}, 1e-5)
	norm("many channels", tin{Shape: []int{2, 67, 3}}, 1e-5)
	norm("mean of 5000 deviations", tin{Shape: []int{4, 2, 3, 3}, Lo: 65536, Hi: 65576}, 1e-5)
	norm("vectors with a mean of 5000 deviations", tin{Shape: []int{9, 3}, Lo: 65536, Hi: 65576}, 1e-5)
	optest.Run(t, cases)

	// The statistics are results without gradients.
	optest.Run(t, []optest.Case{{Op: "tensor.batchNormOp", Name: "statistics", In: of([]int{2, 3, 5, 3}, []int{3}, []int{3}), Order: -1, Want: batchNormed(1e-5),
		F: func(in tensors) tensors {
			y, mean, variance := tensor.BatchNorm(in[0], in[1], in[2], 1e-5)
			return tensors{y, mean, variance}
		}}})
	x := tensor.Of([]float64{1, 2, 3, 5}, 4, 1).RequireGrad()
	y, mean, variance := tensor.BatchNorm(x, leaf(2), leaf(1), 0)
	if !y.RequiresGrad() || mean.RequiresGrad() || variance.RequiresGrad() {
		t.Error("the result must require grad, mean and variance not")
	}
	wantValues(t, "mean", mean, 2.75)
	wantValues(t, "variance", variance, 2.1875)
}

// TestBatchNormOffset checks float32 against the definition where the mean is much larger than the deviation: x·scale + shift
// in float32 would cancel.
func TestBatchNormOffset(t *testing.T) {
	for _, offset := range []float64{10, 100, 4096, 1e6} {
		v := make([]float32, 2*3*64)
		random.Uniform32(v, random.New(5).Next(), 0)
		for i := range v {
			v[i] = float32(offset) + v[i]*float32(math.Max(4, offset/1e4))
		}
		x := tensor.Of(v, 2, 3, 8, 8)
		y, _, _ := tensor.BatchNorm(x, tensor.Ones(3), tensor.Zeros(3), 1e-5)
		in := optest.Array{Shape: []int{2, 3, 8, 8}, Data: x.Floats()}
		one := optest.Array{Shape: []int{3}, Data: []float64{1, 1, 1}}
		want := batchNormed(1e-5)([]optest.Array{in, one, {Shape: []int{3}, Data: []float64{0, 0, 0}}})[0].Data
		for i, g := range y.Floats() {
			if math.Abs(g-want[i]) > 5e-6 {
				t.Errorf("values around %v: element %d is %v, want %v", offset, i, g, want[i])
				break
			}
		}
	}
}

// TestBatchNormSpecial: a constant channel is the bias, a NaN or an infinity spoils its channel alone.
func TestBatchNormSpecial(t *testing.T) {
	x := tensor.Of([]float64{7, 1, nan, 1, 7, 3, 2, inf}, 2, 4)
	y, mean, variance := tensor.BatchNorm(x, tensor.With(tensor.Float64).Ones(4), tensor.Of([]float64{10, 20, 30, 40}), 1e-5)
	v := y.Floats()
	if v[0] != 10 || v[4] != 10 {
		t.Errorf("a constant channel is %v and %v, want the bias 10", v[0], v[4])
	}
	if r := 1 / math.Sqrt(1+1e-5); math.Abs(v[1]-(20-r)) > 1e-13 || math.Abs(v[5]-(20+r)) > 1e-13 {
		t.Errorf("the channel 1, 3 is %v and %v, want 20 ∓ %v", v[1], v[5], r)
	}
	for _, i := range []int{2, 3, 6, 7} {
		if v[i] == v[i] {
			t.Errorf("element %d of a channel with NaN or Inf is %v", i, v[i])
		}
	}
	if m, s := mean.Floats(), variance.Floats(); m[0] != 7 || s[0] != 0 || m[1] != 2 || s[1] != 1 || m[2] == m[2] || s[3] == s[3] {
		t.Errorf("means %v, variances %v", m, s)
	}
}

func TestBatchNormBadArguments(t *testing.T) {
	z := func(dims ...int) *tensor.Tensor { return tensor.Zeros(dims...) }
	norm := func(x, w, b *tensor.Tensor) func() { return func() { tensor.BatchNorm(x, w, b, 1e-5) } }
	refuses(t, tensor.ErrShape, "batch_norm (3,), (3,), (3,): the input must be (N, C) or (N, C, ...)", norm(z(3), z(3), z(3)))
	refuses(t, tensor.ErrShape, "weight and bias must have shape (3,)", norm(z(2, 3, 4), z(4), z(4)))
	refuses(t, tensor.ErrShape, "weight and bias must have shape (3,)", norm(z(2, 3, 4), z(3), z(3, 1)))
	refuses(t, tensor.ErrShape, "an empty batch has no mean", norm(z(0, 3, 4), z(3), z(3)))
	refuses(t, tensor.ErrShape, "an empty batch has no mean", norm(z(2, 3, 0), z(3), z(3)))
	refuses(t, tensor.ErrDType, "convert one with To", norm(z(2, 3).To(tensor.Float64), z(3), z(3)))
	refuses(t, tensor.ErrDType, "convert with To", norm(z(2, 3).To(tensor.Int64), z(3).To(tensor.Int64), z(3).To(tensor.Int64)))
	refuses(t, tensor.ErrValue, "input 1 is nil", norm(z(2, 3), nil, z(3)))
}
