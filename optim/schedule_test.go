package optim_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

// TestSchedules checks those that PyTorch does not have, by their formulas.
func TestSchedules(t *testing.T) {
	near := func(name string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-12) {
			t.Errorf("%s: %v, not %v", name, got, want)
		}
	}
	w := optim.Warmup(4, optim.Exponential(0.5))
	for i, want := range []float64{0.25, 0.5, 0.75, 1, 1, 0.5, 0.25} {
		near("warmup", w(i), want)
	}
	near("no warmup", optim.Warmup(0, optim.Exponential(0.5))(1), 0.5)
	s := optim.InverseSqrt(16)
	near("inverse sqrt, first", s(0), 1.0/16)
	near("inverse sqrt, peak", s(15), 1)
	near("inverse sqrt, later", s(63), 0.5)
	near("constant", optim.Constant()(123), 1)
	near("cosine, after its end", optim.Cosine(10, 0.2)(99), 0.2)
	near("polynomial, after its end", optim.Polynomial(10, 2)(99), 0)
	near("linear, after its end", optim.Linear(1, 0.3, 5)(99), 0.3)
	near("restarts, late", optim.CosineRestarts(1, 1, 0)(math.MaxInt), 1)
	near("one cycle, peak at once", optim.OneCycle(10, 0.1, 25, 1e4)(0), 1) // 0/0 in PyTorch's formula
	near("one cycle, after its end", optim.OneCycle(10, 0.3, 25, 1e4)(99), 1/25e4)
	near("one cycle of one step", optim.OneCycle(1, 0.3, 25, 1e4)(0), 1/25e4)
	q := optim.Sequential(optim.Part{Steps: 0, Schedule: optim.Linear(0, 1, 3)}, optim.Part{Steps: 2, Schedule: optim.Constant()}, optim.Part{Schedule: optim.Exponential(0.5)})
	for i, want := range []float64{1, 1, 1, 0.5, 0.25} {
		near("sequential", q(i), want)
	}
}

func TestScheduler(t *testing.T) {
	p := start(tensor.Float32)
	opt := optim.NewSGDGroups([]optim.Group{{Params: p[:1], LR: 1}, {Params: p[1:], LR: 0.1}}, optim.SGDConfig{})
	s := optim.NewScheduler(opt, optim.Exponential(0.5))
	s.Step()
	s.Step()
	if a, b := opt.Groups()[0].LR, opt.Groups()[1].LR; a != 0.25 || !(math.Abs(b-0.025) <= 1e-15) || s.StepCount() != 2 {
		t.Errorf("after 2 steps: rates %v and %v, count %d", a, b, s.StepCount())
	}
	s.SetStepCount(1)
	if a := opt.Groups()[0].LR; a != 0.5 {
		t.Errorf("set to step 1: rate %v", a)
	}
}

func TestPlateauNotFinite(t *testing.T) {
	opt := optim.NewSGD(start(tensor.Float32), optim.SGDConfig{LR: 1})
	p := &optim.Plateau{Patience: new(2)}
	for _, v := range []float64{math.NaN(), math.Inf(1), 3, math.Inf(-1), 2} {
		p.Step(opt, v)
	}
	if p.Best == nil || *p.Best != 2 || p.Waited != 0 || opt.Groups()[0].LR != 1 {
		t.Errorf("best %v, waited %d, rate %v", p.Best, p.Waited, opt.Groups()[0].LR)
	}
}

// TestPlateauNegative takes values below 0, such as log-likelihoods: better means better by a share of the magnitude.
func TestPlateauNegative(t *testing.T) {
	for _, maximize := range []bool{false, true} {
		opt := optim.NewSGD(start(tensor.Float32), optim.SGDConfig{LR: 1})
		p := &optim.Plateau{Patience: new(0), Maximize: maximize}
		p.Step(opt, -5)
		p.Step(opt, -5)
		if opt.Groups()[0].LR != 0.1 {
			t.Errorf("maximize %v: the same value counts as better", maximize)
		}
	}
}
