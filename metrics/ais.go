package metrics

import (
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// AISConfig are the options of AIS.
type AISConfig struct {
	Steps     int     // intermediate distributions; default 1000
	Linear    bool    // β_t = t/T; default sigmoidal, slow at both ends (R. Grosse et al., 2015)
	StepSize  float64 // of the leapfrog integration; default 0.1
	Leapfrogs int     // steps of it in a transition; default 10
}

// AISResult is what annealed importance sampling found.
type AISResult struct {
	LogWeights []float64 // of each chain
	LogZ       float64   // ln 1/K Σ e^w
	Effective  float64   // (Σ e^w)² / Σ e^2w: of how many chains the estimate is made; far below K it is not to be trusted
	Accepted   float64   // share of Hamiltonian transitions that were accepted; 0.6 to 0.9 is good
}

// AIS estimates ln Z = ln ∫ f(z) dz by annealed importance sampling (R. Neal, 2001). start (K, D) are exact draws of a normalised density
// p₀, one a chain; each is led through densities ∝ p₀^{1−β} f^β from β = 0 to 1 by Hamiltonian transitions, and its weight is
//
//	ln w = Σ_t (β_t − β_{t−1}) (ln f(z_{t−1}) − ln p₀(z_{t−1}))
//
// e^w is an unbiased estimate of Z, so that LogZ is below ln Z on average: a stochastic lower bound. For the likelihood ln p(x) of a
// latent-variable model (Y. Wu et al., 2017) p₀ is the prior p(z) and f(z) = p(z) p(x|z). logBase and logTarget take z (K, D) to ln p₀ and
// ln f (K,), differentiably. Computed in float64. It panics with ErrShape unless start is (K, D) with a chain, and with ErrValue on a
// negative option.
func AIS(g *random.Generator, start *tensor.Tensor, logBase, logTarget func(z *tensor.Tensor) *tensor.Tensor, cfg AISConfig) AISResult {
	const op = "ais"
	if start.Rank() != 2 || start.Numel() == 0 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{start.Shape()}, "the first states must be (K, D), one row a chain")
	}
	if cfg.Steps < 0 || cfg.StepSize < 0 || cfg.Leapfrogs < 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "options %+v: none may be negative", cfg)
	}
	if cfg.Steps == 0 {
		cfg.Steps = 1000
	}
	if cfg.StepSize == 0 {
		cfg.StepSize = 0.1
	}
	if cfg.Leapfrogs == 0 {
		cfg.Leapfrogs = 10
	}
	z, chains := start.Detach().To(tensor.Float64), start.Dim(0)
	beta := func(t int) float64 {
		if cfg.Linear {
			return float64(t) / float64(cfg.Steps)
		}
		const sharp = 4
		s := func(t int) float64 { return 1 / (1 + math.Exp(-sharp*(2*float64(t)/float64(cfg.Steps)-1))) }
		return (s(t) - s(0)) / (s(cfg.Steps) - s(0))
	}
	weights := tensor.With(tensor.Float64).Zeros(chains)
	accepted := 0.0
	for t := 1; t <= cfg.Steps; t++ {
		weights = weights.Add(logTarget(z).Sub(logBase(z)).Detach().MulScalar(beta(t) - beta(t-1)))
		if t == cfg.Steps {
			break // after the last weight the state is not used
		}
		b := beta(t)
		energy := func(z *tensor.Tensor) *tensor.Tensor {
			return logBase(z).MulScalar(b - 1).Sub(logTarget(z).MulScalar(b))
		}
		var moved float64
		z, moved = hamiltonian(g, z, energy, cfg)
		accepted += moved / float64(cfg.Steps-1)
	}
	r := AISResult{LogWeights: weights.Floats(), Accepted: accepted}
	r.LogZ = logMeanExp(r.LogWeights)
	var squares []float64
	for _, w := range r.LogWeights {
		squares = append(squares, 2*w)
	}
	r.Effective = float64(chains) * math.Exp(2*r.LogZ-logMeanExp(squares))
	return r
}

// hamiltonian makes a transition of Hamiltonian Monte Carlo (S. Duane et al., 1987; R. Neal, 2011) of each row of z that leaves e^−energy
// as it is, and returns the share that was accepted.
func hamiltonian(g *random.Generator, z *tensor.Tensor, energy func(*tensor.Tensor) *tensor.Tensor, cfg AISConfig) (*tensor.Tensor, float64) {
	slope := func(z *tensor.Tensor) (u, du *tensor.Tensor) {
		out, grads := autograd.VJP(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{energy(in[0])} }, []*tensor.Tensor{z},
			[]*tensor.Tensor{tensor.With(tensor.Float64).Ones(z.Dim(0))})
		return out[0].Detach(), grads[0]
	}
	f64 := tensor.With(tensor.Float64)
	p := f64.Randn(g, z.Shape().Dims()...)
	u, du := slope(z)
	before := u.Add(p.Square().Sum(1).MulScalar(0.5))
	x := z
	p = p.Sub(du.MulScalar(cfg.StepSize / 2))
	for i := range cfg.Leapfrogs {
		x = x.Add(p.MulScalar(cfg.StepSize))
		u, du = slope(x)
		step := cfg.StepSize
		if i == cfg.Leapfrogs-1 {
			step /= 2
		}
		p = p.Sub(du.MulScalar(step))
	}
	after := u.Add(p.Square().Sum(1).MulScalar(0.5))
	// A NaN after divergence compares false: refused.
	accept := f64.Rand(g, z.Dim(0)).Log().Lt(before.Sub(after))
	return tensor.Where(accept.Unsqueeze(1), x, z), mean(accept.Floats())
}
