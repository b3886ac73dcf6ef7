package tensor_test

import (
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func meanOf(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// varianceOf returns the reference Σ (x − mean)² / (n − correction).
func varianceOf(correction int) func(x []float64) float64 {
	return func(x []float64) (sum float64) {
		m := meanOf(x)
		for _, v := range x {
			sum += (v - m) * (v - m)
		}
		return sum / float64(len(x)-correction)
	}
}

func TestMean(t *testing.T) {
	optest.Run(t, reductionCases(optest.Case{Op: "tensor.sumOp", Name: "mean"}, tin{}, (*tensor.Tensor).Mean, (*tensor.Tensor).MeanKeepdim, meanOf))

	wantFloats(t, "mean of nothing", tensor.Ones(0).Mean(), nan)
	wantFloats(t, "means of nothing", tensor.Ones(2, 0).MeanKeepdim(1), nan, nan)
	wantFloats(t, "NaN and infinities", tensor.Of([]float32{1, float32(nan), 1, float32(inf), float32(inf), float32(-inf)}, 3, 2).Mean(1), nan, inf, nan)
	for n := 1; n <= 300; n++ { // a mean of equal numbers is that number: n is divided by, not multiplied with 1/n
		for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
			if m := tensor.With(d).Ones(n).Mean().Item(); m != 1 {
				t.Errorf("the mean of %d ones of %v is %v", n, d, m)
			}
		}
	}
}

func TestVar(t *testing.T) {
	type T = *tensor.Tensor
	var cases []optest.Case
	for correction, name := range []string{"maximum likelihood", "unbiased"} {
		v := func(x T, axes ...int) T { return x.Var(correction, axes...) }
		vk := func(x T, axes ...int) T { return x.VarKeepdim(correction, axes...) }
		cases = append(cases, reductionCases(optest.Case{Op: "tensor.varOp", Name: "var " + name}, tin{}, v, vk, varianceOf(correction))...)
		s := func(x T, axes ...int) T { return x.Std(correction, axes...) }
		sk := func(x T, axes ...int) T { return x.StdKeepdim(correction, axes...) }
		root := func(x []float64) float64 { return math.Sqrt(varianceOf(correction)(x)) }
		cases = append(cases, reductionCases(optest.Case{Op: "tensor.varOp", Name: "std " + name}, tin{}, s, sk, root)...)
	}
	for i := range cases {
		// One element has no spread: 0/0, or the square root's kink.
		if n := cases[i].In[0].Shape; len(n) < 2 || len(n) == 3 && n[1] == 1 {
			cases[i].Order = -1
		}
		// The deviation of two is |x - y| / 2 or / √2, whose second derivative, zero, is a difference of terms 1 / |x - y|³.
		if strings.HasPrefix(cases[i].Name, "std") && cases[i].In[0].Shape != nil && cases[i].In[0].Shape[0] == 2 {
			cases[i].Float64Only = true
		}
	}
	optest.Run(t, cases)

	x := tensor.Of([]float64{1, 3, 5, 5})
	wantFloats(t, "as many corrections as elements", x.Var(4), nan)
	wantFloats(t, "more corrections than elements", x.Var(5), nan)
	wantFloats(t, "negative correction", x.Var(-7), 1)
	wantFloats(t, "variance of nothing", tensor.Ones(0).Var(0), nan)
	wantFloats(t, "deviation with NaN", tensor.Of([]float64{1, nan}).Std(0), nan)

	// The deviation of equal elements has PyTorch's gradient, zero, also where others beside it have one.
	y := tensor.Of([]float64{2, 2, 2, 1, 1, 4}, 2, 3).RequireGrad()
	y.Std(0, 1).Sum().Backward()
	a, b := -1/(3*math.Sqrt2), 2/(3*math.Sqrt2) // (x − mean) / (n std), std √2
	if !tensor.AllClose(y.Grad(), tensor.Of([]float64{0, 0, 0, a, a, b}, 2, 3), 1e-15, 0, false) {
		t.Errorf("gradient of deviations: %v", y.Grad())
	}
}

func TestMeanRefuses(t *testing.T) {
	x := tensor.Arange(0, 6, 1).Reshape(2, 3)
	rejects(t, tensor.ErrDType, "mean", "the mean of int64 is not int64; convert with To(tensor.Float32)", func() { x.Mean() })
	rejects(t, tensor.ErrDType, "mean", "the mean of bool", func() { x.To(tensor.Bool).MeanKeepdim(0) })
	rejects(t, tensor.ErrDType, "var", "the var of int64", func() { x.Var(0) })
	rejects(t, tensor.ErrDType, "std", "the std of uint8", func() { x.To(tensor.Uint8).StdKeepdim(0, 1) })
	f := x.To(tensor.Float32)
	rejects(t, tensor.ErrAxis, "mean", "axis 2 is out of range", func() { f.Mean(2) })
	rejects(t, tensor.ErrAxis, "mean", "axis 1 is named twice", func() { f.MeanKeepdim(1, -1) })
	rejects(t, tensor.ErrAxis, "var", "axis -3 is out of range", func() { f.Var(1, -3) })
	rejects(t, tensor.ErrAxis, "std", "axis 5 is out of range", func() { f.Std(1, 5) })
}
