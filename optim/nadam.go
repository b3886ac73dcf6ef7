package optim

import (
	"cmp"
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// NAdamConfig are the options of NAdam.
type NAdamConfig struct {
	LR            float64  // 0: 2e-3
	Beta1         *float64 // nil: 0.9
	Beta2         *float64 // nil: 0.999
	Eps           *float64 // nil: 1e-8
	MomentumDecay *float64 // ψ; nil: 4e-3
	WeightDecay   float64  // λ of the L2 penalty ½λ‖p‖², added to the gradient
	Maximize      bool     // climb instead
}

// NAdam is Adam with Nesterov's momentum (Dozat, 2016), called Nadam there:
//
//	μₜ = β₁(1 − ½·0.96^(tψ));  m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²
//	p ← p − lr · ((1−μₜ)/(1−Πμ₁..μₜ) · g + μₜ₊₁/(1−Πμ₁..μₜ₊₁) · m) / (√(v/(1−β₂ᵗ)) + ε)
//
// The state is "exp_avg", m; "exp_avg_sq", v; the number "mu_product", Πμ₁..μₜ.
type NAdam struct {
	*stepper
}

// NewNAdam returns the optimizer. It panics with ErrValue on options out of range.
func NewNAdam(params []*tensor.Param, cfg NAdamConfig) *NAdam {
	return NewNAdamGroups([]Group{{Params: params}}, cfg)
}

// NewNAdamGroups is NewNAdam with rates by group; what a group leaves out is taken from cfg.
func NewNAdamGroups(groups []Group, cfg NAdamConfig) *NAdam {
	r := nadamRule{newMoments("nadam", cfg.Beta1, cfg.Beta2, cfg.Eps, 1e-8), orDefault(cfg.MomentumDecay, 4e-3), cfg.Maximize}
	if !isRate(r.decay) {
		tensor.Fail("nadam", tensor.ErrValue, nil, "the decay of the momentum %v must be finite and not negative", r.decay)
	}
	return &NAdam{newStepper(r, groups, cmp.Or(cfg.LR, 2e-3), cfg.WeightDecay)}
}

type nadamRule struct {
	moments
	decay float64
	climb bool
}

func (nadamRule) name() string      { return "nadam" }
func (nadamRule) slots() []string   { return []string{"exp_avg", "exp_avg_sq"} }
func (nadamRule) numbers() []string { return []string{"mu_product"} }

// mu is the momentum of step t.
func (r nadamRule) mu(t int) float64 { return r.beta1 * (1 - 0.5*math.Pow(0.96, float64(t)*r.decay)) }

func (r nadamRule) advance(step int, num []float64) {
	if step == 1 {
		num[0] = 1
	}
	num[0] *= r.mu(step)
}
func (r nadamRule) apply32(a at, p, g []float32, s slots[float32]) { nadamStep(r, a, p, g, s) }
func (r nadamRule) apply64(a at, p, g []float64, s slots[float64]) { nadamStep(r, a, p, g, s) }

func nadamStep[T tensor.Float](r nadamRule, a at, p, grad []T, s slots[T]) {
	mu, next, product := r.mu(a.step), r.mu(a.step+1), a.num[0]
	ofGrad, ofMean := T(a.LR*(1-mu)/(1-product)), T(a.LR*next/(1-product*next))
	root := math.Sqrt(1 - math.Pow(r.beta2, float64(a.step)))
	b1, k1, b2, k2 := T(r.beta1), T(1-r.beta1), T(r.beta2), T(1-r.beta2)
	sign, wd := penalty[T](a, r.climb)
	inTiles(p, grad, s, func(p, grad []T, s slots[T], x *scratch[T]) {
		ds, grad, mean, square := x.a[:len(p)], grad[:len(p)], s[0][:len(p)], s[1][:len(p)]
		for i, w := range p {
			g := sign*grad[i] + wd*w
			m := b1*mean[i] + k1*g
			mean[i], square[i], ds[i] = m, b2*square[i]+k2*g*g, ofGrad*g+ofMean*m
		}
		cpu.DivRoot(p, ds, square, 1, T(-root), T(r.eps*root))
	})
}
