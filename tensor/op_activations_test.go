package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func TestActivations(t *testing.T) {
	away := func(kinks ...float64) optest.Input { return optest.Input{Lo: -4, Hi: 4, Away: kinks} }
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	elu := func(x, alpha, inner float64) float64 {
		if x > 0 {
			return x
		}
		return alpha * (math.Exp(x*inner) - 1)
	}
	relu6 := func(x float64) float64 { return math.Min(math.Max(x, 0), 6) }
	runElementwise(t, []elementwise{
		{op: "sigmoid", in: away(), f1: (*tensor.Tensor).Sigmoid, want1: sigmoid, ints: true},
		{op: "logSigmoid", in: away(), f1: (*tensor.Tensor).LogSigmoid, want1: func(x float64) float64 { return math.Log(sigmoid(x)) }},
		{op: "softplus", in: away(), f1: func(x *tensor.Tensor) *tensor.Tensor { return x.Softplus(1, 20) }, want1: func(x float64) float64 { return math.Log(1 + math.Exp(x)) }},
		{op: "softplus", name: "beta", in: away(1.5), f1: func(x *tensor.Tensor) *tensor.Tensor { return x.Softplus(2, 3) }, want1: func(x float64) float64 {
			if 2*x > 3 {
				return x
			}
			return math.Log(1+math.Exp(2*x)) / 2
		}},
		{op: "relu", in: away(0), f1: (*tensor.Tensor).ReLU, want1: func(x float64) float64 { return math.Max(x, 0) }, ints: true},
		{op: "leakyReLU", in: away(0), f1: func(x *tensor.Tensor) *tensor.Tensor { return x.LeakyReLU(0.1) }, want1: func(x float64) float64 { return math.Max(x, 0.1*x) }},
		{op: "leakyReLU", name: "steep", in: away(0), f1: func(x *tensor.Tensor) *tensor.Tensor { return x.LeakyReLU(3) }, want1: func(x float64) float64 { return math.Min(x, 3*x) }},
		{op: "elu", in: away(0), f1: func(x *tensor.Tensor) *tensor.Tensor { return x.ELU(1.5) }, want1: func(x float64) float64 { return elu(x, 1.5, 1) }},
		{op: "elu", name: "selu", in: away(0), f1: (*tensor.Tensor).SELU, want1: func(x float64) float64 { return 1.0507009873554805 * elu(x, 1.6732632423543772, 1) }},
		{op: "elu", name: "celu", in: away(0), f1: func(x *tensor.Tensor) *tensor.Tensor { return x.CELU(2) }, want1: func(x float64) float64 { return elu(x, 2, 0.5) }},
		{op: "gelu", in: away(), f1: (*tensor.Tensor).GELU, want1: func(x float64) float64 { return x * (1 + math.Erf(x/math.Sqrt2)) / 2 }, ints: true},
		{op: "geluTanh", in: away(), f1: (*tensor.Tensor).GELUTanh, want1: func(x float64) float64 {
			return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}},
		{op: "silu", in: away(), f1: (*tensor.Tensor).SiLU, want1: func(x float64) float64 { return x * sigmoid(x) }},
		{op: "mish", in: away(), f1: (*tensor.Tensor).Mish, want1: func(x float64) float64 { return x * math.Tanh(math.Log(1+math.Exp(x))) }},
		{op: "clamp", name: "hardtanh", in: away(-1, 1.5), f1: func(x *tensor.Tensor) *tensor.Tensor { return x.Hardtanh(-1, 1.5) }, want1: func(x float64) float64 { return math.Min(math.Max(x, -1), 1.5) }},
		{op: "clamp", name: "relu6", in: optest.Input{Lo: -4, Hi: 9, Away: []float64{0, 6}}, f1: (*tensor.Tensor).ReLU6, want1: relu6},
		{op: "hardsigmoid", in: away(-3, 3), f1: (*tensor.Tensor).Hardsigmoid, want1: func(x float64) float64 { return relu6(x+3) / 6 }},
		{op: "hardswish", in: away(-3, 3), f1: (*tensor.Tensor).Hardswish, want1: func(x float64) float64 { return x * relu6(x+3) / 6 }},
		{op: "div", name: "softsign", in: away(0), f1: (*tensor.Tensor).Softsign, want1: func(x float64) float64 { return x / (1 + math.Abs(x)) }},
		{op: "tanh", name: "tanhshrink", in: away(), f1: (*tensor.Tensor).Tanhshrink, want1: func(x float64) float64 { return x - math.Tanh(x) }},
	})
}

func TestActivationsRefuse(t *testing.T) {
	x := tensor.Ones(2)
	refuses(t, tensor.ErrValue, "beta must be positive", func() { x.Softplus(0, 20) })
	refuses(t, tensor.ErrValue, "alpha must be positive", func() { x.CELU(-1) })
}
