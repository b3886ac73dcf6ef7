package optim_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// bits returns the parameters' bytes.
func bits(params []*tensor.Param) (b []byte) {
	for _, p := range params {
		b = append(b, p.Detach().Bytes()...)
	}
	return b
}

func TestResume(t *testing.T) {
	for name, make := range makers {
		whole := make(start(tensor.Float32))
		steps(whole, 1, 20)

		first := make(start(tensor.Float32))
		steps(first, 1, 7)
		params := []*tensor.Param{}
		for _, p := range first.Params() {
			params = append(params, tensor.NewParam(p.Detach()))
		}
		second := make(params)
		if err := second.LoadState(first.State()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		steps(first, 8, 3) // the state loaded is a copy
		steps(second, 8, 13)
		if !slices.Equal(bits(second.Params()), bits(whole.Params())) {
			t.Errorf("%s: 7 steps, a load and 13 more differ from 20", name)
		}
	}
}

func TestStateOfFreshOptimizer(t *testing.T) {
	opt := optim.NewAdam(start(tensor.Float32), optim.AdamConfig{})
	state := opt.State()
	steps(opt, 1, 5)
	if err := opt.LoadState(state); err != nil {
		t.Fatal(err)
	}
	if s := opt.State(); len(s.Tensors) != 0 || s.Scalars["0.step"] != 0 {
		t.Errorf("after loading the state before the first step: %v", s)
	}
}

func TestLoadStateRefuses(t *testing.T) {
	made := func(name string) func() optim.Optimizer {
		return func() optim.Optimizer { return makers[name](start(tensor.Float32)) }
	}
	adam := made("adam")
	one := func() optim.Optimizer { return optim.NewAdam(start(tensor.Float32)[:1], optim.AdamConfig{}) }
	for name, c := range map[string]struct {
		from func() optim.Optimizer
		edit func(s *optim.State)
		want string
	}{
		"other optimizer": {from: made("sgd momentum"), want: "exp_avg"},
		"more parameters": {from: one, want: "parameter 1"},
		"other dtype":     {from: func() optim.Optimizer { return optim.NewAdam(start(tensor.Float64), optim.AdamConfig{}) }, want: "float32 (3, 5)"},
		"amsgrad":         {from: made("adam amsgrad"), want: "tensors"},
		"other groups":    {from: adam, edit: func(s *optim.State) { delete(s.Scalars, "group0.lr") }, want: "group 0"},
		"lost moment":     {from: adam, edit: func(s *optim.State) { s.Tensors = s.Tensors[1:] }, want: "0.exp_avg"},
		"half a step":     {from: adam, edit: func(s *optim.State) { s.Scalars["1.step"] = 1.5 }, want: "parameter 1"},
		"other shape":     {from: adam, edit: func(s *optim.State) { s.Tensors[0].Tensor = tensor.Zeros(5, 3) }, want: "0.exp_avg must be float32 (3, 5)"},
	} {
		other := c.from()
		grads := make([]*tensor.Tensor, len(other.Params()))
		for i, p := range other.Params() {
			grads[i] = gradient(p, 1)
		}
		other.StepWith(grads)
		state := other.State()
		if c.edit != nil {
			c.edit(&state)
		}
		opt, twin := adam(), adam()
		steps(opt, 1, 2)
		steps(twin, 1, 2)
		err := opt.LoadState(state)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error is %q, not a line with %q", name, err, c.want)
		}
		steps(opt, 3, 2)
		steps(twin, 3, 2)
		if !slices.Equal(bits(opt.Params()), bits(twin.Params())) {
			t.Errorf("%s: a refused state changed the optimizer", name)
		}
	}
}

// TestWorkers takes steps on parameters of several chunks with 1, 2 and 3 workers.
func TestWorkers(t *testing.T) {
	defer parallel.SetWorkers(parallel.Workers())
	run := func(workers int, make func(p []*tensor.Param) optim.Optimizer) []byte {
		parallel.SetWorkers(workers)
		g := random.New(1)
		params := []*tensor.Param{tensor.NewParam(tensor.Randn(g, 300, 401)), tensor.NewParam(tensor.Randn(g, 7)), tensor.NewParam(tensor.Randn(g, 1<<16))}
		opt := make(params)
		for range 3 {
			opt.StepWith([]*tensor.Tensor{tensor.Randn(g, 300, 401), tensor.Randn(g, 7), tensor.Randn(g, 1<<16)})
		}
		return bits(params)
	}
	for _, name := range []string{"sgd nesterov", "adam amsgrad", "adamw"} {
		one := run(1, makers[name])
		for _, w := range []int{2, 3} {
			if !slices.Equal(run(w, makers[name]), one) {
				t.Errorf("%s: %d workers give other bits than 1", name, w)
			}
		}
	}
}

func TestStepDoesNotAllocate(t *testing.T) {
	g := random.New(1)
	params := []*tensor.Param{tensor.NewParam(tensor.Randn(g, 64, 4)), tensor.NewParam(tensor.Randn(g, 64))}
	grads := []*tensor.Tensor{tensor.Randn(g, 64, 4), tensor.Randn(g, 64)}
	for _, name := range []string{"sgd momentum", "adam", "adamw amsgrad"} {
		opt := makers[name](params)
		opt.StepWith(grads)
		if n := testing.AllocsPerRun(100, func() { opt.StepWith(grads) }); n > 4 {
			t.Errorf("%s: %v allocations a step", name, n)
		}
	}
}

// TestTrains fits y = 3x - 1 by Backward and Step.
func TestTrains(t *testing.T) {
	g := random.New(1)
	x := tensor.Randn(g, 64, 1)
	y := x.MulScalar(3).AddScalar(-1)
	for name, make := range map[string]func(p []*tensor.Param) optim.Optimizer{
		"sgd": func(p []*tensor.Param) optim.Optimizer {
			return optim.NewSGD(p, optim.SGDConfig{LR: 0.1, Momentum: 0.5})
		},
		"adam": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{LR: 0.1}) },
		"adamw": func(p []*tensor.Param) optim.Optimizer {
			return optim.NewAdamW(p, optim.AdamWConfig{LR: 0.1, WeightDecay: ptr(0)})
		},
	} {
		model := nn.NewLinear(random.New(2), 1, 1, nn.LinearConfig{})
		opt := make(nn.Params(model))
		var loss float64
		for range 300 {
			opt.ZeroGrad()
			l := losses.MSE(model.Forward(x), y)
			l.Backward()
			opt.Step()
			loss = l.Item()
		}
		if !(loss < 1e-5) {
			t.Errorf("%s: the loss after 300 steps is %v", name, loss)
		}
	}
}

func TestStepSkipsFrozen(t *testing.T) {
	params := start(tensor.Float32)
	before := values(params[1])
	opt := optim.NewAdamW(params, optim.AdamWConfig{})
	params[0].SetGrad(gradient(params[0], 1))
	opt.Step()
	if !slices.Equal(values(params[1]), before) {
		t.Error("a parameter without a gradient was decayed")
	}
	opt.ZeroGrad()
	if params[0].Grad() != nil {
		t.Error("ZeroGrad left a gradient")
	}
}

func TestBadArguments(t *testing.T) {
	p := start(tensor.Float32)
	nan := math.NaN()
	opt := optim.NewSGD(p, optim.SGDConfig{LR: 1})
	for name, c := range map[string]struct {
		f    func()
		want string
	}{
		"no rate":            {func() { optim.NewSGD(p, optim.SGDConfig{}) }, "learning rate is required"},
		"negative rate":      {func() { optim.NewAdam(p, optim.AdamConfig{LR: -1}) }, "learning rate -1"},
		"NaN rate":           {func() { optim.NewSGD(p, optim.SGDConfig{LR: nan}) }, "learning rate NaN"},
		"negative decay":     {func() { optim.NewAdamW(p, optim.AdamWConfig{WeightDecay: ptr(-1)}) }, "weight decay -1"},
		"momentum":           {func() { optim.NewSGD(p, optim.SGDConfig{LR: 1, Momentum: -0.1}) }, "momentum -0.1"},
		"nesterov":           {func() { optim.NewSGD(p, optim.SGDConfig{LR: 1, Nesterov: true}) }, "Nesterov"},
		"nesterov dampening": {func() { optim.NewSGD(p, optim.SGDConfig{LR: 1, Momentum: 0.9, Dampening: 0.1, Nesterov: true}) }, "Nesterov"},
		"beta1":              {func() { optim.NewAdam(p, optim.AdamConfig{Beta1: ptr(1)}) }, "betas 1 and"},
		"beta2":              {func() { optim.NewAdamW(p, optim.AdamWConfig{Beta2: ptr(nan)}) }, "betas 0.9 and NaN"},
		"eps":                {func() { optim.NewAdam(p, optim.AdamConfig{Eps: ptr(-1)}) }, "epsilon -1"},
		"no parameters":      {func() { optim.NewAdam(nil, optim.AdamConfig{}) }, "no parameters"},
		"twice": {func() {
			optim.NewSGDGroups([]optim.Group{{Params: p, LR: 1}, {Params: p[:1], LR: 1}}, optim.SGDConfig{})
		}, "listed twice"},
		"too few gradients": {func() { opt.StepWith(nil) }, "0 gradients were given for 2 parameters"},
		"wrong gradient":    {func() { opt.StepWith([]*tensor.Tensor{tensor.Zeros(5, 3), nil}) }, "gradient 0 must have its parameter's shape"},
		"clip norm":         {func() { optim.ClipGradNorm(p, 0, 2) }, "largest norm 0"},
		"clip p":            {func() { optim.ClipGradNorm(p, 1, 3) }, "p, 3,"},
		"clip value":        {func() { optim.ClipGradValue(p, -1) }, "limit -1"},
		"schedule":          {func() { optim.Cosine(0, 0) }, "number of steps, 0"},
		"chain":             {func() { optim.Chain() }, "no schedule"},
	} {
		var e *tensor.Error
		err := tensor.Catch(c.f)
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error is %q, not a line with %q", name, err, c.want)
		}
	}
}

func TestClipNotFinite(t *testing.T) {
	for _, bad := range []float64{math.Inf(1), math.NaN()} {
		p := start(tensor.Float32)
		p[1].SetGrad(tensor.Of([]float32{1, float32(bad), 2, 3}))
		norm := optim.ClipGradNorm(p, 1, 2)
		if err := optim.FiniteNorm(norm); err == nil || !strings.Contains(err.Error(), "norm is") {
			t.Errorf("a gradient of %v: norm %v, error %v", bad, norm, err)
		}
		if g := tensor.Data[float32](p[1].Grad()); g[0] != 1 || g[3] != 3 {
			t.Errorf("a gradient of %v: the others became %v", bad, g)
		}
	}
	p := start(tensor.Float32)
	if norm := optim.ClipGradNorm(p, 1, 2); norm != 0 || optim.FiniteNorm(norm) != nil {
		t.Errorf("without gradients the norm is %v", norm)
	}
}

// TestSchedules checks those that PyTorch does not have, by their formulas.
func TestSchedules(t *testing.T) {
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v, not %v", name, got, want)
		}
	}
	w := optim.Warmup(4, optim.Exponential(0.5))
	for i, want := range []float64{0.25, 0.5, 0.75, 1, 1, 0.5, 0.25} {
		near("warmup", w(i), want)
	}
	s := optim.InverseSqrt(16)
	near("inverse sqrt, first", s(0), 1.0/16)
	near("inverse sqrt, peak", s(15), 1)
	near("inverse sqrt, later", s(63), 0.5)
	near("constant", optim.Constant()(123), 1)
	near("cosine, after its end", optim.Cosine(10, 0.2)(99), 0.2)
	near("polynomial, after its end", optim.Polynomial(10, 2)(99), 0)
}

func TestScheduler(t *testing.T) {
	p := start(tensor.Float32)
	opt := optim.NewSGDGroups([]optim.Group{{Params: p[:1], LR: 1}, {Params: p[1:], LR: 0.1}}, optim.SGDConfig{})
	s := optim.NewScheduler(opt, optim.Exponential(0.5))
	s.Step()
	s.Step()
	if a, b := opt.Groups()[0].LR, opt.Groups()[1].LR; a != 0.25 || math.Abs(b-0.025) > 1e-15 || s.StepCount() != 2 {
		t.Errorf("after 2 steps: rates %v and %v, count %d", a, b, s.StepCount())
	}
	s.SetStepCount(1)
	if a := opt.Groups()[0].LR; a != 0.5 {
		t.Errorf("set to step 1: rate %v", a)
	}
}

func TestPlateauIgnoresNaN(t *testing.T) {
	opt := optim.NewSGD(start(tensor.Float32), optim.SGDConfig{LR: 1})
	p := &optim.Plateau{Patience: 1}
	for _, v := range []float64{math.NaN(), 3, 2} {
		p.Step(opt, v)
	}
	if p.Best == nil || *p.Best != 2 || opt.Groups()[0].LR != 1 {
		t.Errorf("best %v, rate %v", p.Best, opt.Groups()[0].LR)
	}
}
