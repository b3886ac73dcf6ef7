package optim

import (
	"cmp"
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// RAdamConfig are the options of RAdam.
type RAdamConfig struct {
	LR          float64  // 0: 1e-3
	Beta1       *float64 // nil: 0.9
	Beta2       *float64 // nil: 0.999
	Eps         *float64 // nil: 1e-8
	Threshold   *float64 // steps adapt where ρₜ is above it; nil: 5, as PyTorch; the paper has 4; not below 4
	WeightDecay float64  // λ of the L2 penalty ½λ‖p‖², added to the gradient
	Maximize    bool     // climb instead
}

// RAdam is Adam that adapts only as far as its estimate of the variance is to be trusted, so that it needs no warm-up (Liu et
// al., 2020):
//
//	m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  m̂ = m/(1−β₁ᵗ);  ρ∞ = 2/(1−β₂) − 1;  ρₜ = ρ∞ − 2tβ₂ᵗ/(1−β₂ᵗ)
//	ρₜ > 5:  rₜ = √((ρₜ−4)(ρₜ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρₜ));  p ← p − lr · rₜ · m̂ · √(1−β₂ᵗ)/(√v + ε)
//	else:    p ← p − lr · m̂
//
// The state is "exp_avg", m, and "exp_avg_sq", v.
type RAdam struct {
	*stepper
}

// NewRAdam returns the optimizer. It panics with ErrValue on options out of range.
func NewRAdam(params []*tensor.Param, cfg RAdamConfig) *RAdam {
	return NewRAdamGroups([]Group{{Params: params}}, cfg)
}

// NewRAdamGroups is NewRAdam with rates by group; what a group leaves out is taken from cfg.
func NewRAdamGroups(groups []Group, cfg RAdamConfig) *RAdam {
	r := radamRule{newMoments("radam", cfg.Beta1, cfg.Beta2, cfg.Eps, 1e-8), orDefault(cfg.Threshold, 5), cfg.Maximize}
	if !(r.threshold >= 4 && isFinite(r.threshold)) {
		tensor.Fail("radam", tensor.ErrValue, nil, "the threshold %v must be finite and not below 4", r.threshold)
	}
	return &RAdam{newStepper(r, groups, cmp.Or(cfg.LR, defaultLR), cfg.WeightDecay)}
}

type radamRule struct {
	moments
	threshold float64
	climb     bool
}

// rectify returns ρₜ and rₜ, which is 0 where the step does not adapt.
func (r radamRule) rectify(t int) (rho, rect float64) {
	most, power := 2/(1-r.beta2)-1, math.Pow(r.beta2, float64(t))
	rho = most - 2*float64(t)*power/(1-power)
	if rho > r.threshold {
		rect = math.Sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
	}
	return rho, rect
}

func (radamRule) name() string                                     { return "radam" }
func (radamRule) slots() []string                                  { return []string{"exp_avg", "exp_avg_sq"} }
func (r radamRule) apply32(a at, p, g []float32, s slots[float32]) { radamStep(r, a, p, g, s) }
func (r radamRule) apply64(a at, p, g []float64, s slots[float64]) { radamStep(r, a, p, g, s) }

func radamStep[T tensor.Float](r radamRule, a at, p, grad []T, s slots[T]) {
	size := a.LR / (1 - math.Pow(r.beta1, float64(a.step)))
	b1, k1, b2, k2 := T(r.beta1), T(1-r.beta1), T(r.beta2), T(1-r.beta2)
	sign, wd := penalty[T](a, r.climb)
	if _, rect := r.rectify(a.step); rect > 0 { // Adam's step of another size
		size *= rect * math.Sqrt(1-math.Pow(r.beta2, float64(a.step)))
		cpu.AdamStep[T]{B1: b1, K1: k1, B2: b2, K2: k2, Size: T(size), Root: 1, Eps: T(r.eps), Shrink: 1, Decay: wd, Sign: sign}.Update(p, grad, s[0], s[1], nil)
		return
	}
	grad, mean, square := grad[:len(p)], s[0][:len(p)], s[1][:len(p)]
	for i, x := range p {
		g := sign*grad[i] + wd*x
		m := b1*mean[i] + k1*g
		mean[i], square[i] = m, b2*square[i]+k2*g*g
		p[i] = x - T(size)*m
	}
}
