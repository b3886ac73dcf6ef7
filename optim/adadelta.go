package optim

import (
	"cmp"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// AdadeltaConfig are the options of Adadelta.
type AdadeltaConfig struct {
	LR          float64  // 0: 1
	Rho         *float64 // nil: 0.9
	Eps         *float64 // nil: 1e-6
	WeightDecay float64  // λ of the L2 penalty ½λ‖p‖², added to the gradient
	Maximize    bool     // climb instead
}

// Adadelta steps in the units of the parameter: the size of past steps over the size of past gradients (Zeiler, 2012):
//
//	v ← ρv + (1−ρ)g²;  d = g · √(u + ε)/√(v + ε);  u ← ρu + (1−ρ)d²;  p ← p − lr · d
//
// The state is "square_avg", v, and "acc_delta", u.
type Adadelta struct {
	*stepper
}

// NewAdadelta returns the optimizer. It panics with ErrValue on options out of range.
func NewAdadelta(params []*tensor.Param, cfg AdadeltaConfig) *Adadelta {
	return NewAdadeltaGroups([]Group{{Params: params}}, cfg)
}

// NewAdadeltaGroups is NewAdadelta with rates by group; what a group leaves out is taken from cfg.
func NewAdadeltaGroups(groups []Group, cfg AdadeltaConfig) *Adadelta {
	r := adadeltaRule{orDefault(cfg.Rho, 0.9), orDefault(cfg.Eps, 1e-6), cfg.Maximize}
	if !(r.rho >= 0 && r.rho < 1) || !isRate(r.eps) {
		tensor.Fail("adadelta", tensor.ErrValue, nil, "rho %v must lie in [0, 1), epsilon %v must be finite and not negative", r.rho, r.eps)
	}
	return &Adadelta{newStepper(r, groups, cmp.Or(cfg.LR, 1), cfg.WeightDecay)}
}

type adadeltaRule struct {
	rho, eps float64
	climb    bool
}

func (adadeltaRule) name() string                                     { return "adadelta" }
func (adadeltaRule) slots() []string                                  { return []string{"square_avg", "acc_delta"} }
func (r adadeltaRule) apply32(a at, p, g []float32, s slots[float32]) { adadeltaStep(r, a, p, g, s) }
func (r adadeltaRule) apply64(a at, p, g []float64, s slots[float64]) { adadeltaStep(r, a, p, g, s) }

func adadeltaStep[T tensor.Float](r adadeltaRule, a at, p, grad []T, s slots[T]) {
	const never0 = 1e-38 // a divisor of 0 that gives 0 if ε is 0; nothing where it is not
	lr, eps, rho, rest := T(a.LR), T(r.eps), T(r.rho), T(1-r.rho)
	sign, wd := penalty[T](a, r.climb)
	inTiles(p, grad, s, func(p, grad []T, s slots[T], x *scratch[T]) {
		ds, us, vs, ts := x.a[:len(p)], x.b[:len(p)], x.c[:len(p)], x.d[:len(p)]
		square, delta := s[0][:len(p)], s[1][:len(p)]
		clear(ds)
		clear(ts)
		follow := cpu.AdamStep[T]{K1: 1, B2: rho, K2: rest, Root: 1, Eps: 1, Shrink: 1, Sign: sign, Decay: wd} // p stays
		follow.Update(p, grad, ds, square, nil)
		for i, g := range ds {
			u := delta[i] + eps
			us[i], vs[i], ds[i] = u, square[i]+eps, g*u
		}
		cpu.DivRoot(ts, ds, us, 0, 1, never0) // g√(u + ε)
		clear(ds)
		cpu.DivRoot(ds, ts, vs, 0, 1, never0)
		follow.Sign, follow.Decay = 1, 0
		clear(ts)
		follow.Update(p, ds, ts, delta, nil)
		cpu.SGDStep[T]{LR: lr, Momentum: 1}.Update(p, ds, ts)
	})
}
