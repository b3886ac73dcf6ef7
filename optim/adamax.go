package optim

import (
	"cmp"
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// AdamaxConfig are the options of Adamax.
type AdamaxConfig struct {
	LR          float64  // 0: 2e-3
	Beta1       *float64 // nil: 0.9
	Beta2       *float64 // nil: 0.999
	Eps         *float64 // nil: 1e-8
	WeightDecay float64  // λ of the L2 penalty ½λ‖p‖², added to the gradient
	Maximize    bool     // climb instead
}

// Adamax is Adam with the largest gradient of late in the place of the root mean square (Kingma and Ba, 2015, section 7.1):
//
//	m ← β₁m + (1−β₁)g;  u ← max(β₂u, |g| + ε);  p ← p − lr/(1−β₁ᵗ) · m/u
//
// The state is "exp_avg", m, and "exp_inf", u.
type Adamax struct {
	*stepper
}

// NewAdamax returns the optimizer. It panics with ErrValue on options out of range.
func NewAdamax(params []*tensor.Param, cfg AdamaxConfig) *Adamax {
	return NewAdamaxGroups([]Group{{Params: params}}, cfg)
}

// NewAdamaxGroups is NewAdamax with rates by group; what a group leaves out is taken from cfg.
func NewAdamaxGroups(groups []Group, cfg AdamaxConfig) *Adamax {
	r := adamaxRule{newMoments("adamax", cfg.Beta1, cfg.Beta2, cfg.Eps, 1e-8), cfg.Maximize}
	return &Adamax{newStepper(r, groups, cmp.Or(cfg.LR, 2e-3), cfg.WeightDecay)}
}

type adamaxRule struct {
	moments
	climb bool
}

func (adamaxRule) name() string                                     { return "adamax" }
func (adamaxRule) slots() []string                                  { return []string{"exp_avg", "exp_inf"} }
func (r adamaxRule) apply32(a at, p, g []float32, s slots[float32]) { adamaxStep(r, a, p, g, s) }
func (r adamaxRule) apply64(a at, p, g []float64, s slots[float64]) { adamaxStep(r, a, p, g, s) }

func adamaxStep[T tensor.Float](r adamaxRule, a at, p, grad []T, s slots[T]) {
	size := T(a.LR / (1 - math.Pow(r.beta1, float64(a.step))))
	b1, k1, b2, eps := T(r.beta1), T(1-r.beta1), T(r.beta2), T(r.eps)
	sign, wd := penalty[T](a, r.climb)
	grad, mean, most := grad[:len(p)], s[0][:len(p)], s[1][:len(p)]
	for i, x := range p {
		g := sign*grad[i] + wd*x
		m, u := b1*mean[i]+k1*g, max(b2*most[i], T(math.Abs(float64(g)))+eps)
		mean[i], most[i] = m, u
		p[i] = x - size*m/u
	}
}
