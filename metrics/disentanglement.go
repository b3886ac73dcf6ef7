package metrics

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// FactorVAEScore is the disentanglement metric of H. Kim and A. Mnih, 2018: samples that share the value of one factor of variation should
// hold still in one dimension of their representation, which names the factor. It needs no classifier to be trained and, unlike the metric
// of I. Higgins et al., 2017, is not fooled by a representation that leaves a factor out.
type FactorVAEScore struct {
	std   []float64 // of each dimension over the data
	alive []bool
	votes [][]int // by dimension and factor
}

// NewFactorVAEScore takes representations z (N, D) of the whole data, whose standard deviations make dimensions comparable, and the number
// of factors. Dimensions whose variance is below unused are left out, as are constant ones; 0 is 0.05, customary for a prior of variance 1
// (F. Locatello et al., 2019), a negative one leaves out nothing more. It panics with ErrValue when there are no factors and with ErrShape when there are not two samples.
func NewFactorVAEScore(z *tensor.Tensor, factors int, unused float64) *FactorVAEScore {
	const op = "factor_vae_score"
	x, n, d := features(op, "representations", z)
	if n < 2 || d < 1 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{z.Shape()}, "the representations must be (N, D) of two samples at least")
	}
	if factors < 1 {
		tensor.Fail(op, tensor.ErrValue, nil, "%d factors; there must be at least 1", factors)
	}
	if unused == 0 {
		unused = 0.05
	}
	m := &FactorVAEScore{alive: make([]bool, d), votes: make([][]int, d)}
	for j, v := range columnVariances(x, n, d) {
		m.std = append(m.std, math.Sqrt(v))
		m.alive[j] = v > 0 && v >= unused
		m.votes[j] = make([]int, factors)
	}
	return m
}

// columnVariances returns the unbiased variances of the columns of x (n, d).
func columnVariances(x []float64, n, d int) []float64 {
	r := make([]float64, d)
	for j := range r {
		var sum, squares float64
		for i := range n {
			sum += x[i*d+j]
		}
		for i := range n {
			v := x[i*d+j] - sum/float64(n)
			squares += v * v
		}
		r[j] = squares / float64(n-1)
	}
	return r
}

// Add takes representations z (L, D) of samples (64 in published code) that share the value of one factor, all others random, and counts
// the dimension whose variance, by that over the data, is least, for the factor. It panics with ErrIndex when there is no such factor and
// with ErrShape when the shape does not fit.
func (m *FactorVAEScore) Add(z *tensor.Tensor, factor int) {
	const op = "factor_vae_score"
	x, n, d := features(op, "representations", z)
	if n < 2 || d != len(m.std) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{z.Shape()}, "the representations must be (L, %d) of two samples at least", len(m.std))
	}
	if factor < 0 || factor >= len(m.votes[0]) {
		tensor.Fail(op, tensor.ErrIndex, nil, "factor %d is not in [0, %d)", factor, len(m.votes[0]))
	}
	least, at := math.Inf(1), -1
	for j, v := range columnVariances(x, n, d) {
		if v /= m.std[j] * m.std[j]; m.alive[j] && v < least {
			least, at = v, j
		}
	}
	if at >= 0 {
		m.votes[at][factor]++
	}
}

// Merge adds the votes of o, made from the same data. It panics with ErrShape unless dimensions and factors are as many.
func (m *FactorVAEScore) Merge(o *FactorVAEScore) {
	sameLength("factor_vae_score", len(m.votes), len(o.votes))
	sameLength("factor_vae_score", len(m.votes[0]), len(o.votes[0]))
	for j, row := range o.votes {
		for k, n := range row {
			m.votes[j][k] += n
		}
	}
}

// Value returns the accuracy of the majority-vote classifier: the share of votes that are for the factor that most votes of their
// dimension are for. Chance is about one in the number of factors; 1 is best. NaN without votes, and 0 when every dimension is unused.
func (m *FactorVAEScore) Value() float64 {
	var right, n int
	any := false
	for j, row := range m.votes {
		any = any || m.alive[j]
		most := 0
		for _, v := range row {
			most = max(most, v)
			n += v
		}
		right += most
	}
	if !any {
		return 0
	}
	return float64(right) / float64(n)
}

// Votes returns a copy of the votes, by dimension and factor.
func (m *FactorVAEScore) Votes() [][]int {
	r := make([][]int, len(m.votes))
	for j, row := range m.votes {
		r[j] = append([]int(nil), row...)
	}
	return r
}
