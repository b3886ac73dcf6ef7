package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func productOf(x []float64) float64 {
	p := 1.0
	for _, v := range x {
		p *= v
	}
	return p
}

func TestProd(t *testing.T) {
	prod := optest.Case{Op: "tensor.mulOp", Name: "prod"}
	var cases []optest.Case
	for _, c := range reductionCases(prod, tin{Lo: 0.95, Hi: 1.05}, (*tensor.Tensor).Prod, nil, productOf) {
		switch c.Name {
		case "prod axis of size 1", "prod one element", "prod scalar", "prod no results":
			c.Op = "tensor.reshapeOp" // there is nothing to multiply
			if c.Name == "prod scalar" {
				c.Op = "tensor.permuteOp"
			}
		}
		cases = append(cases, c)
	}
	zeros := func(name string, values ...float64) optest.Case {
		c := prod
		c.Name, c.In, c.Ints = name, []tin{{Shape: []int{2, 3}, Values: values}}, true
		c.F = one(func(x *tensor.Tensor) *tensor.Tensor { return x.Prod(1) })
		c.Want = folded([]int{1}, false, productOf)
		return c
	}
	cases = append(cases,
		zeros("one zero", 2, 0, -3, 1, 4, 0),
		zeros("two zeros", 0, 0, 3, 2, 0, 0),
		zeros("all zero", 0, 0, 0, 0, 0, 0),
		optest.Case{Op: "tensor.sumOp", Name: "prod of nothing", In: of([]int{0, 3}), Ints: true,
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.Prod(0) }),
			Want: func([]optest.Array) []optest.Array {
				return []optest.Array{{Shape: []int{3}, Data: []float64{1, 1, 1}}}
			}},
	)
	optest.Run(t, cases)

	wantFloats(t, "NaN and infinities", tensor.Of([]float64{1, nan, inf, 0, -inf, -2}, 3, 2).Prod(1), nan, nan, inf)
	empty := tensor.With(tensor.Float64).Ones(0, 2).RequireGrad()
	empty.Prod().Backward()
	if s := empty.Grad().Shape(); s != tensor.ShapeOf(0, 2) {
		t.Errorf("the gradient of an empty product has shape %v", s)
	}
	// 2000 factors (1 ± 2⁻¹⁰): the pairs' products round 11 times each, the naive loop's 2000 times.
	v := make([]float32, 2000)
	for i := range v {
		v[i] = 1 + float32(1-i%2*2)*0x1p-10
	}
	exact := math.Exp(1000 * math.Log1p(-0x1p-20))
	if got := tensor.Of(v).Prod().Item(); math.Abs(got-exact) > exact*2000*0x1p-24 {
		t.Errorf("the product is %v, want %v", got, exact)
	}
	rejects(t, tensor.ErrAxis, "prod", "axis 2 is out of range", func() { tensor.Ones(2, 3).Prod(2) })
	rejects(t, tensor.ErrAxis, "prod", "axis 0 is named twice", func() { tensor.Ones(2, 3).Prod(0, 0) })
}
