package prob

import (
	"cmp"
	"math"
	"slices"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Categorical is class k of K with probability softmax(logits)_k. Draws are Int64 classes.
type Categorical struct {
	scalars
	k      int
	Logits *tensor.Tensor // (batch..., K), normalised: ln of the probabilities
}

// NewCategorical returns the distribution with probabilities proportional to weights (batch..., K). It panics with ErrValue when a
// weight is negative or not finite or all of a distribution are 0.
func NewCategorical(weights *tensor.Tensor) *Categorical {
	s, k := lastDimension("categorical", weights, 1)
	require("categorical", "the weights", "at least 0 and finite", weights, func(v float64) bool { return v >= 0 && finite(v) })
	total := weights.SumKeepdim(-1)
	require("categorical", "the weights' sum", "positive", total, positive)
	return &Categorical{s, k, weights.Div(total).Log()}
}

// NewCategoricalLogits returns the distribution with probabilities softmax(logits) over the last dimension. It panics with
// ErrValue when a logit is NaN or +∞ or all of a distribution are −∞.
func NewCategoricalLogits(logits *tensor.Tensor) *Categorical {
	s, k := lastDimension("categorical", logits, 1)
	require("categorical", "the logits", "a number below +∞", logits, func(v float64) bool { return v < math.Inf(1) })
	z := logits.LogSumExpKeepdim(-1)
	require("categorical", "the logits' logsumexp", "finite", z, finite)
	return &Categorical{s, k, logits.Sub(z)}
}

// Probs returns the probabilities (batch..., K).
func (d *Categorical) Probs() *tensor.Tensor { return d.Logits.Exp() }

// Sample returns Int64 classes (n..., batch...).
func (d *Categorical) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return tensor.OfShape(d.classes(g, n), d.shape(n))
}

// classes inverts the cumulative probabilities at a uniform number.
func (d *Categorical) classes(g *random.Generator, n []int) []int64 {
	cum := d.Probs().Detach().Floats()
	for i := range cum {
		if i%d.k > 0 {
			cum[i] += cum[i-1]
		}
	}
	key, width := g.Next(), d.batch.Numel()
	c := make([]int64, d.shape(n).Numel())
	parallel.For(len(c), 1<<8, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := cum[i%width*d.k:][:d.k]
			s := key.Stream(i)
			u := s.Float64() * row[d.k-1] // below it, so that no class of probability 0 is drawn
			j, _ := slices.BinarySearchFunc(row, u, func(c, u float64) int {
				if c <= u {
					return -1
				}
				return 1
			})
			c[i] = int64(min(j, d.k-1))
		}
	})
	return c
}

// LogProb takes integer classes whose shape broadcasts against the batch. It panics with ErrIndex on a class outside [0, K).
func (d *Categorical) LogProb(x *tensor.Tensor) *tensor.Tensor {
	x = x.Detach().To(tensor.Int64)
	s, ok := tensor.Broadcast(x.Shape(), d.batch)
	if !ok {
		tensor.Fail("categorical", tensor.ErrShape, []tensor.Shape{x.Shape(), d.batch}, "the classes do not broadcast against the batch")
	}
	logits := d.Logits.ExpandTo(s.Insert(s.Rank(), d.k))
	return logits.Gather(-1, x.ExpandTo(s).Unsqueeze(-1)).Squeeze(-1)
}

// Mean is NaN: classes have no mean.
func (d *Categorical) Mean() *tensor.Tensor { return d.filled(math.NaN()) }

// Variance is NaN: classes have no variance.
func (d *Categorical) Variance() *tensor.Tensor { return d.filled(math.NaN()) }

// Entropy returns −Σ p ln p.
func (d *Categorical) Entropy() *tensor.Tensor {
	return product(d.Probs(), d.Logits).Sum(-1).Neg()
}

// OneHotCategorical is a Categorical whose draws are vectors (K,) with a 1 at the class and 0 elsewhere.
type OneHotCategorical struct{ *Categorical }

// NewOneHotCategorical is NewCategorical with one-hot draws.
func NewOneHotCategorical(weights *tensor.Tensor) OneHotCategorical {
	return OneHotCategorical{NewCategorical(weights)}
}

// NewOneHotCategoricalLogits is NewCategoricalLogits with one-hot draws.
func NewOneHotCategoricalLogits(logits *tensor.Tensor) OneHotCategorical {
	return OneHotCategorical{NewCategoricalLogits(logits)}
}

// Event returns (K,).
func (d OneHotCategorical) Event() tensor.Shape { return tensor.ShapeOf(d.k) }

// Sample implements Distribution.
func (d OneHotCategorical) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.Categorical.Sample(g, n...).OneHot(d.k).To(d.dtype)
}

// RSample returns Sample's draw with the gradient of the probabilities: straight-through (Bengio, Léonard and Courville, 2013).
func (d OneHotCategorical) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	x, p := d.Sample(g, n...), d.Probs()
	return x.Add(p.Sub(p.Detach()))
}

// LogProb takes one-hot vectors.
func (d OneHotCategorical) LogProb(x *tensor.Tensor) *tensor.Tensor {
	if _, ok := tensor.Broadcast(x.Shape(), d.Logits.Shape()); !ok || x.Rank() == 0 {
		tensor.Fail("one_hot_categorical", tensor.ErrShape, []tensor.Shape{x.Shape(), d.Logits.Shape()}, "the value does not broadcast against the logits")
	}
	return product(x.To(d.dtype), d.Logits).Sum(-1)
}

// Mean returns the probabilities.
func (d OneHotCategorical) Mean() *tensor.Tensor { return d.Probs() }

// Variance returns p(1−p).
func (d OneHotCategorical) Variance() *tensor.Tensor {
	p := d.Probs()
	return p.Mul(p.RSubScalar(1))
}

// GumbelSoftmax returns softmax((logits + G)/tau) over the last dimension, G Gumbel numbers: draws that become one-hot as tau
// goes to 0, differentiable by the logits (Jang, Gu and Poole; Maddison, Mnih and Teh, 2017). With hard the result is the
// one-hot vector of the largest element, with the soft one's gradient. It panics with ErrValue unless tau is positive.
func GumbelSoftmax(g *random.Generator, logits *tensor.Tensor, tau float64, hard bool) *tensor.Tensor {
	if !positive(tau) {
		tensor.Fail("gumbel_softmax", tensor.ErrValue, []tensor.Shape{logits.Shape()}, "the temperature is %v; it must be positive", tau)
	}
	s, k := lastDimension("gumbel_softmax", logits, 1)
	noise := scalars{logits.Shape(), s.dtype}.noise(g, nil, (*random.Stream).Gumbel)
	y := logits.Add(noise).DivScalar(tau).Softmax(-1)
	if !hard {
		return y
	}
	return y.Detach().ArgMax(-1).OneHot(k).To(s.dtype).Add(y.Sub(y.Detach()))
}

// Multinomial returns Int64 indices (batch..., n) drawn with probabilities proportional to weights (batch..., K): with
// replacement independently, without it each at most once, in the order of drawing (exponential races: Efraimidis and
// Spirakis, 2006). It panics with ErrValue on weights that NewCategorical refuses, and when n without replacement is more
// than the number of positive weights.
func Multinomial(g *random.Generator, weights *tensor.Tensor, n int, replacement bool) *tensor.Tensor {
	d := NewCategorical(weights)
	batch := d.batch.Numel()
	shape := d.batch.Insert(d.batch.Rank(), n)
	if replacement {
		wide := d.Logits.Unsqueeze(-2).ExpandTo(shape.Insert(shape.Rank(), d.k))
		return NewCategoricalLogits(wide).Sample(g)
	}
	w := weights.Detach().Floats()
	key := g.Next()
	out := make([]int64, 0, batch*n)
	for b := range batch {
		type runner struct {
			time float64
			k    int64
		}
		var race []runner
		for k, v := range w[b*d.k:][:d.k] {
			s := key.Stream(b*d.k + k)
			if v > 0 {
				race = append(race, runner{s.Exponential() / v, int64(k)})
			}
		}
		if n > len(race) {
			tensor.Fail("multinomial", tensor.ErrValue, []tensor.Shape{weights.Shape()}, "%d draws without replacement of %d positive weights", n, len(race))
		}
		slices.SortFunc(race, func(a, b runner) int {
			return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.k, b.k))
		})
		for _, r := range race[:n] {
			out = append(out, r.k)
		}
	}
	return tensor.OfShape(out, shape)
}
