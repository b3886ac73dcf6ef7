package optim_test

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/mem"
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
			return optim.NewAdamW(p, optim.AdamWConfig{LR: 0.1, WeightDecay: new(0.0)})
		},
		"adagrad": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdagrad(p, optim.AdagradConfig{LR: 0.5}) },
		"rmsprop": func(p []*tensor.Param) optim.Optimizer {
			return optim.NewRMSProp(p, optim.RMSPropConfig{LR: 0.02, Centered: true})
		},
		"adadelta": func(p []*tensor.Param) optim.Optimizer {
			return optim.NewAdadelta(p, optim.AdadeltaConfig{Eps: new(1e-3)})
		},
		"adamax":   func(p []*tensor.Param) optim.Optimizer { return optim.NewAdamax(p, optim.AdamaxConfig{LR: 0.1}) },
		"nadam":    func(p []*tensor.Param) optim.Optimizer { return optim.NewNAdam(p, optim.NAdamConfig{LR: 0.1}) },
		"radam":    func(p []*tensor.Param) optim.Optimizer { return optim.NewRAdam(p, optim.RAdamConfig{LR: 0.1}) },
		"rprop":    func(p []*tensor.Param) optim.Optimizer { return optim.NewRprop(p, optim.RpropConfig{}) },
		"adabound": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdaBound(p, optim.AdaBoundConfig{LR: 0.1}) },
		"swats":    func(p []*tensor.Param) optim.Optimizer { return optim.NewSWATS(p, optim.SWATSConfig{LR: 0.1}) },
		"lookahead": func(p []*tensor.Param) optim.Optimizer {
			return optim.NewLookahead(optim.NewAdam(p, optim.AdamConfig{LR: 0.1}), optim.LookaheadConfig{})
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
	opt.Step() // nothing has a gradient
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

// TestGradientForms steps with gradients that are transposed, expanded, recorded and the parameter itself.
func TestGradientForms(t *testing.T) {
	for name, make := range makers {
		w := tensor.Randn(random.New(1), 3, 5)
		for form, g := range map[string]func(p *tensor.Param) *tensor.Tensor{
			"transposed": func(*tensor.Param) *tensor.Tensor { return tensor.Randn(random.New(2), 5, 3).Transpose(0, 1) },
			"expanded":   func(*tensor.Param) *tensor.Tensor { return tensor.Of([]float32{0.5}, 1, 1).Expand(3, 5) },
			"recorded":   func(p *tensor.Param) *tensor.Tensor { return p.Mul(p.Tensor) },
			"itself":     func(p *tensor.Param) *tensor.Tensor { return p.Detach() },
		} {
			run := func(plain bool) []byte {
				p := []*tensor.Param{tensor.NewParam(w), tensor.NewParam(w), tensor.NewParam(w)}
				opt := make(p)
				for range 3 {
					grad := g(p[0])
					if plain {
						grad = tensor.Of(tensor.Data[float32](grad), 3, 5)
					}
					opt.StepWith([]*tensor.Tensor{grad, nil, nil})
				}
				return bits(p)
			}
			if !slices.Equal(run(false), run(true)) {
				t.Errorf("%s: a gradient that is %s gives other bits than its copy", name, form)
			}
		}
	}
}

// TestFailedStepChangesNothing gives a gradient that does not fit after one that does.
func TestFailedStepChangesNothing(t *testing.T) {
	for name, make := range makers {
		opt, twin := make(start(tensor.Float32)), make(start(tensor.Float32))
		steps(opt, 1, 2)
		steps(twin, 1, 2)
		err := tensor.Catch(func() {
			opt.StepWith([]*tensor.Tensor{gradient(opt.Params()[0], 3), gradient(opt.Params()[1], 3), tensor.Zeros(2)})
		})
		if err == nil {
			t.Fatalf("%s: a gradient of another shape was taken", name)
		}
		steps(opt, 3, 5)
		steps(twin, 3, 5)
		if !slices.Equal(bits(opt.Params()), bits(twin.Params())) {
			t.Errorf("%s: a refused step changed the optimizer", name)
		}
	}
}

// TestStepMakesGraphStale runs a graph that recorded the values before a step.
func TestStepMakesGraphStale(t *testing.T) {
	p := start(tensor.Float32)
	opt := optim.NewAdam(p, optim.AdamConfig{})
	loss := p[0].Mul(p[0].Tensor).Sum()
	steps(opt, 1, 1)
	var e *tensor.Error
	if err := tensor.Catch(func() { loss.Backward() }); !errors.As(err, &e) || e.Kind != tensor.ErrStale {
		t.Errorf("the error is %v", err)
	}
}

// TestWorkers takes steps on parameters of several chunks with 1, 2 and 3 workers, asked for and by GOMAXPROCS.
func TestWorkers(t *testing.T) {
	defer parallel.SetWorkers(0)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	shapes := [][]int{{300, 401}, {7}, {1 << 16}, {1<<15 + 1}}
	g := random.New(1)
	draw := func() (all []*tensor.Tensor) {
		for _, s := range shapes {
			all = append(all, tensor.Randn(g, s...))
		}
		return all
	}
	first, grads := draw(), [][]*tensor.Tensor{draw(), draw(), draw()}
	run := func(make func(p []*tensor.Param) optim.Optimizer) []byte {
		var params []*tensor.Param
		for _, t := range first {
			params = append(params, tensor.NewParam(t))
		}
		opt := make(params)
		for _, g := range grads {
			opt.StepWith(g)
		}
		return bits(params)
	}
	for _, name := range []string{"sgd", "sgd nesterov", "adam amsgrad", "adamw", "adagrad", "rmsprop centered momentum", "adadelta", "amsbound", "swats early", "lookahead adam"} {
		parallel.SetWorkers(1)
		one := run(makers[name])
		for _, w := range []int{2, 3} {
			parallel.SetWorkers(w)
			if !slices.Equal(run(makers[name]), one) {
				t.Errorf("%s: %d workers give other bits than 1", name, w)
			}
			parallel.SetWorkers(0)
			runtime.GOMAXPROCS(w)
			if !slices.Equal(run(makers[name]), one) {
				t.Errorf("%s: GOMAXPROCS %d gives other bits than one worker", name, w)
			}
		}
	}
}

// TestConcurrentStepWith lets goroutines step with the same gradient, of a clone each: the order does not matter.
func TestConcurrentStepWith(t *testing.T) {
	const workers, each = 4, 20
	model := nn.NewLinear(random.New(1), 3, 2, nn.LinearConfig{})
	opt, twin := optim.NewAdam(nn.Params(model), optim.AdamConfig{}), optim.NewAdam(nn.Params(nn.Clone(model)), optim.AdamConfig{})
	var grads []*tensor.Tensor
	clones := make([]*nn.Linear, workers)
	for i := range clones {
		clones[i] = nn.Clone(model)
	}
	var wg sync.WaitGroup
	for i, m := range clones {
		wg.Go(func() {
			for range each {
				loss := losses.MSE(m.Forward(tensor.Ones(4, 3)), tensor.Zeros(4, 2))
				g := autograd.Grad([]*tensor.Tensor{loss}, []*tensor.Tensor{m.Weight.Tensor, m.Bias.Tensor}, autograd.GradConfig{})
				opt.StepWith(g)
				opt.State()
				if i == 0 {
					grads = g
				}
			}
		})
	}
	wg.Wait()
	for range workers * each {
		twin.StepWith(grads)
	}
	if !slices.Equal(bits(opt.Params()), bits(twin.Params())) {
		t.Error("steps of several goroutines differ from as many of one")
	}
}

// TestStepDoesNotAllocate counts what steps take from the heap (the views of their inputs) and buffers for tensors (none).
func TestStepDoesNotAllocate(t *testing.T) {
	g := random.New(1)
	var params []*tensor.Param
	var grads []*tensor.Tensor
	for _, s := range [][]int{{64, 4}, {64}, {300, 300}} {
		params, grads = append(params, tensor.NewParam(tensor.Randn(g, s...))), append(grads, tensor.Randn(g, s...))
	}
	for name, make := range makers {
		opt := make(params)
		opt.StepWith(grads)
		gets := mem.ReadStats().Gets
		if n := testing.AllocsPerRun(8, func() { opt.StepWith(grads) }); n > 5 { // pools forget some under the race detector; there are 5 parts
			t.Errorf("%s: %v allocations a step", name, n)
		}
		if n := mem.ReadStats().Gets - gets; n != 0 {
			t.Errorf("%s: 9 steps took %d tensor buffers", name, n)
		}
	}
}

func TestRatesOfGroups(t *testing.T) {
	p := start(tensor.Float32)
	opts := map[string]optim.Optimizer{
		"sgd":           optim.NewSGDGroups([]optim.Group{{Params: p[:1]}, {Params: p[1:], LR: 2, WeightDecay: new(0.5)}}, optim.SGDConfig{LR: 1}),
		"adam defaults": optim.NewAdamGroups([]optim.Group{{Params: p[:1]}, {Params: p[1:], LR: 2, WeightDecay: new(0.5)}}, optim.AdamConfig{}),
		"adam":          optim.NewAdamGroups([]optim.Group{{Params: p[:1]}, {Params: p[1:], LR: 2, WeightDecay: new(0.5)}}, optim.AdamConfig{LR: 3, WeightDecay: 4}),
		"adamw":         optim.NewAdamWGroups([]optim.Group{{Params: p[:1]}, {Params: p[1:], LR: 2, WeightDecay: new(0.5)}}, optim.AdamWConfig{}),
		"adamw zero":    optim.NewAdamWGroups([]optim.Group{{Params: p[:1]}, {Params: p[1:], LR: 2, WeightDecay: new(0.5)}}, optim.AdamWConfig{LR: 3, WeightDecay: new(0.0)}),
	}
	for name, want := range map[string][2]float64{"sgd": {1, 0}, "adam defaults": {1e-3, 0}, "adam": {3, 4}, "adamw": {1e-3, 0.01}, "adamw zero": {3, 0}} {
		g := opts[name].Groups()
		if g[0].LR != want[0] || *g[0].WeightDecay != want[1] || g[1].LR != 2 || *g[1].WeightDecay != 0.5 {
			t.Errorf("%s: rates %v, %v and %v, %v", name, g[0].LR, *g[0].WeightDecay, g[1].LR, *g[1].WeightDecay)
		}
	}
	before := bits(p)
	opt := opts["adamw"]
	for _, g := range opt.Groups() {
		g.LR = 0
	}
	opt.StepWith([]*tensor.Tensor{gradient(p[0], 1), gradient(p[1], 1), nil})
	if !slices.Equal(bits(p), before) {
		t.Error("a step at rate 0 moved the parameters")
	}
}

func TestBadArguments(t *testing.T) {
	p := start(tensor.Float32)
	nan, inf := math.NaN(), math.Inf(1)
	opt := optim.NewSGD(p, optim.SGDConfig{LR: 1})
	with := func(change func(g *optim.Group)) func() {
		return func() {
			o := optim.NewAdam(p, optim.AdamConfig{})
			change(o.Groups()[0])
			o.StepWith(make([]*tensor.Tensor, 3))
		}
	}
	plateau := func(p optim.Plateau) func() { return func() { p.Step(opt, 1) } }
	for name, c := range map[string]struct {
		f    func()
		want string
	}{
		"no rate":            {func() { optim.NewSGD(p, optim.SGDConfig{}) }, "group 0 has no learning rate"},
		"no rate in a group": {func() { optim.NewSGDGroups([]optim.Group{{Params: p[:1], LR: 1}, {Params: p[1:]}}, optim.SGDConfig{}) }, "group 1 has no learning rate"},
		"negative rate":      {func() { optim.NewAdam(p, optim.AdamConfig{LR: -1}) }, "learning rate -1 of group 0"},
		"NaN rate":           {func() { optim.NewSGD(p, optim.SGDConfig{LR: nan}) }, "learning rate NaN"},
		"infinite rate":      {func() { optim.NewAdamW(p, optim.AdamWConfig{LR: inf}) }, "learning rate +Inf"},
		"rate set to NaN":    {with(func(g *optim.Group) { g.LR = nan }), "learning rate NaN of group 0"},
		"decay set to nil":   {with(func(g *optim.Group) { g.WeightDecay = nil }), "weight decay of group 0 was set to nil"},
		"negative decay":     {func() { optim.NewAdamW(p, optim.AdamWConfig{WeightDecay: new(-1.0)}) }, "weight decay -1 of group 0"},
		"momentum":           {func() { optim.NewSGD(p, optim.SGDConfig{LR: 1, Momentum: -0.1}) }, "momentum -0.1"},
		"infinite momentum":  {func() { optim.NewSGD(p, optim.SGDConfig{LR: 1, Momentum: inf}) }, "momentum +Inf"},
		"dampening":          {func() { optim.NewSGD(p, optim.SGDConfig{LR: 1, Momentum: 0.9, Dampening: nan}) }, "dampening NaN"},
		"nesterov":           {func() { optim.NewSGD(p, optim.SGDConfig{LR: 1, Nesterov: true}) }, "Nesterov"},
		"nesterov dampening": {func() { optim.NewSGD(p, optim.SGDConfig{LR: 1, Momentum: 0.9, Dampening: 0.1, Nesterov: true}) }, "Nesterov"},
		"beta1":              {func() { optim.NewAdam(p, optim.AdamConfig{Beta1: new(1.0)}) }, "betas 1 and"},
		"beta2":              {func() { optim.NewAdamW(p, optim.AdamWConfig{Beta2: &nan}) }, "betas 0.9 and NaN"},
		"eps":                {func() { optim.NewAdam(p, optim.AdamConfig{Eps: new(-1.0)}) }, "epsilon -1"},
		"infinite eps":       {func() { optim.NewAdam(p, optim.AdamConfig{Eps: &inf}) }, "epsilon +Inf"},
		"adagrad":            {func() { optim.NewAdagrad(p, optim.AdagradConfig{LRDecay: -1}) }, "decay of the rate -1"},
		"adagrad sum":        {func() { optim.NewAdagrad(p, optim.AdagradConfig{InitialAccumulator: nan}) }, "initial accumulator NaN"},
		"rmsprop alpha":      {func() { optim.NewRMSProp(p, optim.RMSPropConfig{Alpha: new(1.0)}) }, "alpha 1 must"},
		"rmsprop momentum":   {func() { optim.NewRMSProp(p, optim.RMSPropConfig{Momentum: -1}) }, "momentum -1"},
		"adadelta":           {func() { optim.NewAdadelta(p, optim.AdadeltaConfig{Rho: new(-0.1)}) }, "rho -0.1"},
		"adamax":             {func() { optim.NewAdamax(p, optim.AdamaxConfig{Beta1: new(1.5)}) }, "betas 1.5 and"},
		"nadam":              {func() { optim.NewNAdam(p, optim.NAdamConfig{MomentumDecay: &inf}) }, "decay of the momentum +Inf"},
		"radam":              {func() { optim.NewRAdam(p, optim.RAdamConfig{Threshold: new(3.0)}) }, "threshold 3"},
		"rprop":              {func() { optim.NewRprop(p, optim.RpropConfig{Shrink: new(1.0)}) }, "factors 1 and 1.2"},
		"rprop limits":       {func() { optim.NewRprop(p, optim.RpropConfig{MinStep: new(60.0)}) }, "limits 60 and 50"},
		"adabound":           {func() { optim.NewAdaBound(p, optim.AdaBoundConfig{FinalLR: -1}) }, "final rate -1"},
		"adabound gamma":     {func() { optim.NewAdaBound(p, optim.AdaBoundConfig{Gamma: new(0.0)}) }, "gamma 0"},
		"swats":              {func() { optim.NewSWATS(p, optim.SWATSConfig{Tolerance: &nan}) }, "tolerance NaN"},
		"lookahead of none":  {func() { optim.NewLookahead(nil, optim.LookaheadConfig{}) }, "inner optimizer is needed"},
		"lookahead every":    {func() { optim.NewLookahead(opt, optim.LookaheadConfig{Every: -1}) }, "every -1 steps"},
		"lookahead alpha":    {func() { optim.NewLookahead(opt, optim.LookaheadConfig{Alpha: new(1.1)}) }, "alpha 1.1"},
		"lookahead twice":    {func() { optim.NewLookahead(optim.NewLookahead(opt, optim.LookaheadConfig{}), optim.LookaheadConfig{}) }, "Lookahead already"},
		"no parameters":      {func() { optim.NewAdam(nil, optim.AdamConfig{}) }, "no parameters"},
		"nil parameter":      {func() { optim.NewAdam([]*tensor.Param{p[0], nil}, optim.AdamConfig{}) }, "parameter 1 of group 0 is nil"},
		"half precision": {func() {
			optim.NewAdam([]*tensor.Param{tensor.NewParam(tensor.Zeros(2).To(tensor.BFloat16))}, optim.AdamConfig{})
		}, "not bfloat16"},
		"twice": {func() {
			optim.NewSGDGroups([]optim.Group{{Params: p, LR: 1}, {Params: p[1:2], LR: 1}}, optim.SGDConfig{})
		}, "parameter 0 of group 1 is listed twice, before in group 0"},
		"too few gradients":  {func() { opt.StepWith(nil) }, "0 gradients were given for 3 parameters"},
		"wrong gradient":     {func() { opt.StepWith([]*tensor.Tensor{tensor.Zeros(5, 3), nil, nil}) }, "gradient 0 must have its parameter's shape"},
		"gradient's type":    {func() { opt.StepWith([]*tensor.Tensor{nil, tensor.Zeros(7).To(tensor.Float64), nil}) }, "gradient 1 must have its parameter's shape and dtype (float32, got float64)"},
		"clip norm":          {func() { optim.ClipGradNorm(p, 0, 2) }, "largest norm 0"},
		"clip p":             {func() { optim.ClipGradNorm(p, 1, -3) }, "p, -3,"},
		"clip value":         {func() { optim.ClipGradValue(p, -1) }, "limit -1"},
		"steps":              {func() { optim.Cosine(0, 0) }, "number of steps, 0"},
		"least":              {func() { optim.Cosine(9, -1) }, "least factor, -1"},
		"gamma":              {func() { optim.Exponential(nan) }, "gamma, NaN"},
		"warmup":             {func() { optim.Warmup(-1, optim.Constant()) }, "number of steps, -1"},
		"warmup to nil":      {func() { optim.Warmup(1, nil) }, "schedule is nil"},
		"one cycle":          {func() { optim.OneCycle(10, 1, 25, 1e4) }, "share 1"},
		"cyclic":             {func() { optim.Cyclic(1, 0, 0) }, "number of steps, 0"},
		"momentum set":       {func() { opt.SetMomentum(0.5) }, "not 0 in the config"},
		"momentum set to 0":  {func() { optim.NewSGD(p, optim.SGDConfig{LR: 1, Momentum: 0.5}).SetMomentum(0) }, "momentum 0 must"},
		"sequential":         {func() { optim.Sequential() }, "no schedule"},
		"sequential nil":     {func() { optim.Sequential(optim.Part{}) }, "schedule is nil"},
		"scheduler":          {func() { optim.NewScheduler(opt, nil) }, "schedule is nil"},
		"scheduler's factor": {func() { optim.NewScheduler(opt, func(int) float64 { return nan }) }, "factor at step 0 is NaN"},
		"step count":         {func() { optim.NewScheduler(opt, optim.Constant()).SetStepCount(-2) }, "step count -2"},
		"plateau's factor":   {plateau(optim.Plateau{Factor: 1}), "factor 1 must"},
		"plateau's patience": {plateau(optim.Plateau{Patience: new(-1)}), "patience -1"},
	} {
		var e *tensor.Error
		err := tensor.Catch(c.f)
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error is %q, not a line with %q", name, err, c.want)
		}
	}
}
