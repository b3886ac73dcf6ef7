package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

type crossEntropyConfig = tensor.CrossEntropyConfig

// crossEntropies is -Σ_k q_k ln softmax(x)_k for each row by its definition, of inputs x, target and, perhaps, weight.
func crossEntropies(smooth float64, ignore int) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		n, c := in[0].Shape[0], in[0].Shape[1]
		loss := optest.Array{Shape: []int{n}, Data: make([]float64, n)}
		for i := range n {
			target := int(in[1].Data[i])
			if target == ignore {
				continue
			}
			for k, l := range logSoftmaxOf(in[0].Data[i*c : (i+1)*c]) {
				w, q := 1.0, smooth/float64(c)
				if len(in) == 3 {
					w = in[2].Data[k]
				}
				if k == target {
					q += 1 - smooth
				}
				if q != 0 {
					loss.Data[i] -= w * q * l
				}
			}
		}
		return []optest.Array{loss}
	}
}

func TestCrossEntropy(t *testing.T) {
	var cases []optest.Case
	add := func(name string, x tin, target []float64, weight []float64, cfg crossEntropyConfig) *optest.Case {
		ignore := -100
		if cfg.IgnoreIndex != nil {
			ignore = int(*cfg.IgnoreIndex)
		}
		in := []tin{x, {Shape: []int{len(target)}, Values: target, Fixed: true, DType: tensor.Int64}}
		if weight != nil {
			in = append(in, tin{Shape: []int{len(weight)}, Values: weight, Fixed: true})
		}
		cases = append(cases, optest.Case{Op: "tensor.crossEntropyOp", Name: name, In: in, Want: crossEntropies(cfg.LabelSmoothing, ignore),
			F: func(in tensors) tensors {
				cfg := cfg
				cfg.Weight = third(in)
				return tensors{tensor.CrossEntropy(in[0], in[1], cfg)}
			}})
		return &cases[len(cases)-1]
	}
	two := int64(2)
	x := tin{Shape: []int{5, 3}}
	classes, weight := []float64{2, 0, 1, 2, 2}, []float64{0.5, 2, 1.25}
	some := []float64{2, -100, 1, 0, -100}
	add("plain", x, classes, nil, crossEntropyConfig{})
	add("one element", tin{Shape: []int{1, 1}}, []float64{0}, nil, crossEntropyConfig{})
	add("weights", x, classes, weight, crossEntropyConfig{})
	add("a weight of 0", x, classes, []float64{1, 0.5, 0}, crossEntropyConfig{})
	add("smoothing", x, classes, nil, crossEntropyConfig{LabelSmoothing: 0.125})
	add("smoothing by 1", x, classes, nil, crossEntropyConfig{LabelSmoothing: 1})
	add("weights and smoothing", x, classes, weight, crossEntropyConfig{LabelSmoothing: 0.25})
	add("ignored", x, some, nil, crossEntropyConfig{})
	add("ignored, weights and smoothing", x, some, weight, crossEntropyConfig{LabelSmoothing: 0.25})
	add("another class ignored", x, classes, weight, crossEntropyConfig{LabelSmoothing: 0.5, IgnoreIndex: &two})
	add("all ignored", tin{Shape: []int{2, 3}}, []float64{-100, -100}, weight, crossEntropyConfig{LabelSmoothing: 0.25})
	add("no rows", tin{Shape: []int{0, 3}}, []float64{}, nil, crossEntropyConfig{})
	add("no classes", tin{Shape: []int{2, 0}}, []float64{-100, -100}, nil, crossEntropyConfig{LabelSmoothing: 0.5})
	add("certain", tin{Shape: []int{3, 4}, Lo: -40, Hi: 40}, []float64{0, 3, 1}, nil, crossEntropyConfig{})
	// Differences to the maximum are exact here; logits minus their logsumexp are not.
	add("large logits", tin{Shape: []int{4, 5}, Lo: 4090, Hi: 4096}, []float64{4, 0, 3, 1}, nil, crossEntropyConfig{LabelSmoothing: 0.25})
	many, wide := make([]float64, 301), make([]float64, 3)
	for i := range many {
		many[i] = float64(i * i % 4)
	}
	for i := range wide {
		wide[i] = float64(400 * i)
	}
	add("many rows", tin{Shape: []int{301, 4}}, many, nil, crossEntropyConfig{LabelSmoothing: 0.25})
	add("many classes", tin{Shape: []int{3, 1027}}, wide, nil, crossEntropyConfig{})
	optest.Run(t, cases)

	// As PyTorch: an impossible class costs nothing beside the target and Inf as the target, infinite logits are NaN. Unlike
	// there, nothing in an ignored row matters, to the gradient neither.
	cases = nil
	special := tin{Shape: []int{6, 3}, Values: []float64{
		-inf, 0, 0,
		-inf, 0, 0,
		inf, 0, 1,
		-inf, -inf, -inf,
		nan, 0, 1,
		nan, -inf, inf,
	}}
	targets := []float64{1, 0, 1, 0, 2, -100}
	add("special", special, targets, nil, crossEntropyConfig{}).Want = func([]optest.Array) []optest.Array {
		return []optest.Array{{Shape: []int{6}, Data: []float64{math.Ln2, inf, nan, nan, nan, 0}}}
	}
	add("special, smoothed", special, targets, nil, crossEntropyConfig{LabelSmoothing: 0.5}).Want = func([]optest.Array) []optest.Array {
		return []optest.Array{{Shape: []int{6}, Data: []float64{inf, inf, nan, nan, nan, 0}}}
	}
	for i := range cases {
		cases[i].Order = -1
	}
	optest.Run(t, cases)

	logits := tensor.Of(special.Values, 6, 3).RequireGrad()
	target := tensor.Of([]int64{1, 0, 1, 0, 2, -100}, 6)
	tensor.CrossEntropy(logits, target, crossEntropyConfig{}).Sum().Backward()
	g := logits.Grad().Floats()
	for i, w := range []float64{0, -0.5, 0.5, -1, 0.5, 0.5, nan, nan, nan, nan, nan, nan, nan, nan, nan, 0, 0, 0} {
		if math.Abs(g[i]-w) > 1e-15 || (g[i] == g[i]) != (w == w) {
			t.Errorf("gradient %d is %v, want %v", i, g[i], w)
		}
	}
}

// TestCrossEntropyWeightGradient: weights are constants, as in PyTorch.
func TestCrossEntropyWeightGradient(t *testing.T) {
	w := leaf(1, 2)
	y := tensor.CrossEntropy(tensor.Of([]float64{0, 0}, 1, 2), tensor.Of([]int64{1}, 1), crossEntropyConfig{Weight: w})
	if y.RequiresGrad() {
		t.Error("the loss requires grad through its class weights")
	}
	wantValues(t, "weighted loss", y, 2*math.Ln2)
}

func TestCrossEntropyBadArguments(t *testing.T) {
	x := tensor.Zeros(2, 3)
	target := tensor.Of([]int64{0, 2}, 2)
	loss := func(x, target *tensor.Tensor, cfg crossEntropyConfig) func() {
		return func() { tensor.CrossEntropy(x, target, cfg) }
	}
	one := int64(1)
	refuses(t, tensor.ErrIndex, "target 3 at row 1 is not a class in [0, 3)", loss(x, tensor.Of([]int64{0, 3}, 2), crossEntropyConfig{}))
	refuses(t, tensor.ErrIndex, "target -1 at row 0", loss(x, tensor.Of([]int64{-1, 0}, 2), crossEntropyConfig{}))
	refuses(t, tensor.ErrIndex, "target -100 at row 0", loss(x, tensor.Of([]int64{-100, 0}, 2), crossEntropyConfig{IgnoreIndex: &one}))
	refuses(t, tensor.ErrIndex, "target 0 at row 0 is not a class in [0, 0)", loss(tensor.Zeros(2, 0), target, crossEntropyConfig{}))
	refuses(t, tensor.ErrShape, "(N, C)", loss(tensor.Zeros(2, 3, 4), target, crossEntropyConfig{}))
	refuses(t, tensor.ErrShape, "(N, C)", loss(tensor.Zeros(3), target, crossEntropyConfig{}))
	refuses(t, tensor.ErrShape, "the target must have shape (2,)", loss(x, tensor.Of([]int64{0, 1, 2}, 3), crossEntropyConfig{}))
	refuses(t, tensor.ErrShape, "the target must have shape (2,)", loss(x, tensor.Of([]int64{0, 1}, 2, 1), crossEntropyConfig{}))
	refuses(t, tensor.ErrDType, "the target must be int64 classes, not float32", loss(x, tensor.Zeros(2), crossEntropyConfig{}))
	refuses(t, tensor.ErrDType, "the target must be int64 classes, not int32", loss(x, target.To(tensor.Int32), crossEntropyConfig{}))
	refuses(t, tensor.ErrDType, "the logits must be floating-point, not int64", loss(x.To(tensor.Int64), target, crossEntropyConfig{}))
	refuses(t, tensor.ErrShape, "the class weights must have shape (3,)", loss(x, target, crossEntropyConfig{Weight: tensor.Ones(2)}))
	refuses(t, tensor.ErrDType, "the class weights must be float32, not float64", loss(x, target, crossEntropyConfig{Weight: tensor.With(tensor.Float64).Ones(3)}))
	refuses(t, tensor.ErrValue, "label smoothing -0.1 must lie in [0, 1]", loss(x, target, crossEntropyConfig{LabelSmoothing: -0.1}))
	refuses(t, tensor.ErrValue, "label smoothing 1.5", loss(x, target, crossEntropyConfig{LabelSmoothing: 1.5}))
	refuses(t, tensor.ErrValue, "label smoothing NaN", loss(x, target, crossEntropyConfig{LabelSmoothing: math.NaN()}))
	wantFail(t, tensor.ErrValue, "cross_entropy", loss(x, nil, crossEntropyConfig{}))
}
