package prob

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Bernoulli is 1 with probability p = σ(logit), else 0.
type Bernoulli struct {
	scalars
	Logits *tensor.Tensor
}

// NewBernoulli returns the distribution with the given probabilities, of which 0 and 1 have infinite logits. It panics with
// ErrValue unless they are in [0, 1].
func NewBernoulli(probs *tensor.Tensor) *Bernoulli {
	require("bernoulli", "the probability", "in [0, 1]", probs, unit)
	return NewBernoulliLogits(logit(probs))
}

// logit returns ln(p/(1−p)).
func logit(p *tensor.Tensor) *tensor.Tensor { return p.Log().Sub(p.Neg().Log1p()) }

// NewBernoulliLogits returns the distribution with the given logits. It panics with ErrValue when one is NaN.
func NewBernoulliLogits(logits *tensor.Tensor) *Bernoulli {
	d := &Bernoulli{join("bernoulli", logits), logits}
	require("bernoulli", "the logit", "a number", logits, func(v float64) bool { return v == v })
	return d
}

// Probs returns the probability of 1.
func (d *Bernoulli) Probs() *tensor.Tensor { return d.Logits.Sigmoid() }

// Sample implements Distribution.
func (d *Bernoulli) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.draw(g, n, []*tensor.Tensor{d.Probs()}, func(s *random.Stream, p []float64) float64 {
		if s.Float64() < p[0] {
			return 1
		}
		return 0
	})
}

// LogProb takes 0 and 1, and what lies between as a weighted mean of their log-probabilities, as binary cross-entropy does.
func (d *Bernoulli) LogProb(x *tensor.Tensor) *tensor.Tensor {
	x = d.at("bernoulli", x)
	v := x.Detach()
	logp := product(x, d.Logits.LogSigmoid()).Add(product(x.RSubScalar(1), d.Logits.Neg().LogSigmoid()))
	return inside(v.GeScalar(0).LogicalAnd(v.LeScalar(1)), logp)
}

// product returns x y, 0 where x = 0 and y is infinite.
func product(x, y *tensor.Tensor) *tensor.Tensor {
	s, _ := tensor.Broadcast(x.Shape(), y.Shape())
	x, y = x.ExpandTo(s), y.ExpandTo(s)
	return x.Mul(y.MaskedFill(x.Detach().EqScalar(0).LogicalAnd(y.Detach().Abs().EqScalar(math.Inf(1))), 0))
}

// Mean returns p.
func (d *Bernoulli) Mean() *tensor.Tensor { return d.Probs() }

// Variance returns p(1−p).
func (d *Bernoulli) Variance() *tensor.Tensor { return d.Probs().Mul(d.Logits.Neg().Sigmoid()) }

// Entropy returns −p ln p − (1−p) ln(1−p).
func (d *Bernoulli) Entropy() *tensor.Tensor {
	p, q := d.Probs(), d.Logits.Neg().Sigmoid()
	return product(p, d.Logits.LogSigmoid()).Add(product(q, d.Logits.Neg().LogSigmoid())).Neg()
}

// Geometric is the number of failures before the first success of trials with probability p: p (1−p)^k for k = 0, 1, ...
type Geometric struct {
	scalars
	Probs *tensor.Tensor // in (0, 1]
}

// NewGeometric returns the distribution. It panics with ErrValue unless the probabilities are in (0, 1].
func NewGeometric(probs *tensor.Tensor) *Geometric {
	d := &Geometric{join("geometric", probs), probs}
	require("geometric", "the probability", "in (0, 1]", probs, func(v float64) bool { return v > 0 && v <= 1 })
	return d
}

// Sample implements Distribution.
func (d *Geometric) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.draw(g, n, []*tensor.Tensor{d.Probs}, func(s *random.Stream, p []float64) float64 {
		if p[0] == 1 {
			return 0
		}
		return math.Floor(-s.Exponential() / math.Log1p(-p[0]))
	})
}

// LogProb implements Distribution.
func (d *Geometric) LogProb(x *tensor.Tensor) *tensor.Tensor {
	x = d.at("geometric", x)
	ok := whole(x)
	return inside(ok, xlogy(x.MaskedFill(ok.LogicalNot(), 0), d.Probs.RSubScalar(1)).Add(d.Probs.Log()))
}

// whole reports where x is 0, 1, 2, ...
func whole(x *tensor.Tensor) *tensor.Tensor {
	v := x.Detach()
	return v.GeScalar(0).LogicalAnd(v.Eq(v.Floor())).LogicalAnd(v.LtScalar(math.Inf(1)))
}

// Mean returns (1−p)/p.
func (d *Geometric) Mean() *tensor.Tensor { return d.Probs.Reciprocal().SubScalar(1) }

// Variance returns (1−p)/p².
func (d *Geometric) Variance() *tensor.Tensor { return d.Mean().Div(d.Probs) }

// Entropy returns (−(1−p) ln(1−p) − p ln p)/p.
func (d *Geometric) Entropy() *tensor.Tensor {
	q := d.Probs.RSubScalar(1)
	return xlogy(q, q).Add(xlogy(d.Probs, d.Probs)).Neg().Div(d.Probs)
}

// Poisson is the distribution with probabilities rate^k e^(−rate) / k! for k = 0, 1, ...
type Poisson struct {
	scalars
	Rate *tensor.Tensor // >= 0
}

// NewPoisson returns the distribution. It panics with ErrValue when a rate is negative or not finite.
func NewPoisson(rate *tensor.Tensor) *Poisson {
	d := &Poisson{join("poisson", rate), rate}
	require("poisson", "rate", "at least 0 and finite", rate, func(v float64) bool { return v >= 0 && finite(v) })
	return d
}

// Sample implements Distribution.
func (d *Poisson) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.draw(g, n, []*tensor.Tensor{d.Rate}, func(s *random.Stream, p []float64) float64 { return float64(s.Poisson(p[0])) })
}

// LogProb implements Distribution.
func (d *Poisson) LogProb(x *tensor.Tensor) *tensor.Tensor {
	x = d.at("poisson", x)
	ok := whole(x)
	x = x.MaskedFill(ok.LogicalNot(), 0)
	return inside(ok, xlogy(x, d.Rate).Sub(d.Rate).Sub(x.AddScalar(1).Lgamma()))
}

// Mean returns the rate.
func (d *Poisson) Mean() *tensor.Tensor { return d.Rate }

// Variance returns the rate.
func (d *Poisson) Variance() *tensor.Tensor { return d.Rate }

// Entropy panics: there is no closed form.
func (d *Poisson) Entropy() *tensor.Tensor { return noEntropy("poisson") }

func noEntropy(name string) *tensor.Tensor {
	tensor.Fail(name, tensor.ErrValue, nil, "the entropy has no closed form; estimate −E ln p by LogProb of samples")
	return nil
}

// Binomial is the number of successes in n trials of probability p = σ(logit).
type Binomial struct {
	scalars
	Trials *tensor.Tensor // whole numbers >= 0
	Logits *tensor.Tensor
}

// NewBinomial returns the distribution. It panics with ErrValue unless trials are whole numbers from 0 on and the
// probabilities in [0, 1].
func NewBinomial(trials, probs *tensor.Tensor) *Binomial {
	require("binomial", "the probability", "in [0, 1]", probs, unit)
	return NewBinomialLogits(trials, logit(probs))
}

// NewBinomialLogits is NewBinomial with logits.
func NewBinomialLogits(trials, logits *tensor.Tensor) *Binomial {
	trials = trials.Detach().To(logits.DType())
	d := &Binomial{join("binomial", logits, trials), trials, logits}
	require("binomial", "trials", "a whole number from 0 on", trials, func(v float64) bool { return v >= 0 && v == math.Floor(v) && finite(v) })
	require("binomial", "the logit", "a number", logits, func(v float64) bool { return v == v })
	return d
}

// Probs returns the probability of a success.
func (d *Binomial) Probs() *tensor.Tensor { return d.Logits.Sigmoid() }

// Sample implements Distribution.
func (d *Binomial) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.draw(g, n, []*tensor.Tensor{d.Trials, d.Probs()}, func(s *random.Stream, p []float64) float64 {
		return float64(s.Binomial(int64(p[0]), p[1]))
	})
}

// LogProb implements Distribution.
func (d *Binomial) LogProb(x *tensor.Tensor) *tensor.Tensor {
	x = d.at("binomial", x)
	ok := whole(x).LogicalAnd(x.Detach().Le(d.Trials))
	x = tensor.Where(ok, x.ExpandTo(ok.Shape()), tensor.With(d.dtype).FullShape(0, ok.Shape()))
	lg := func(t *tensor.Tensor) *tensor.Tensor { return t.AddScalar(1).Lgamma() }
	ways := lg(d.Trials).Sub(lg(x)).Sub(lg(d.Trials.Sub(x)))
	return inside(ok, ways.Add(product(x, d.Logits.LogSigmoid())).Add(product(d.Trials.Sub(x), d.Logits.Neg().LogSigmoid())))
}

// Mean returns n p.
func (d *Binomial) Mean() *tensor.Tensor { return d.Trials.Mul(d.Probs()) }

// Variance returns n p (1−p).
func (d *Binomial) Variance() *tensor.Tensor { return d.Mean().Mul(d.Logits.Neg().Sigmoid()) }

// Entropy returns −Σ_k p_k ln p_k over k = 0, ..., the most trials of the batch.
func (d *Binomial) Entropy() *tensor.Tensor {
	n := 0
	if d.Trials.Numel() > 0 {
		n = int(d.Trials.Max().Item())
	}
	dims := make([]int, d.batch.Rank()+1)
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = n + 1
	logp := d.LogProb(tensor.With(d.dtype).Arange(0, float64(n)+1, 1).Reshape(dims...))
	return product(logp.Exp(), logp).Sum(0).Neg()
}
