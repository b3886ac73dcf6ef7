package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func TestLogSumExp(t *testing.T) {
	lse := optest.Case{Op: "tensor.logSumExpOp", Name: "logsumexp"}
	cases := reductionCases(lse, tin{}, (*tensor.Tensor).LogSumExp, nil, func(x []float64) float64 {
		sum := 0.0
		for _, v := range x {
			sum += math.Exp(v)
		}
		return math.Log(sum)
	})
	lse.Name, lse.In = "logsumexp of large numbers", []tin{{Shape: []int{3, 4}, Lo: 900, Hi: 904}} // exp(900) overflows
	lse.F = one(func(x *tensor.Tensor) *tensor.Tensor { return x.LogSumExp(1) })
	lse.Want = folded([]int{1}, false, func(x []float64) float64 {
		sum := 0.0
		for _, v := range x {
			sum += math.Exp(v - 900)
		}
		return 900 + math.Log(sum)
	})
	lse.Tol = 10 // differences of float32 near 900 have 5 digits
	cases = append(cases, lse)
	optest.Run(t, cases)

	x := tensor.Of([]float64{-inf, -inf, inf, 1, 0, -inf, inf, -inf, inf, inf, nan, 0}, 6, 2)
	for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
		wantFloats(t, "infinities", x.To(d).LogSumExp(1), -inf, inf, 0, inf, inf, nan)
	}
	wantFloats(t, "nothing", tensor.Ones(2, 0).LogSumExp(1), -inf, -inf)
	wantFloats(t, "far below", tensor.Of([]float32{-1e30, -1e30}).LogSumExp(), float64(float32(-1e30)))
	l := leaf(0, -inf)
	l.LogSumExp().Backward()
	wantFloats(t, "gradient beside -Inf", l.Grad(), 1, 0)
	if d := tensor.Arange(0, 3, 1).LogSumExp().DType(); d != tensor.Float32 {
		t.Errorf("logsumexp of int64 is %v", d)
	}
	rejects(t, tensor.ErrAxis, "logsumexp", "axis 2 is out of range", func() { x.LogSumExp(2) })
}
