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
//
// The state is "exp_avg", m; "exp_avg_sq", v; with AMSGrad "max_exp_avg_sq".
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

type adamRule struct {
	moments
	title          string
	amsgrad, climb bool
	decoupled      bool
}

func newAdamRule(title string, c AdamConfig, decoupled bool) adamRule {
	return adamRule{newMoments(title, c.Beta1, c.Beta2, c.Eps, 1e-8), title, c.AMSGrad, c.Maximize, decoupled}
}

func (r adamRule) name() string { return r.title }
func (r adamRule) slots() []string {
	if r.amsgrad {
		return []string{"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}
	}
	return []string{"exp_avg", "exp_avg_sq"}
}
func (r adamRule) apply32(a at, p, grad []float32, s slots[float32]) {
	adamStep(r, a, p, grad, s)
}
func (r adamRule) apply64(a at, p, grad []float64, s slots[float64]) {
	adamStep(r, a, p, grad, s)
}

func adamStep[T tensor.Float](r adamRule, a at, p, grad []T, s slots[T]) {
	c1, c2 := 1-math.Pow(r.beta1, float64(a.step)), 1-math.Pow(r.beta2, float64(a.step))
	shrink := 1.0
	sign, wd := penalty[T](a, r.climb)
	if r.decoupled {
		shrink, wd = 1-a.LR**a.WeightDecay, 0
	}
	cpu.AdamStep[T]{
		B1: T(r.beta1), K1: T(1 - r.beta1), B2: T(r.beta2), K2: T(1 - r.beta2), Size: T(a.LR / c1), Root: T(1 / math.Sqrt(c2)),
		Eps: T(r.eps), Shrink: T(shrink), Decay: wd, Sign: sign,
	}.Update(p, grad, s[0], s[1], s[2]) // s[2] is nil without AMSGrad
}
