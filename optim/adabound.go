package optim

import (
	"cmp"
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// AdaBoundConfig are the options of AdaBound.
type AdaBoundConfig struct {
	LR          float64  // 0: 1e-3
	Beta1       *float64 // nil: 0.9
	Beta2       *float64 // nil: 0.999
	FinalLR     float64  // the rate of SGD that it ends in; 0: 0.1
	Gamma       *float64 // how fast the bounds close, in (0, 1); nil: 1e-3
	Eps         *float64 // nil: 1e-8
	WeightDecay float64  // λ of the L2 penalty ½λ‖p‖², added to the gradient
	AMSBound    bool     // divide by the largest v so far
	Maximize    bool     // climb instead
}

// AdaBound is Adam whose rates are kept between bounds that close around that of SGD (Luo, Xiong, Liu and Sun, 2019), as in
// the authors' code, which corrects the bias and does not divide by √t:
//
//	m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  e = FinalLR · lr/lr₀;  l = e(1 − 1/(γt+1));  u = e(1 + 1/(γt))
//	p ← p − clamp(lr · √(1−β₂ᵗ)/(1−β₁ᵗ) / (√v + ε), l, u) · m
//
// lr₀ is the rate at the start, so schedules move the bounds too. The state is "exp_avg", m; "exp_avg_sq", v; with AMSBound
// "max_exp_avg_sq".
type AdaBound struct {
	*stepper
}

// NewAdaBound returns the optimizer. It panics with ErrValue on options out of range.
func NewAdaBound(params []*tensor.Param, cfg AdaBoundConfig) *AdaBound {
	return NewAdaBoundGroups([]Group{{Params: params}}, cfg)
}

// NewAdaBoundGroups is NewAdaBound with rates by group; what a group leaves out is taken from cfg.
func NewAdaBoundGroups(groups []Group, cfg AdaBoundConfig) *AdaBound {
	r := adaboundRule{newMoments("adabound", cfg.Beta1, cfg.Beta2, cfg.Eps, 1e-8), cmp.Or(cfg.FinalLR, 0.1), orDefault(cfg.Gamma, 1e-3), cfg.AMSBound, cfg.Maximize}
	if !isRate(r.final) || !(r.gamma > 0 && r.gamma < 1) {
		tensor.Fail("adabound", tensor.ErrValue, nil, "the final rate %v must be finite and not negative, gamma %v must lie in (0, 1)", r.final, r.gamma)
	}
	return &AdaBound{newStepper(r, groups, cmp.Or(cfg.LR, defaultLR), cfg.WeightDecay)}
}

type adaboundRule struct {
	moments
	final, gamma    float64
	amsbound, climb bool
}

func (r adaboundRule) name() string {
	if r.amsbound {
		return "amsbound"
	}
	return "adabound"
}
func (r adaboundRule) slots() []string {
	if r.amsbound {
		return []string{"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}
	}
	return []string{"exp_avg", "exp_avg_sq"}
}
func (r adaboundRule) apply32(a at, p, g []float32, s slots[float32]) { adaboundStep(r, a, p, g, s) }
func (r adaboundRule) apply64(a at, p, g []float64, s slots[float64]) { adaboundStep(r, a, p, g, s) }

func adaboundStep[T tensor.Float](r adaboundRule, a at, p, grad []T, s slots[T]) {
	t, end := float64(a.step), r.final*a.LR/a.base
	size := T(a.LR * math.Sqrt(1-math.Pow(r.beta2, t)) / (1 - math.Pow(r.beta1, t)))
	low, high := T(end*(1-1/(r.gamma*t+1))), T(end*(1+1/(r.gamma*t)))
	b1, k1, b2, k2, eps := T(r.beta1), T(1-r.beta1), T(r.beta2), T(1-r.beta2), T(r.eps)
	sign, wd := penalty[T](a, r.climb)
	inTiles(p, grad, s, func(p, grad []T, s slots[T], x *scratch[T]) {
		rate, ones, mean, square, most := x.a[:len(p)], x.b[:len(p)], s[0][:len(p)], s[1][:len(p)], s[2]
		cpu.AdamStep[T]{B1: b1, K1: k1, B2: b2, K2: k2, Root: 1, Eps: 1, Shrink: 1, Decay: wd, Sign: sign}.Update(p, grad, mean, square, nil) // p stays
		if most != nil {
			most = most[:len(p)]
			for i, v := range square {
				most[i] = max(most[i], v)
			}
			square = most
		}
		for i := range ones {
			ones[i] = 1
		}
		clear(rate)
		cpu.DivRoot(rate, ones, square, 0, size, eps)
		for i, d := range rate {
			p[i] -= min(max(d, low), high) * mean[i]
		}
	})
}
