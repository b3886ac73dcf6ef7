package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// By hand: what goes through y = max(x, 0) for gradients of either sign.
func TestReLURules(t *testing.T) {
	x, dy := leaf(-2, -1, 0, 3, 4), tensor.Of([]float64{5, -6, 7, 8, -9})
	for rule, want := range map[tensor.ReLURule][]float64{
		tensor.ReLUDerivative: {0, 0, 0, 8, -9},
		tensor.ReLUGuided:     {0, 0, 0, 8, 0},
		tensor.ReLUDeconv:     {5, 0, 7, 8, 0},
	} {
		y := x.ReLU()
		g := tensor.GradientsWith(tensors{y}, tensors{x}, tensor.GradientsConfig{Douts: tensors{dy}, ReLU: rule})
		wantValues(t, rule.String(), g[0], want...)
		again := tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].ReLU().MulScalar(2)} }, x)
		g = tensor.GradientsWith(again, tensors{x}, tensor.GradientsConfig{Douts: tensors{dy.MulScalar(0.5)}, ReLU: rule})
		wantValues(t, rule.String()+" in a Checkpoint", g[0], want...)
	}
	// The next pass knows nothing of the rule.
	wantValues(t, "after", tensor.Gradients(tensors{x.ReLU()}, tensors{dy}, tensors{x}, false, false)[0], 0, 0, 0, 8, -9)
	if s := tensor.ReLURule(3).String(); s != "ReLURule(3)" {
		t.Errorf("a rule that is none is %q", s)
	}
	wantFail(t, tensor.ErrValue, "gradients", func() {
		tensor.GradientsWith(tensors{x.Sum()}, tensors{x}, tensor.GradientsConfig{ReLU: 3})
	})
}

// A convolution that does the ReLU's work follows the same rules.
func TestReLURulesConv(t *testing.T) {
	g := random.New(1)
	x, w, b := tensor.Randn(g, 2, 3, 7, 6).RequireGrad(), tensor.Randn(g, 4, 3, 3, 3).RequireGrad(), tensor.Randn(g, 4).RequireGrad()
	dy := tensor.Randn(g, 2, 4, 5, 4)
	for _, rule := range []tensor.ReLURule{tensor.ReLUDerivative, tensor.ReLUGuided, tensor.ReLUDeconv} {
		cfg := tensor.GradientsConfig{Douts: tensors{dy}, ReLU: rule}
		fused := tensor.GradientsWith(tensors{tensor.Conv2d(x, w, b, tensor.ConvConfig{ReLU: true})}, tensors{x, w, b}, cfg)
		plain := tensor.GradientsWith(tensors{tensor.Conv2d(x, w, b, tensor.ConvConfig{}).ReLU()}, tensors{x, w, b}, cfg)
		for i := range fused {
			wantValues(t, rule.String(), fused[i], plain[i].Floats()...)
		}
	}
}
