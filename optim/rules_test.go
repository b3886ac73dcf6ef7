package optim_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// TestMaximizeIsMinimizeOfNegative climbs f and descends -f, without decay, with every optimizer.
func TestMaximizeIsMinimizeOfNegative(t *testing.T) {
	for name, make := range map[string]func(p []*tensor.Param, up bool) optim.Optimizer{
		"sgd": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewSGD(p, optim.SGDConfig{LR: 0.1, Momentum: 0.9, Maximize: up})
		},
		"adam": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewAdam(p, optim.AdamConfig{LR: 0.1, AMSGrad: true, Maximize: up})
		},
		"adamw": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewAdamW(p, optim.AdamWConfig{LR: 0.1, Maximize: up})
		},
		"adagrad": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewAdagrad(p, optim.AdagradConfig{Maximize: up})
		},
		"rmsprop": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewRMSProp(p, optim.RMSPropConfig{Momentum: 0.5, Centered: true, Maximize: up})
		},
		"adadelta": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewAdadelta(p, optim.AdadeltaConfig{Maximize: up})
		},
		"adamax": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewAdamax(p, optim.AdamaxConfig{Maximize: up})
		},
		"nadam": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewNAdam(p, optim.NAdamConfig{Maximize: up})
		},
		"radam": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewRAdam(p, optim.RAdamConfig{Maximize: up})
		},
		"rprop": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewRprop(p, optim.RpropConfig{Maximize: up})
		},
		"amsbound": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewAdaBound(p, optim.AdaBoundConfig{AMSBound: true, Maximize: up})
		},
		"swats": func(p []*tensor.Param, up bool) optim.Optimizer {
			return optim.NewSWATS(p, optim.SWATSConfig{Tolerance: new(0.01), Maximize: up})
		},
	} {
		for _, dtype := range []tensor.DType{tensor.Float32, tensor.Float64} {
			up, down := make(start(dtype), true), make(start(dtype), false)
			for step := 1; step <= 20; step++ {
				var g, minus []*tensor.Tensor
				for _, p := range up.Params() {
					grad := gradient(p, step)
					g, minus = append(g, grad), append(minus, grad.Neg())
				}
				up.StepWith(g)
				down.StepWith(minus)
			}
			if !slices.Equal(bits(up.Params()), bits(down.Params())) {
				t.Errorf("%s %v: climbing f differs from descending -f", name, dtype)
			}
		}
	}
}

// TestSWATSSwitches compares the step of the switch and the rate with those of numpy.
func TestSWATSSwitches(t *testing.T) {
	want := readPapers(t).Switched
	opt := makers["swats early"](start(tensor.Float64)).(*optim.SWATS)
	for step := 1; opt.Rate(0) == 0; step++ {
		if float64(step) > want[0] {
			t.Fatalf("no switch until step %d, numpy's is at %v", step, want[0])
		}
		steps(opt, step, 1)
		if (opt.Rate(0) != 0) != (float64(step) == want[0]) {
			t.Fatalf("rate %v after step %d, numpy's switch is at %v", opt.Rate(0), step, want[0])
		}
	}
	if !(math.Abs(opt.Rate(0)-want[1]) <= 1e-12) {
		t.Errorf("SGD's rate is %v, numpy's %v", opt.Rate(0), want[1])
	}
	if s := opt.State().Scalars; s["group0.swats_rate"] != opt.Rate(0) || s["group0.swats_steps"] != want[0] || s["group0.swats_lr"] != 0.02 {
		t.Errorf("the state is %v", s)
	}
}

// TestSWATSGroups lets one group switch and not the other, whose gradient changes from step to step.
func TestSWATSGroups(t *testing.T) {
	p := start(tensor.Float64)
	opt := optim.NewSWATSGroups([]optim.Group{{Params: p[:1]}, {Params: p[1:]}}, optim.SWATSConfig{LR: 0.1, Tolerance: new(1e-3)})
	g := random.New(1)
	for range 20 {
		opt.StepWith([]*tensor.Tensor{tensor.OnesLike(p[0].Detach()), tensor.Randn(g, 7).To(tensor.Float64), nil})
	}
	if opt.Rate(0) == 0 || opt.Rate(1) != 0 {
		t.Errorf("rates %v and %v", opt.Rate(0), opt.Rate(1))
	}
	opt.Groups()[0].LR /= 2 // a schedule goes on after the switch
	before := values(p[0])
	state := opt.State()
	buf := 0.9*state.Tensor("0.momentum_buffer").Floats()[0] + 1
	opt.StepWith([]*tensor.Tensor{tensor.OnesLike(p[0].Detach()), nil, nil})
	if got, want := before[0]-values(p[0])[0], 0.1*opt.Rate(0)/2*buf; !(math.Abs(got-want) <= 1e-15) {
		t.Errorf("a step at half the rate is %v, not %v", got, want)
	}
}

func TestLookaheadOfAlpha1IsItsInner(t *testing.T) {
	for _, dtype := range []tensor.DType{tensor.Float32, tensor.Float64} {
		inner := optim.NewAdam(start(dtype), optim.AdamConfig{LR: 0.1})
		ahead := optim.NewLookahead(optim.NewAdam(start(dtype), optim.AdamConfig{LR: 0.1}), optim.LookaheadConfig{Every: 2, Alpha: new(1.0)})
		steps(inner, 1, 11)
		steps(ahead, 1, 11)
		if !slices.Equal(bits(inner.Params()), bits(ahead.Params())) {
			t.Errorf("%v: Lookahead of alpha 1 differs from Adam", dtype)
		}
	}
}

func TestLookaheadSlow(t *testing.T) {
	p := tensor.NewParam(tensor.Of([]float64{1}))
	ahead := optim.NewLookahead(optim.NewSGD([]*tensor.Param{p}, optim.SGDConfig{LR: 0.5}), optim.LookaheadConfig{Every: 2, Alpha: new(0.25)})
	for i, want := range [][2]float64{{0.5, 1}, {0.75, 0.75}, {0.25, 0.75}, {0.5, 0.5}} { // fast, slow
		ahead.StepWith([]*tensor.Tensor{tensor.Of([]float64{1})})
		if p.Detach().Item() != want[0] || ahead.Slow()[0].Item() != want[1] {
			t.Errorf("after step %d the weights are %v and %v, not %v", i+1, p.Detach().Item(), ahead.Slow()[0].Item(), want)
		}
	}
	frozen := tensor.NewParam(tensor.Of([]float32{0.1, 1e10, -3}))
	before := bits([]*tensor.Param{frozen})
	ahead = optim.NewLookahead(optim.NewSGD([]*tensor.Param{frozen}, optim.SGDConfig{LR: 1}), optim.LookaheadConfig{Every: 1})
	ahead.StepWith([]*tensor.Tensor{nil})
	if !slices.Equal(bits([]*tensor.Param{frozen}), before) {
		t.Error("a parameter without a gradient changed")
	}
}

func TestLookaheadRefusesStates(t *testing.T) {
	for want, edit := range map[string]func(s *optim.State){
		"step count":                func(s *optim.State) { delete(s.Scalars, "lookahead.step") },
		"step count 1.5":            func(s *optim.State) { s.Scalars["lookahead.step"] = 1.5 },
		"2 slow weights, not 3":     func(s *optim.State) { s.Tensors = s.Tensors[:len(s.Tensors)-1] },
		"lookahead.2 must be":       func(s *optim.State) { s.Tensors[len(s.Tensors)-1].Tensor = tensor.Zeros(9) },
		"lookahead.1 must be":       func(s *optim.State) { s.Tensors[len(s.Tensors)-2].Tensor = nil },
		"0.momentum_buffer must":    func(s *optim.State) { s.Tensors = s.Tensors[1:] },
		"another kind":              func(s *optim.State) { delete(s.Scalars, "sgd.params") },
		"does not fit this sgd":     func(s *optim.State) { s.Scalars["more"] = 1 },
		"parameter 0 has no step":   func(s *optim.State) { s.Scalars["0.step"] = -1 },
		"group 0 needs 3 parameter": func(s *optim.State) { s.Scalars["group0.lr"] = math.NaN() },
	} {
		make := makers["lookahead sgd"]
		from, into, twin := make(start(tensor.Float32)), make(start(tensor.Float32)), make(start(tensor.Float32))
		steps(from, 1, 5)
		steps(into, 3, 4)
		steps(twin, 3, 4)
		state := from.State()
		edit(&state)
		if err := into.LoadState(state); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("the error is %v, not a line with %q", err, want)
		}
		steps(into, 7, 4)
		steps(twin, 7, 4)
		if !slices.Equal(bits(into.Params()), bits(twin.Params())) {
			t.Errorf("%s: a refused state changed the optimizer", want)
		}
	}
}

// TestStateNumbers refuses states whose further numbers are lost or no numbers.
func TestStateNumbers(t *testing.T) {
	for name, key := range map[string]string{"nadam": "1.mu_product", "swats": "group0.swats_lambda"} {
		for _, bad := range []any{nil, math.NaN(), math.Inf(1)} {
			opt := makers[name](start(tensor.Float32))
			steps(opt, 1, 6)
			s := opt.State()
			if v, ok := bad.(float64); ok {
				s.Scalars[key] = v
			} else {
				delete(s.Scalars, key)
			}
			if err := opt.LoadState(s); err == nil || !strings.Contains(err.Error(), key) {
				t.Errorf("%s without a good %s: %v", name, key, err)
			}
		}
	}
}

// TestStateByName reads the moments by their names: after one step m = (1-β₁)g and v = (1-β₂)g².
func TestStateByName(t *testing.T) {
	p := tensor.NewParam(tensor.Of([]float64{5}))
	opt := optim.NewAdam([]*tensor.Param{p}, optim.AdamConfig{})
	opt.StepWith([]*tensor.Tensor{tensor.Of([]float64{2})})
	s := opt.State()
	if m, v := s.Tensor("0.exp_avg").Item(), s.Tensor("0.exp_avg_sq").Item(); !(math.Abs(m-0.2) <= 1e-15) || !(math.Abs(v-0.004) <= 1e-15) {
		t.Errorf("m %v, v %v", m, v)
	}
	if s.Tensor("0.momentum_buffer") != nil {
		t.Error("a tensor that is not there")
	}
}

// TestNonFinite gives every optimizer an infinite and a NaN gradient: its parameter becomes NaN or infinite or stays, others are not touched.
func TestNonFinite(t *testing.T) {
	for name, make := range makers {
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			a, b := tensor.NewParam(tensor.Zeros(3000)), tensor.NewParam(tensor.Zeros(3000))
			opt, twin := make([]*tensor.Param{a, tensor.NewParam(tensor.Ones(2)), tensor.NewParam(tensor.Ones(2))}), make([]*tensor.Param{b, tensor.NewParam(tensor.Ones(2)), tensor.NewParam(tensor.Ones(2))})
			if strings.HasPrefix(name, "swats") { // its rate depends on all elements
				continue
			}
			g := tensor.Data[float32](tensor.Randn(random.New(1), 3000))
			for range 6 {
				twin.StepWith([]*tensor.Tensor{tensor.Of(g), nil, nil})
			}
			g[700] = float32(bad)
			for range 6 {
				opt.StepWith([]*tensor.Tensor{tensor.Of(g), nil, nil})
			}
			x, y := a.Floats(), b.Floats()
			for i := range x {
				if i != 700 && x[i] != y[i] {
					t.Fatalf("%s: a gradient of %v at 700 changed element %d from %v to %v", name, bad, i, y[i], x[i])
				}
			}
			if math.IsNaN(bad) && !math.IsNaN(x[700]) {
				t.Errorf("%s: a NaN gradient was swallowed: %v", name, x[700])
			}
		}
	}
}

// With a constant gradient the mean square is the square of the mean but for rounding: no root of less than 0 is taken.
func TestCenteredRMSPropOfAConstantGradient(t *testing.T) {
	for _, v := range []float32{0.1, 0.7} {
		p := tensor.NewParam(tensor.Of([]float32{1}))
		opt := optim.NewRMSProp([]*tensor.Param{p}, optim.RMSPropConfig{LR: 1e-9, Centered: true})
		g := []*tensor.Tensor{tensor.Of([]float32{v})}
		for range 2000 {
			opt.StepWith(g)
		}
		if x := p.Item(); math.IsNaN(x) {
			t.Errorf("gradient %v: the parameter is %v", v, x)
		}
	}
}
