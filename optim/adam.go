package optim

import (
	"cmp"
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// AdamConfig are the options of Adam.
type AdamConfig struct {
	LR          float64  // 0: 1e-3
	Beta1       *float64 // nil: 0.9
	Beta2       *float64 // nil: 0.999
	Eps         *float64 // nil: 1e-8
	WeightDecay float64  // λ of the L2 penalty ½λ‖p‖², added to the gradient
	AMSGrad     bool     // divide by the largest v so far (Reddi et al., 2018)
	Maximize    bool     // climb instead
}

// Adam scales each step by running moments of the gradient (Kingma and Ba, 2015):
//
//	m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  p ← p − lr · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)
type Adam struct {
	*stepper
}

// NewAdam returns the optimizer. It panics with ErrValue on options out of range.
func NewAdam(params []*tensor.Param, cfg AdamConfig) *Adam {
	return NewAdamGroups([]Group{{Params: params}}, cfg)
}

// NewAdamGroups is NewAdam with rates by group; what a group leaves out is taken from cfg.
func NewAdamGroups(groups []Group, cfg AdamConfig) *Adam {
	return &Adam{newStepper(newAdamRule("adam", cfg, false), groups, cmp.Or(cfg.LR, defaultLR), cfg.WeightDecay)}
}

const defaultLR = 1e-3

func orDefault(p *float64, d float64) float64 {
	if p == nil {
		return d
	}
	return *p
}

type adamRule struct {
	title          string
	beta1, beta2   float64
	eps            float64
	amsgrad, climb bool
	decoupled      bool
}

func newAdamRule(title string, c AdamConfig, decoupled bool) adamRule {
	r := adamRule{title, orDefault(c.Beta1, 0.9), orDefault(c.Beta2, 0.999), orDefault(c.Eps, 1e-8), c.AMSGrad, c.Maximize, decoupled}
	if !(r.beta1 >= 0 && r.beta1 < 1 && r.beta2 >= 0 && r.beta2 < 1 && isRate(r.eps)) {
		tensor.Fail(title, tensor.ErrValue, nil, "betas %v and %v must lie in [0, 1), epsilon %v must be finite and not negative", r.beta1, r.beta2, r.eps)
	}
	return r
}

func (r adamRule) name() string { return r.title }
func (r adamRule) slots() []string {
	if r.amsgrad {
		return []string{"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}
	}
	return []string{"exp_avg", "exp_avg_sq"}
}
func (r adamRule) apply32(g *Group, step int, p, grad []float32, s slots[float32]) {
	adamStep(r, g, step, p, grad, s)
}
func (r adamRule) apply64(g *Group, step int, p, grad []float64, s slots[float64]) {
	adamStep(r, g, step, p, grad, s)
}

func adamStep[T tensor.Float](r adamRule, g *Group, step int, p, grad []T, s slots[T]) {
	c1, c2 := 1-math.Pow(r.beta1, float64(step)), 1-math.Pow(r.beta2, float64(step))
	shrink, wd, sign := 1.0, *g.WeightDecay, 1.0
	if r.decoupled {
		shrink, wd = 1-g.LR**g.WeightDecay, 0
	}
	if r.climb {
		sign = -1
	}
	cpu.AdamStep[T]{
		B1: T(r.beta1), K1: T(1 - r.beta1), B2: T(r.beta2), K2: T(1 - r.beta2), Size: T(g.LR / c1), Root: T(1 / math.Sqrt(c2)),
		Eps: T(r.eps), Shrink: T(shrink), Decay: T(wd), Sign: T(sign),
	}.Update(p, grad, s[0], s[1], s[2]) // s[2] is nil without AMSGrad
}
