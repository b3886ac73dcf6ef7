package optim

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// SGDConfig are the options of SGD.
type SGDConfig struct {
	LR          float64 // required here or in every group
	Momentum    float64
	Dampening   float64
	WeightDecay float64 // λ of the L2 penalty ½λ‖p‖²
	Nesterov    bool    // needs a momentum and no dampening
	Maximize    bool    // climb instead
}

// SGD is stochastic gradient descent with momentum (Robbins and Monro, 1951; Polyak, 1964; Nesterov's variant as in
// Sutskever et al., 2013), as PyTorch defines it:
//
//	g ← g + λp;  v ← μv + (1 − dampening) g, v₀ = g;  p ← p − lr v  (Nesterov: p ← p − lr (g + μv))
type SGD struct {
	*stepper
}

// NewSGD returns the optimizer. It panics with ErrValue on options out of range.
func NewSGD(params []*tensor.Param, cfg SGDConfig) *SGD {
	return NewSGDGroups([]Group{{Params: params}}, cfg)
}

// NewSGDGroups is NewSGD with rates by group; what a group leaves out is taken from cfg.
func NewSGDGroups(groups []Group, cfg SGDConfig) *SGD {
	if !isRate(cfg.Momentum) || !(math.Abs(cfg.Dampening) <= math.MaxFloat64) {
		tensor.Fail("sgd", tensor.ErrValue, nil, "momentum %v and dampening %v must be finite, the first not negative", cfg.Momentum, cfg.Dampening)
	}
	if cfg.Nesterov && (cfg.Momentum == 0 || cfg.Dampening != 0) {
		tensor.Fail("sgd", tensor.ErrValue, nil, "Nesterov needs a momentum above 0 and no dampening, not %v and %v", cfg.Momentum, cfg.Dampening)
	}
	return &SGD{newStepper(&sgdRule{cfg}, groups, cfg.LR, cfg.WeightDecay)}
}

// SetMomentum changes the momentum from the next step on, for schedules such as Nesterov's (t−1)/(t+2). The state does not keep it. It
// panics with ErrValue when m is not finite and positive or the optimizer was made without momentum.
func (s *SGD) SetMomentum(m float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rule.(*sgdRule)
	if !isRate(m) || m == 0 || r.cfg.Momentum == 0 {
		tensor.Fail("sgd", tensor.ErrValue, nil, "the momentum %v must be finite and positive, and not 0 in the config (%v)", m, r.cfg.Momentum)
	}
	r.cfg.Momentum = m
}

type sgdRule struct{ cfg SGDConfig }

func (*sgdRule) name() string { return "sgd" }
func (r *sgdRule) slots() []string {
	if r.cfg.Momentum == 0 {
		return nil
	}
	return []string{"momentum_buffer"}
}
func (r *sgdRule) apply32(a at, p, grad []float32, s slots[float32]) {
	sgdStep(r.cfg, a, p, grad, s)
}
func (r *sgdRule) apply64(a at, p, grad []float64, s slots[float64]) {
	sgdStep(r.cfg, a, p, grad, s)
}

func sgdStep[T tensor.Float](c SGDConfig, a at, p, grad []T, s slots[T]) {
	lr, wd, mu, keep := T(a.LR), T(*a.WeightDecay), T(c.Momentum), T(1-c.Dampening)
	if c.Maximize {
		lr = -lr // the same as turning every gradient, but for the penalty
		wd = -wd
	}
	if s[0] == nil {
		cpu.Descend(p, grad, lr, wd)
		return
	}
	if a.step == 1 {
		keep = 1 // the buffer, still zero, becomes the gradient
	}
	cpu.SGDStep[T]{LR: lr, Decay: wd, Momentum: mu, Keep: keep, Nesterov: c.Nesterov}.Update(p, grad, s[0])
}
