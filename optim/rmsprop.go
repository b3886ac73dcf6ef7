package optim

import (
	"cmp"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// RMSPropConfig are the options of RMSProp.
type RMSPropConfig struct {
	LR          float64  // 0: 0.01
	Alpha       *float64 // nil: 0.99
	Eps         *float64 // nil: 1e-8
	Momentum    float64
	Centered    bool    // divide by the deviation, √(v − ḡ²), ḡ the running mean of the gradient
	WeightDecay float64 // λ of the L2 penalty ½λ‖p‖², added to the gradient
	Maximize    bool    // climb instead
}

// RMSProp divides the gradient by the root of a running mean of its square (Tieleman and Hinton, 2012, lecture 6.5):
//
//	v ← αv + (1−α)g²;  p ← p − lr · g / (√v + ε);  with momentum: b ← μb + g/(√v + ε);  p ← p − lr · b
//
// v starts at 0, as PyTorch's does. The state is "square_avg", v; "momentum_buffer", b; "grad_avg", ḡ of the centered form
// (Graves, 2013).
type RMSProp struct {
	*stepper
}

// NewRMSProp returns the optimizer. It panics with ErrValue on options out of range.
func NewRMSProp(params []*tensor.Param, cfg RMSPropConfig) *RMSProp {
	return NewRMSPropGroups([]Group{{Params: params}}, cfg)
}

// NewRMSPropGroups is NewRMSProp with rates by group; what a group leaves out is taken from cfg.
func NewRMSPropGroups(groups []Group, cfg RMSPropConfig) *RMSProp {
	r := rmspropRule{cfg, orDefault(cfg.Alpha, 0.99), orDefault(cfg.Eps, 1e-8)}
	if !(r.alpha >= 0 && r.alpha < 1) || !isRate(r.eps) || !isRate(cfg.Momentum) {
		tensor.Fail("rmsprop", tensor.ErrValue, nil, "alpha %v must lie in [0, 1), epsilon %v and momentum %v must be finite and not negative", r.alpha, r.eps, cfg.Momentum)
	}
	return &RMSProp{newStepper(r, groups, cmp.Or(cfg.LR, 0.01), cfg.WeightDecay)}
}

type rmspropRule struct {
	cfg        RMSPropConfig
	alpha, eps float64
}

func (rmspropRule) name() string { return "rmsprop" }
func (r rmspropRule) slots() []string {
	names := []string{"square_avg"}
	if r.cfg.Momentum != 0 {
		names = append(names, "momentum_buffer")
	}
	if r.cfg.Centered {
		names = append(names, "grad_avg")
	}
	return names
}
func (r rmspropRule) apply32(a at, p, g []float32, s slots[float32]) { rmspropStep(r, a, p, g, s) }
func (r rmspropRule) apply64(a at, p, g []float64, s slots[float64]) { rmspropStep(r, a, p, g, s) }

func rmspropStep[T tensor.Float](r rmspropRule, a at, p, grad []T, s slots[T]) {
	lr, eps, mu, alpha, rest := T(a.LR), T(r.eps), T(r.cfg.Momentum), T(r.alpha), T(1-r.alpha)
	sign, wd := penalty[T](a, r.cfg.Maximize)
	if r.cfg.Momentum == 0 && !r.cfg.Centered {
		cpu.AdamStep[T]{B2: alpha, K2: rest, Size: lr, Root: 1, Eps: eps, Shrink: 1, Decay: wd, Sign: sign}.Update(p, grad, nil, s[0], nil)
		return
	}
	inTiles(p, grad, s, func(p, grad []T, s slots[T], x *scratch[T]) {
		ds, vs := x.a[:len(p)], x.b[:len(p)]
		grad, square, mean := grad[:len(p)], s[0][:len(p)], s[2]
		if r.cfg.Momentum == 0 {
			mean = s[1]
		}
		for i, w := range p {
			g := sign*grad[i] + wd*w
			v := alpha*square[i] + rest*g*g
			ds[i], vs[i], square[i] = g, v, v
		}
		if r.cfg.Centered {
			mean = mean[:len(p)]
			for i, g := range ds {
				m := alpha*mean[i] + rest*g
				mean[i] = m
				vs[i] = max(vs[i]-m*m, 0) // rounding leads below 0 where gradients hardly change
			}
		}
		if r.cfg.Momentum == 0 {
			cpu.DivRoot(p, ds, vs, 1, -lr, eps)
			return
		}
		buf := s[1][:len(p)]
		cpu.DivRoot(buf, ds, vs, mu, 1, eps)
		for i, b := range buf {
			p[i] -= lr * b
		}
	})
}
