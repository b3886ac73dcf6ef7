package optim_test

import (
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

// makers make the optimizers of the golden files, with the options that the scripts give them.
var makers = map[string]func(p []*tensor.Param) optim.Optimizer{
	"sgd": func(p []*tensor.Param) optim.Optimizer { return optim.NewSGD(p, optim.SGDConfig{LR: 0.1}) },
	"sgd decay": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.1, WeightDecay: 0.05})
	},
	"sgd momentum": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.05, Momentum: 0.9})
	},
	"sgd dampening": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.05, Momentum: 0.9, Dampening: 0.3, WeightDecay: 0.01})
	},
	"sgd nesterov": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.05, Momentum: 0.9, Nesterov: true, WeightDecay: 0.01})
	},
	"sgd maximize": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.02, Momentum: 0.5, Maximize: true, WeightDecay: 0.1})
	},
	"sgd groups": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGDGroups(groups(p), optim.SGDConfig{LR: 0.01, Momentum: 0.9, WeightDecay: 0.1})
	},
	"sgd cosine": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.1, Momentum: 0.9})
	},
	"adam": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{}) },
	"adam betas": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamConfig{LR: 0.03, Beta1: new(0.8), Beta2: new(0.95), Eps: new(1e-3)})
	},
	"adam decay": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamConfig{LR: 0.03, WeightDecay: 0.1})
	},
	"adam amsgrad": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamConfig{LR: 0.1, AMSGrad: true})
	},
	"adam maximize": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamConfig{LR: 0.01, Maximize: true, WeightDecay: 0.1})
	},
	"adam groups": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdamGroups(groups(p), optim.AdamConfig{LR: 0.01, WeightDecay: 0.1})
	},
	"adam step": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{LR: 0.1}) },
	"adamw":     func(p []*tensor.Param) optim.Optimizer { return optim.NewAdamW(p, optim.AdamWConfig{}) },
	"adamw decay": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdamW(p, optim.AdamWConfig{LR: 0.05, WeightDecay: new(0.1)})
	},
	"adamw amsgrad": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdamW(p, optim.AdamWConfig{LR: 0.1, AMSGrad: true, Maximize: true, WeightDecay: new(0.3)})
	},
	"adamw groups": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdamWGroups(groups(p), optim.AdamWConfig{}) },
	"adagrad":      func(p []*tensor.Param) optim.Optimizer { return optim.NewAdagrad(p, optim.AdagradConfig{}) },
	"adagrad options": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdagrad(p, optim.AdagradConfig{LR: 0.1, LRDecay: 0.05, WeightDecay: 0.1, InitialAccumulator: 0.2, Eps: new(1e-3)})
	},
	"adagrad maximize": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdagrad(p, optim.AdagradConfig{LR: 0.02, WeightDecay: 0.1, Maximize: true})
	},
	"adagrad groups": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdagradGroups(groups(p), optim.AdagradConfig{LR: 0.01, WeightDecay: 0.1})
	},
	"rmsprop": func(p []*tensor.Param) optim.Optimizer { return optim.NewRMSProp(p, optim.RMSPropConfig{}) },
	"rmsprop momentum": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewRMSProp(p, optim.RMSPropConfig{Alpha: new(0.9), Eps: new(1e-4), WeightDecay: 0.1, Momentum: 0.8})
	},
	"rmsprop centered": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewRMSProp(p, optim.RMSPropConfig{LR: 0.003, Alpha: new(0.95), Eps: new(1e-3), Centered: true})
	},
	"rmsprop centered momentum": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewRMSProp(p, optim.RMSPropConfig{LR: 0.002, Momentum: 0.7, Eps: new(1e-2), Centered: true, WeightDecay: 0.05})
	},
	"rmsprop maximize": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewRMSProp(p, optim.RMSPropConfig{LR: 0.01, Maximize: true, WeightDecay: 0.1})
	},
	"rmsprop groups": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewRMSPropGroups(groups(p), optim.RMSPropConfig{LR: 0.01, Momentum: 0.5, WeightDecay: 0.1})
	},
	"adadelta": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdadelta(p, optim.AdadeltaConfig{}) },
	"adadelta options": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdadelta(p, optim.AdadeltaConfig{LR: 0.5, Rho: new(0.8), Eps: new(1e-4), WeightDecay: 0.1})
	},
	"adadelta maximize": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdadelta(p, optim.AdadeltaConfig{LR: 0.5, WeightDecay: 0.1, Maximize: true})
	},
	"adadelta groups": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdadeltaGroups(groups(p), optim.AdadeltaConfig{LR: 0.5, WeightDecay: 0.1})
	},
	"adamax": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdamax(p, optim.AdamaxConfig{}) },
	"adamax options": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdamax(p, optim.AdamaxConfig{LR: 0.03, Beta1: new(0.8), Beta2: new(0.95), Eps: new(1e-3), WeightDecay: 0.1})
	},
	"adamax maximize": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdamax(p, optim.AdamaxConfig{LR: 0.02, WeightDecay: 0.1, Maximize: true})
	},
	"adamax groups": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdamaxGroups(groups(p), optim.AdamaxConfig{LR: 0.01, WeightDecay: 0.1})
	},
	"nadam": func(p []*tensor.Param) optim.Optimizer { return optim.NewNAdam(p, optim.NAdamConfig{}) },
	"nadam options": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewNAdam(p, optim.NAdamConfig{LR: 0.05, Beta1: new(0.8), Beta2: new(0.95), Eps: new(1e-3), WeightDecay: 0.1, MomentumDecay: new(0.02)})
	},
	"nadam groups": func(p []*tensor.Param) optim.Optimizer {
		g := groups(p)
		g[0].LR = 0.02 // at 0.1 rounding decides which minimum an element falls into
		return optim.NewNAdamGroups(g, optim.NAdamConfig{LR: 0.01, WeightDecay: 0.1})
	},
	"radam": func(p []*tensor.Param) optim.Optimizer { return optim.NewRAdam(p, optim.RAdamConfig{}) },
	"radam options": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewRAdam(p, optim.RAdamConfig{LR: 0.03, Beta1: new(0.8), Beta2: new(0.95), Eps: new(1e-3), WeightDecay: 0.1})
	},
	"radam short": func(p []*tensor.Param) optim.Optimizer { // ρ∞ = 3: it never adapts
		return optim.NewRAdam(p, optim.RAdamConfig{LR: 0.02, Beta2: new(0.5)})
	},
	"radam groups": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewRAdamGroups(groups(p), optim.RAdamConfig{LR: 0.01, Beta2: new(0.99), WeightDecay: 0.1})
	},
	"rprop": func(p []*tensor.Param) optim.Optimizer { return optim.NewRprop(p, optim.RpropConfig{}) },
	"rprop options": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewRprop(p, optim.RpropConfig{LR: 0.05, Shrink: new(0.4), Grow: new(1.3), MinStep: new(1e-3), MaxStep: new(0.1)})
	},
	"rprop maximize": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewRprop(p, optim.RpropConfig{LR: 0.002, Maximize: true})
	},
	"adabound": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdaBound(p, optim.AdaBoundConfig{}) },
	"adabound options": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdaBound(p, optim.AdaBoundConfig{LR: 0.05, FinalLR: 0.02, Gamma: new(0.1), Beta1: new(0.8), Beta2: new(0.95), Eps: new(1e-3), WeightDecay: 0.1})
	},
	"adabound cosine": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdaBound(p, optim.AdaBoundConfig{LR: 0.05, FinalLR: 0.02, Gamma: new(0.1)})
	},
	"amsbound": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdaBound(p, optim.AdaBoundConfig{LR: 0.03, FinalLR: 0.05, Gamma: new(0.05), Beta2: new(0.9), AMSBound: true})
	},
	"swats": func(p []*tensor.Param) optim.Optimizer { return optim.NewSWATS(p, optim.SWATSConfig{}) },
	"swats early": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSWATS(p, optim.SWATSConfig{LR: 0.02, Beta2: new(0.99), Tolerance: new(1e-4)})
	},
	"lookahead sgd": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewLookahead(optim.NewSGD(p, optim.SGDConfig{LR: 0.05, Momentum: 0.9}), optim.LookaheadConfig{})
	},
	"lookahead adam": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewLookahead(optim.NewAdam(p, optim.AdamConfig{LR: 0.05}), optim.LookaheadConfig{Every: 3, Alpha: new(0.8)})
	},
}

var scheduled = map[string]optim.Schedule{"sgd cosine": optim.Cosine(50, 0), "adam step": optim.StepDecay(10, 0.5), "adabound cosine": optim.Cosine(50, 0)}
