package prob

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// The measures of this file take distributions over K outcomes as the last axis of tensors of probabilities, (..., K); the axes before it
// are a batch and broadcast. Results are in nats; divide by ln 2 for bits. 0 ln 0 counts as 0. All are differentiable where probabilities
// are positive. They panic with ErrValue on what is no distribution and with ErrShape when shapes do not fit. KL takes distributions by
// their parameters.

// DiscreteEntropy returns H(p) = −Σ p ln p of distributions (..., K), (...): from 0 to ln K (C. Shannon, 1948).
func DiscreteEntropy(p *tensor.Tensor) *tensor.Tensor {
	distributions("discrete_entropy", p)
	return xlogy(p, p).Sum(-1).Neg()
}

// DiscreteCrossEntropy returns H(p, q) = −Σ p ln q of distributions (..., K), (...): what it costs to code p with q's code. +Inf where q
// is 0 and p is not.
func DiscreteCrossEntropy(p, q *tensor.Tensor) *tensor.Tensor {
	distributions("discrete_cross_entropy", p, q)
	return xlogy(p, q).Sum(-1).Neg()
}

// DiscreteKL returns KL(p‖q) = Σ p ln(p/q) = H(p, q) − H(p) of distributions (..., K), (...) (S. Kullback and R. Leibler, 1951): at least
// 0, and 0 for p = q alone. +Inf where q is 0 and p is not. It is not symmetric: minimised over q it covers all of p's outcomes, over p it
// keeps to q's.
func DiscreteKL(p, q *tensor.Tensor) *tensor.Tensor {
	distributions("discrete_kl", p, q)
	return xlogy(p, p).Sub(xlogy(p, q)).Sum(-1).ClampMin(0) // rounding leads below 0
}

// JensenShannon returns ½ KL(p‖m) + ½ KL(q‖m), m = (p + q)/2, of distributions (..., K), (...) (J. Lin, 1991): symmetric, from 0 for equal
// ones to ln 2 for those without a common outcome. Its root is a metric.
func JensenShannon(p, q *tensor.Tensor) *tensor.Tensor {
	distributions("jensen_shannon", p, q)
	m := p.Add(q).MulScalar(0.5)
	return xlogy(p, p).Add(xlogy(q, q)).MulScalar(0.5).Sub(xlogy(m, m)).Sum(-1).ClampMin(0)
}

// MutualInformation returns I(X; Y) = Σ p(x, y) ln(p(x, y)/(p(x) p(y))) of joint distributions (..., K, M), (...): 0 for independent ones, at
// most the smaller entropy.
func MutualInformation(joint *tensor.Tensor) *tensor.Tensor {
	const op = "mutual_information"
	if joint.Rank() < 2 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{joint.Shape()}, "the joint distribution must be (..., K, M)")
	}
	distributions(op, joint.Flatten(-2))
	entropy := func(p *tensor.Tensor) *tensor.Tensor { return xlogy(p, p).Sum(-1).Neg() }
	return entropy(joint.Sum(-1)).Add(entropy(joint.Sum(-2))).Sub(entropy(joint.Flatten(-2)))
}

// distributions panics unless the tensors are distributions over as many outcomes.
func distributions(op string, ps ...*tensor.Tensor) {
	join(op, ps...)
	for _, p := range ps {
		if p.Rank() < 1 || p.Dim(-1) < 1 || p.Dim(-1) != ps[0].Dim(-1) {
			tensor.Fail(op, tensor.ErrShape, []tensor.Shape{ps[0].Shape(), p.Shape()}, "distributions must be (..., K) over as many outcomes, at least one")
		}
		require(op, "the probabilities", "between 0 and 1", p, unit)
		off := 1e-6 // of sums of rounded numbers
		if p.DType() == tensor.Float32 {
			off = 1e-3
		}
		require(op, "the sums of probabilities", "1; Softmax makes distributions of scores", p.Detach().Sum(-1), func(v float64) bool { return math.Abs(v-1) <= off })
	}
}
