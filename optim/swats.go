package optim

import (
	"cmp"
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// SWATSConfig are the options of SWATS.
type SWATSConfig struct {
	LR          float64  // Adam's; 0: 1e-3
	Beta1       *float64 // nil: 0.9
	Beta2       *float64 // nil: 0.999
	Eps         *float64 // nil: 1e-9
	Tolerance   *float64 // of the estimate of SGD's rate, absolute; nil: 1e-9
	WeightDecay float64  // λ of the L2 penalty ½λ‖p‖², added to the gradient
	Maximize    bool     // climb instead
}

// SWATS starts as Adam and goes over to SGD with momentum when it knows a rate for it (Keskar and Socher, 2017). The estimate of
// step k is the rate γ at which the projection of SGD's step −γg onto Adam's step d is d, over all parameters of a group:
//
//	γ = dᵀd / (−dᵀg);  λ ← β₂λ + (1−β₂)γ;  over when k > 1 and |λ/(1−β₂ᵏ) − γ| < Tolerance
//
// and from then on, with Λ = λ/(1−β₂ᵏ) and b starting at 0,
//
//	b ← β₁b + g;  p ← p − (1−β₁) · Λ · lr/lr' · b
//
// lr' being the rate at the switch, so that schedules go on. Beyond the paper, a Λ that is not positive is not taken. The state is
// "exp_avg", "exp_avg_sq" and "momentum_buffer"; of each group the numbers "swats_steps", k; "swats_lambda", λ; "swats_rate", Λ or 0
// before the switch; "swats_lr", lr'.
type SWATS struct {
	*stepper
}

// NewSWATS returns the optimizer. It panics with ErrValue on options out of range.
func NewSWATS(params []*tensor.Param, cfg SWATSConfig) *SWATS {
	return NewSWATSGroups([]Group{{Params: params}}, cfg)
}

// NewSWATSGroups is NewSWATS with rates by group; what a group leaves out is taken from cfg. Each group switches by itself.
func NewSWATSGroups(groups []Group, cfg SWATSConfig) *SWATS {
	r := swatsRule{newMoments("swats", cfg.Beta1, cfg.Beta2, cfg.Eps, 1e-9), orDefault(cfg.Tolerance, 1e-9), cfg.Maximize}
	if !isRate(r.tolerance) {
		tensor.Fail("swats", tensor.ErrValue, nil, "the tolerance %v must be finite and not negative", r.tolerance)
	}
	return &SWATS{newStepper(r, groups, cmp.Or(cfg.LR, defaultLR), cfg.WeightDecay)}
}

// Rate returns the rate Λ of SGD that group i has gone over to, 0 as long as it is Adam.
func (s *SWATS) Rate(i int) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.judged[i][swatsRate]
}

type swatsRule struct {
	moments
	tolerance float64
	climb     bool
}

// The numbers of a group.
const (
	swatsSteps = iota
	swatsLambda
	swatsRate
	swatsLR
)

func (swatsRule) name() string    { return "swats" }
func (swatsRule) slots() []string { return []string{"exp_avg", "exp_avg_sq", "momentum_buffer"} }
func (swatsRule) groupNumbers() []string {
	return []string{"swats_steps", "swats_lambda", "swats_rate", "swats_lr"}
}

// decide is told dᵀd and −dᵀg of the step that the group has taken.
func (r swatsRule) decide(g *Group, num []float64, sums [2]float64) {
	if num[swatsRate] != 0 {
		return
	}
	num[swatsSteps]++
	gamma := sums[0] / sums[1]
	if sums[1] == 0 || !isFinite(gamma) {
		return
	}
	num[swatsLambda] = r.beta2*num[swatsLambda] + (1-r.beta2)*gamma
	rate := num[swatsLambda] / (1 - math.Pow(r.beta2, num[swatsSteps]))
	if num[swatsSteps] > 1 && math.Abs(rate-gamma) < r.tolerance && rate > 0 && g.LR > 0 {
		num[swatsRate], num[swatsLR] = rate, g.LR
	}
}

func (r swatsRule) apply32(a at, p, g []float32, s slots[float32]) { swatsStep(r, a, p, g, s) }
func (r swatsRule) apply64(a at, p, g []float64, s slots[float64]) { swatsStep(r, a, p, g, s) }

func swatsStep[T tensor.Float](r swatsRule, a at, p, grad []T, s slots[T]) {
	b1, k1, b2, k2, eps := T(r.beta1), T(1-r.beta1), T(r.beta2), T(1-r.beta2), T(r.eps)
	sign, wd := penalty[T](a, r.climb)
	if rate := a.group[swatsRate]; rate != 0 {
		grad, buf := grad[:len(p)], s[2][:len(p)]
		lr := T((1 - r.beta1) * rate * a.LR / a.group[swatsLR])
		for i, x := range p {
			b := b1*buf[i] + sign*grad[i] + wd*x
			buf[i] = b
			p[i] = x - lr*b
		}
		return
	}
	t := float64(a.step)
	size := T(a.LR * math.Sqrt(1-math.Pow(r.beta2, t)) / (1 - math.Pow(r.beta1, t)))
	var dd, dg float64
	inTiles(p, grad, s, func(p, grad []T, s slots[T], x *scratch[T]) {
		gs, ds, grad, mean, square := x.a[:len(p)], x.b[:len(p)], grad[:len(p)], s[0][:len(p)], s[1][:len(p)]
		for i, w := range p {
			g := sign*grad[i] + wd*w
			mean[i], square[i] = b1*mean[i]+k1*g, b2*square[i]+k2*g*g
			gs[i], ds[i] = g, 0
		}
		cpu.DivRoot(ds, mean, square, 0, size, eps)
		for i, d := range ds {
			p[i] -= d
			dd += float64(d) * float64(d)
			dg += float64(d) * float64(gs[i])
		}
	})
	a.sums[0], a.sums[1] = dd, dg
}
