package optim

import (
	"cmp"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// AdagradConfig are the options of Adagrad.
type AdagradConfig struct {
	LR                 float64  // 0: 0.01
	LRDecay            float64  // the rate of step t, from 1, is lr/(1 + (t−1)·LRDecay)
	InitialAccumulator float64  // G before the first step
	Eps                *float64 // nil: 1e-10
	WeightDecay        float64  // λ of the L2 penalty ½λ‖p‖², added to the gradient
	Maximize           bool     // climb instead
}

// Adagrad divides each element's rate by the root of the sum of its squared gradients (Duchi, Hazan and Singer, 2011):
//
//	G ← G + g²;  p ← p − lr · g / (√G + ε)
//
// Elements with rare gradients keep a high rate. The state is "sum", G.
type Adagrad struct {
	*stepper
}

// NewAdagrad returns the optimizer. It panics with ErrValue on options out of range.
func NewAdagrad(params []*tensor.Param, cfg AdagradConfig) *Adagrad {
	return NewAdagradGroups([]Group{{Params: params}}, cfg)
}

// NewAdagradGroups is NewAdagrad with rates by group; what a group leaves out is taken from cfg.
func NewAdagradGroups(groups []Group, cfg AdagradConfig) *Adagrad {
	r := adagradRule{cfg, orDefault(cfg.Eps, 1e-10)}
	if !isRate(cfg.LRDecay) || !isRate(cfg.InitialAccumulator) || !isRate(r.eps) {
		tensor.Fail("adagrad", tensor.ErrValue, nil, "the decay of the rate %v, the initial accumulator %v and epsilon %v must be finite and not negative", cfg.LRDecay, cfg.InitialAccumulator, r.eps)
	}
	return &Adagrad{newStepper(r, groups, cmp.Or(cfg.LR, 0.01), cfg.WeightDecay)}
}

type adagradRule struct {
	cfg AdagradConfig
	eps float64
}

func (adagradRule) name() string                                     { return "adagrad" }
func (adagradRule) slots() []string                                  { return []string{"sum"} }
func (r adagradRule) start(string, *Group) float64                   { return r.cfg.InitialAccumulator }
func (r adagradRule) apply32(a at, p, g []float32, s slots[float32]) { adagradStep(r, a, p, g, s[0]) }
func (r adagradRule) apply64(a at, p, g []float64, s slots[float64]) { adagradStep(r, a, p, g, s[0]) }

func adagradStep[T tensor.Float](r adagradRule, a at, p, grad, sum []T) {
	sign, wd := penalty[T](a, r.cfg.Maximize)
	lr := a.LR / (1 + float64(a.step-1)*r.cfg.LRDecay)
	cpu.AdamStep[T]{B2: 1, K2: 1, Size: T(lr), Root: 1, Eps: T(r.eps), Shrink: 1, Decay: wd, Sign: sign}.Update(p, grad, nil, sum, nil)
}
