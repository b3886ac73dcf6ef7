package optimizers

import (
	"math"

	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

// kind is an optimizer with what the shared tests of all of them need.
type kind struct {
	name string
	make func(p []*tensor.Param, lr float64, up bool) optim.Optimizer
	// reference returns the step by hand: called with a weight, its gradient and the number of the step, from 1, it returns the next weight. It
	// is the formula of the paper, for one weight, with the optimizer's defaults.
	reference func(lr float64) func(w, g, t float64) float64
	// The rates at which it gets below 1e-6 on the quadratic and on Rosenbrock's function, and that for LeNet, 0 where it is not for batches.
	quadratic, rosenbrock, lenet float64
	cosine                       bool // the rate on Rosenbrock's function falls along a cosine: at a constant one it circles the minimum
}

// moments are running means of the gradient and of its square.
func moments(b1, b2 float64) func(g float64) (m, v float64) {
	var m, v float64
	return func(g float64) (float64, float64) {
		m, v = b1*m+(1-b1)*g, b2*v+(1-b2)*g*g
		return m, v
	}
}

const b1, b2, tiny = 0.9, 0.999, 1e-8

func adamReference(ams bool, decay float64) func(lr float64) func(w, g, t float64) float64 {
	return func(lr float64) func(w, g, t float64) float64 {
		mv, most := moments(b1, b2), 0.0
		return func(w, g, t float64) float64 {
			m, v := mv(g)
			if most = max(most, v); ams {
				v = most
			}
			return w - lr*decay*w - lr*m/(1-math.Pow(b1, t))/(math.Sqrt(v/(1-math.Pow(b2, t)))+tiny)
		}
	}
}

func boundReference(ams bool) func(lr float64) func(w, g, t float64) float64 {
	return func(lr float64) func(w, g, t float64) float64 {
		const final, gamma = 0.1, 1e-3
		mv, most := moments(b1, b2), 0.0
		return func(w, g, t float64) float64 {
			m, v := mv(g)
			if most = max(most, v); ams {
				v = most
			}
			rate := lr * math.Sqrt(1-math.Pow(b2, t)) / (1 - math.Pow(b1, t)) / (math.Sqrt(v) + tiny)
			return w - min(max(rate, final*(1-1/(gamma*t+1))), final*(1+1/(gamma*t)))*m
		}
	}
}

// kinds are all optimizers.
var kinds = []kind{
	{name: "SGD", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: lr, Maximize: up})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		return func(w, g, _ float64) float64 { return w - lr*g }
	}, quadratic: 0.01, rosenbrock: 0.001, lenet: 0.1},
	{name: "momentum", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: lr, Momentum: 0.9, Maximize: up})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		v := 0.0
		return func(w, g, _ float64) float64 { v = 0.9*v - lr*g; return w + v }
	}, quadratic: 0.01, rosenbrock: 0.001, lenet: 0.03},
	{name: "Nesterov", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: lr, Momentum: 0.9, Nesterov: true, Maximize: up})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		v := 0.0 // of the point without the look ahead; w is the point with it
		return func(w, g, _ float64) float64 {
			before := w - 0.9*v
			v = 0.9*v - lr*g
			return before + v + 0.9*v
		}
	}, quadratic: 0.01, rosenbrock: 0.001, lenet: 0.03},
	{name: "Adagrad", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewAdagrad(p, optim.AdagradConfig{LR: lr, Maximize: up})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		sum := 0.0
		return func(w, g, _ float64) float64 { sum += g * g; return w - lr*g/(math.Sqrt(sum)+1e-10) }
	}, quadratic: 0.3, rosenbrock: 0.3, lenet: 0.02},
	{name: "RMSProp", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewRMSProp(p, optim.RMSPropConfig{LR: lr, Maximize: up})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		v := 0.0
		return func(w, g, _ float64) float64 { v = 0.99*v + 0.01*g*g; return w - lr*g/(math.Sqrt(v)+tiny) }
	}, quadratic: 0.01, rosenbrock: 0.003, cosine: true, lenet: 1e-3},
	{name: "Adadelta", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewAdadelta(p, optim.AdadeltaConfig{LR: lr, Maximize: up})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		var v, u float64
		return func(w, g, _ float64) float64 {
			v = 0.9*v + 0.1*g*g
			d := g * math.Sqrt(u+1e-6) / math.Sqrt(v+1e-6)
			u = 0.9*u + 0.1*d*d
			return w - lr*d
		}
	}, quadratic: 0.3, rosenbrock: 1, cosine: true, lenet: 1},
	{name: "Adam", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamConfig{LR: lr, Maximize: up})
	}, reference: adamReference(false, 0), quadratic: 0.1, rosenbrock: 0.01, lenet: 3e-3},
	{name: "AMSGrad", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamConfig{LR: lr, AMSGrad: true, Maximize: up})
	}, reference: adamReference(true, 0), quadratic: 0.1, rosenbrock: 0.03, lenet: 3e-3},
	{name: "AdamW", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewAdamW(p, optim.AdamWConfig{LR: lr, WeightDecay: new(1e-6), Maximize: up})
	}, reference: adamReference(false, 1e-6), quadratic: 0.1, rosenbrock: 0.01, lenet: 3e-3},
	{name: "Adamax", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewAdamax(p, optim.AdamaxConfig{LR: lr, Maximize: up})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		var m, u float64
		return func(w, g, t float64) float64 {
			m, u = b1*m+(1-b1)*g, max(b2*u, math.Abs(g)+tiny)
			return w - lr/(1-math.Pow(b1, t))*m/u
		}
	}, quadratic: 0.1, rosenbrock: 0.01, lenet: 5e-3},
	{name: "NAdam", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewNAdam(p, optim.NAdamConfig{LR: lr, Maximize: up})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		mv, product := moments(b1, b2), 1.0
		mu := func(t float64) float64 { return b1 * (1 - 0.5*math.Pow(0.96, t*0.004)) }
		return func(w, g, t float64) float64 {
			m, v := mv(g)
			product *= mu(t)
			mean := mu(t+1)*m/(1-product*mu(t+1)) + (1-mu(t))*g/(1-product)
			return w - lr*mean/(math.Sqrt(v/(1-math.Pow(b2, t)))+tiny)
		}
	}, quadratic: 0.1, rosenbrock: 0.01, lenet: 3e-3},
	{name: "RAdam", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewRAdam(p, optim.RAdamConfig{LR: lr, Threshold: new(4.0), Maximize: up})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		mv := moments(b1, b2)
		return func(w, g, t float64) float64 {
			m, v := mv(g)
			m /= 1 - math.Pow(b1, t)
			inf := 2/(1-b2) - 1
			rho := inf - 2*t*math.Pow(b2, t)/(1-math.Pow(b2, t))
			if rho <= 4 {
				return w - lr*m
			}
			r := math.Sqrt((rho - 4) * (rho - 2) * inf / ((inf - 4) * (inf - 2) * rho))
			return w - lr*r*m*math.Sqrt(1-math.Pow(b2, t))/(math.Sqrt(v)+tiny)
		}
	}, quadratic: 0.01, rosenbrock: 0.001, lenet: 5e-3},
	{name: "Rprop", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewRprop(p, optim.RpropConfig{LR: lr, Maximize: up})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		size, before := lr, 0.0
		return func(w, g, _ float64) float64 {
			if g*before > 0 {
				size = min(size*1.2, 50)
			} else if g*before < 0 {
				size, g = max(size*0.5, 1e-6), 0
			}
			if before = g; g == 0 {
				return w
			}
			return w - math.Copysign(size, g)
		}
	}, quadratic: 0.01, rosenbrock: 0.01, lenet: 0},
	{name: "AdaBound", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewAdaBound(p, optim.AdaBoundConfig{LR: lr, FinalLR: 0.1, Maximize: up})
	}, reference: boundReference(false), quadratic: 0.01, rosenbrock: 0.001, lenet: 3e-3},
	{name: "AMSBound", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewAdaBound(p, optim.AdaBoundConfig{LR: lr, AMSBound: true, Maximize: up})
	}, reference: boundReference(true), quadratic: 0.01, rosenbrock: 0.001, lenet: 3e-3},
	{name: "SWATS", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewSWATS(p, optim.SWATSConfig{LR: lr, Tolerance: new(1e-4), Maximize: up})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		mv := moments(b1, b2)
		var estimate, rate, b float64
		return func(w, g, t float64) float64 {
			if rate != 0 {
				b = b1*b + g
				return w - (1-b1)*rate*b
			}
			m, v := mv(g)
			d := -lr * math.Sqrt(1-math.Pow(b2, t)) / (1 - math.Pow(b1, t)) * m / (math.Sqrt(v) + 1e-9)
			gamma := d * d / (-d * g)
			estimate = b2*estimate + (1-b2)*gamma
			if k := estimate / (1 - math.Pow(b2, t)); t > 1 && math.Abs(k-gamma) < 1e-4 && k > 0 {
				rate = k
			}
			return w + d
		}
	}, quadratic: 0.1, rosenbrock: 0.3, lenet: 3e-3},
	{name: "Lookahead(SGD)", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewLookahead(optim.NewSGD(p, optim.SGDConfig{LR: lr, Momentum: 0.9, Maximize: up}), optim.LookaheadConfig{})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		var v, slow float64
		return func(w, g, t float64) float64 {
			if t == 1 {
				slow = w
			}
			v = 0.9*v + g
			if w -= lr * v; math.Mod(t, 5) == 0 {
				slow += 0.5 * (w - slow)
				w = slow
			}
			return w
		}
	}, quadratic: 0.01, rosenbrock: 0.001, lenet: 0.03},
	{name: "Lookahead(Adam)", make: func(p []*tensor.Param, lr float64, up bool) optim.Optimizer {
		return optim.NewLookahead(optim.NewAdam(p, optim.AdamConfig{LR: lr, Maximize: up}), optim.LookaheadConfig{})
	}, reference: func(lr float64) func(w, g, t float64) float64 {
		adam, slow := adamReference(false, 0)(lr), 0.0
		return func(w, g, t float64) float64 {
			if t == 1 {
				slow = w
			}
			if w = adam(w, g, t); math.Mod(t, 5) == 0 {
				slow += 0.5 * (w - slow)
				w = slow
			}
			return w
		}
	}, quadratic: 0.1, rosenbrock: 0.01, lenet: 5e-3},
}
