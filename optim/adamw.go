package optim

import (
	"cmp"

	"github.com/hadal-go/hadal/tensor"
)

// AdamWConfig are the options of AdamW.
type AdamWConfig struct {
	LR          float64  // 0: 1e-3
	Beta1       *float64 // nil: 0.9
	Beta2       *float64 // nil: 0.999
	Eps         *float64 // nil: 1e-8
	WeightDecay *float64 // nil: 0.01; p shrinks by the factor 1 − lr·λ a step
	AMSGrad     bool     // divide by the largest v so far (Reddi et al., 2018)
	Maximize    bool     // climb instead
}

// AdamW is Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2019): p ← p − lr·λ·p, then Adam's step.
type AdamW struct {
	*stepper
}

// NewAdamW returns the optimizer. It panics with ErrValue on options out of range.
func NewAdamW(params []*tensor.Param, cfg AdamWConfig) *AdamW {
	return NewAdamWGroups([]Group{{Params: params}}, cfg)
}

// NewAdamWGroups is NewAdamW with rates by group; what a group leaves out is taken from cfg.
func NewAdamWGroups(groups []Group, cfg AdamWConfig) *AdamW {
	c := AdamConfig{Beta1: cfg.Beta1, Beta2: cfg.Beta2, Eps: cfg.Eps, AMSGrad: cfg.AMSGrad, Maximize: cfg.Maximize}
	return &AdamW{newStepper(newAdamRule("adamw", c, true), groups, cmp.Or(cfg.LR, defaultLR), orDefault(cfg.WeightDecay, 0.01))}
}
