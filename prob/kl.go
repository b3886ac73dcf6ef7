package prob

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// KL returns the Kullback-Leibler divergence E_p (ln p − ln q), in nats, for each distribution of the batches together, by
// its closed form. p and q are of one family: Normal, LogNormal, Uniform, Laplace, Gumbel, Exponential, Gamma, Beta,
// Dirichlet, Bernoulli, Geometric, Poisson, Binomial with equal trials, Categorical, OneHotCategorical, MultivariateNormal,
// Independent of these, or Uniform and Normal. It panics with ErrValue for other pairs.
func KL(p, q Distribution) *tensor.Tensor {
	switch p := p.(type) {
	case *Normal:
		if q, ok := q.(*Normal); ok {
			return klNormal(p, q)
		}
	case LogNormal: // a function of a normal number does not change the divergence
		if q, ok := q.(LogNormal); ok {
			return klNormal(p.Normal, q.Normal)
		}
	case *Uniform:
		switch q := q.(type) {
		case *Uniform:
			covers := q.Low.Le(p.Low).LogicalAnd(q.High.Ge(p.High))
			kl := q.High.Sub(q.Low).Div(p.High.Sub(p.Low)).Log()
			return tensor.Where(covers, kl, tensor.With(p.dtype).Full(math.Inf(1)))
		case *Normal: // E(x−m)² = variance + (mean − m)²
			far := p.Variance().Add(p.Mean().Sub(q.Loc).Square()).Div(q.Scale.Square()).MulScalar(0.5)
			return far.Add(q.Scale.Log()).AddScalar(halfLog2Pi).Sub(p.Entropy())
		}
	case *Laplace:
		if q, ok := q.(*Laplace); ok { // ln(b/a) + (a e^(−m/a) + m)/b − 1, m = |difference of loc|
			m := p.Loc.Sub(q.Loc).Abs()
			return p.Scale.Mul(m.Div(p.Scale).Neg().Exp()).Add(m).Div(q.Scale).Add(q.Scale.Div(p.Scale).Log()).SubScalar(1)
		}
	case *Gumbel:
		if q, ok := q.(*Gumbel); ok {
			ratio := p.Scale.Div(q.Scale)
			shift := q.Loc.Sub(p.Loc).Div(q.Scale)
			e := shift.Add(ratio.AddScalar(1).Lgamma()).Exp()
			return ratio.Log().Neg().Sub(shift).Add(ratio.MulScalar(eulerGamma)).Add(e).SubScalar(1 + eulerGamma)
		}
	case *Exponential:
		if q, ok := q.(*Exponential); ok {
			r := q.Rate.Div(p.Rate)
			return r.SubScalar(1).Sub(r.Log())
		}
	case *Gamma:
		if q, ok := q.(*Gamma); ok {
			a, b := p.Concentration, q.Concentration
			return b.Mul(p.Rate.Div(q.Rate).Log()).Add(b.Lgamma()).Sub(a.Lgamma()).Add(a.Sub(b).Mul(a.Digamma())).Add(q.Rate.Sub(p.Rate).Mul(a.Div(p.Rate)))
		}
	case *Beta:
		if q, ok := q.(*Beta); ok {
			s, t := p.A.Add(p.B), q.A.Add(q.B)
			return q.logB().Sub(p.logB()).Add(p.A.Sub(q.A).Mul(p.A.Digamma())).Add(p.B.Sub(q.B).Mul(p.B.Digamma())).Add(t.Sub(s).Mul(s.Digamma()))
		}
	case *Dirichlet:
		if q, ok := q.(*Dirichlet); ok {
			a, b := p.Concentration, q.Concentration
			mean := a.Digamma().Sub(a.SumKeepdim(-1).Digamma()) // E ln x
			return q.logB().Sub(p.logB()).Add(a.Sub(b).Mul(mean).Sum(-1))
		}
	case *Bernoulli:
		if q, ok := q.(*Bernoulli); ok {
			return klBernoulli(p.Logits, q.Logits)
		}
	case *Geometric: // (1−p)/p failures and a success of two coins
		if q, ok := q.(*Geometric); ok {
			return klBernoulli(logit(p.Probs), logit(q.Probs)).Div(p.Probs)
		}
	case *Binomial:
		if q, ok := q.(*Binomial); ok && tensor.Equal(p.Trials, q.Trials) {
			return klBernoulli(p.Logits, q.Logits).Mul(p.Trials)
		}
	case *Poisson:
		if q, ok := q.(*Poisson); ok {
			return xlogy(p.Rate, p.Rate).Sub(xlogy(p.Rate, q.Rate)).Sub(p.Rate).Add(q.Rate)
		}
	case *Categorical:
		if q, ok := q.(*Categorical); ok {
			return klCategorical(p, q)
		}
	case OneHotCategorical:
		if q, ok := q.(OneHotCategorical); ok {
			return klCategorical(p.Categorical, q.Categorical)
		}
	case *Independent:
		if q, ok := q.(*Independent); ok && p.dims == q.dims {
			return p.sum(KL(p.Distribution, q.Distribution))
		}
	case *MultivariateNormal:
		if q, ok := q.(*MultivariateNormal); ok {
			return klMultivariateNormal(p, q)
		}
	}
	tensor.Fail("kl", tensor.ErrValue, []tensor.Shape{p.Batch(), q.Batch()}, "there is no closed form for %T and %T here; estimate E ln p − ln q by samples", p, q)
	return nil
}

// klNormal is ½ (r² + ((m_p − m_q)/s_q)² − 1) − ln r for r = s_p/s_q.
func klNormal(p, q *Normal) *tensor.Tensor {
	r := p.Scale.Div(q.Scale)
	far := p.Loc.Sub(q.Loc).Div(q.Scale).Square()
	return r.Square().Add(far).SubScalar(1).MulScalar(0.5).Sub(r.Log())
}

func klBernoulli(p, q *tensor.Tensor) *tensor.Tensor {
	side := func(p, q *tensor.Tensor) *tensor.Tensor {
		return product(p.Sigmoid(), p.LogSigmoid()).Sub(product(p.Sigmoid(), q.LogSigmoid()))
	}
	return side(p, q).Add(side(p.Neg(), q.Neg()))
}

func klCategorical(p, q *Categorical) *tensor.Tensor {
	w := p.Probs()
	return product(w, p.Logits).Sub(product(w, q.Logits)).Sum(-1)
}
