package metrics

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/tensor"
)

// InceptionScore returns e^{E_x KL(p(y|x) ‖ p(y))} of class probabilities p(y|x) (N, C) that a classifier gives to generated samples, p(y)
// their mean (T. Salimans et al., 2016): from 1, when all look alike or like nothing, to C. The samples are cut, in order, into splits
// (10 in the paper); mean and standard deviation are over them. It panics with ErrValue on what is no distribution and unless 1 <= splits
// <= N.
func InceptionScore(p *tensor.Tensor, splits int) (mean, std float64) {
	const op = "inception_score"
	_, n, c := features(op, "probabilities", p)
	x, _, _, _ := probabilities(op, p, tensor.With(tensor.Int64).Zeros(n))
	if splits < 1 || splits > n {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{p.Shape()}, "%d splits of %d samples", splits, n)
	}
	scores := make([]float64, splits)
	for s := range scores {
		from, to := n*s/splits, n*(s+1)/splits
		marginal := make([]float64, c)
		for i := from; i < to; i++ {
			for k := range c {
				marginal[k] += x[i*c+k] / float64(to-from)
			}
		}
		var kl float64
		for i := from; i < to; i++ {
			for k, q := range marginal {
				if v := x[i*c+k]; v > 0 {
					kl += v * math.Log(v/q)
				}
			}
		}
		scores[s] = math.Exp(kl / float64(to-from))
		mean += scores[s] / float64(splits)
	}
	for _, v := range scores {
		std += (v - mean) * (v - mean) / float64(splits)
	}
	return mean, math.Sqrt(std)
}

// Moments accumulates mean and covariance of feature vectors. The zero value is empty.
type Moments struct {
	n       int
	mean    *tensor.Tensor // (D,) Float64
	scatter *tensor.Tensor // (D, D) Float64: Σ (x − mean)(x − mean)ᵀ
}

// Add takes features (N, D). It panics with ErrShape when D changes.
func (m *Moments) Add(x *tensor.Tensor) {
	_, n, _ := features("moments", "features", x)
	if n == 0 {
		return
	}
	x = x.Detach().To(tensor.Float64)
	mu := x.Mean(0)
	centred := x.Sub(mu)
	m.Merge(&Moments{n, mu, centred.T().MatMul(centred)})
}

// Merge adds what o holds (Chan, Golub and LeVeque, 1979). It panics with ErrShape when D differs.
func (m *Moments) Merge(o *Moments) {
	if o.n == 0 {
		return
	}
	if m.n == 0 {
		*m = *o
		return
	}
	if m.mean.Shape() != o.mean.Shape() {
		tensor.Fail("moments", tensor.ErrShape, []tensor.Shape{m.mean.Shape(), o.mean.Shape()}, "features must all have one length")
	}
	a, b := float64(m.n), float64(o.n)
	step := o.mean.Sub(m.mean)
	m.scatter = m.scatter.Add(o.scatter).Add(step.Outer(step).MulScalar(a * b / (a + b)))
	m.mean = m.mean.Add(step.MulScalar(b / (a + b)))
	m.n += o.n
}

// Count returns the number of vectors.
func (m *Moments) Count() int { return m.n }

// Mean returns the mean (D,), Float64; nil of nothing.
func (m *Moments) Mean() *tensor.Tensor { return m.mean }

// Covariance returns the unbiased covariance (D, D), Float64, by N − 1: NaN of one vector, nil of none.
func (m *Moments) Covariance() *tensor.Tensor {
	if m.n == 0 {
		return nil
	}
	return m.scatter.DivScalar(float64(m.n - 1))
}

// FrechetDistance returns ‖μ_a − μ_b‖² + tr(Σ_a + Σ_b − 2(Σ_a Σ_b)^½) of two sets of features, the squared Fréchet distance of normal
// distributions with their moments (D. Dowson and B. Landau, 1982). With features of an Inception network it is the FID (M. Heusel et al.,
// 2017), which is biased by the number of samples: compare equal numbers. Covariances may be singular, as those of fewer samples than
// dimensions are. It returns an error when a set has fewer than two vectors or holds NaN or infinities, and panics with ErrShape when
// lengths differ.
func FrechetDistance(a, b *Moments) (float64, error) {
	if a.n < 2 || b.n < 2 {
		return 0, fmt.Errorf("the Fréchet distance needs two samples of either kind at least, not %d and %d", a.n, b.n)
	}
	if a.mean.Shape() != b.mean.Shape() {
		tensor.Fail("frechet_distance", tensor.ErrShape, []tensor.Shape{a.mean.Shape(), b.mean.Shape()}, "features must all have one length")
	}
	ca, cb := a.Covariance(), b.Covariance()
	// (Σ_a Σ_b)^½ has the trace of (R Σ_b R)^½, R = Σ_a^½, which is symmetric.
	root, err := linalg.SqrtM(ca)
	if err != nil {
		return 0, fmt.Errorf("covariance of the first features: %w", err)
	}
	inner := root.MatMul(cb).MatMul(root)
	w, err := linalg.Eigvalsh(inner.Add(inner.T()).MulScalar(0.5))
	if err != nil {
		return 0, fmt.Errorf("covariance of the second features: %w", err)
	}
	trace := ca.Diagonal(0, 0, 1).Sum().Item() + cb.Diagonal(0, 0, 1).Sum().Item()
	for _, v := range w.Floats() {
		trace -= 2 * math.Sqrt(max(0, v)) // below zero by rounding alone
	}
	return a.mean.Sub(b.mean).Square().Sum().Item() + trace, nil
}

// FID is FrechetDistance of two sets of features, (N, D) and (M, D).
func FID(real, generated *tensor.Tensor) (float64, error) {
	var a, b Moments
	a.Add(real)
	b.Add(generated)
	return FrechetDistance(&a, &b)
}

// Coverage is which modes of a known mixture samples reach.
type Coverage struct {
	Modes       int     // with at least one sample
	HighQuality float64 // share of samples near a mode
	Counts      []int   // samples near each mode
}

// ModeCoverage counts samples (N, D) within radius, three standard deviations of a mode in most papers (A. Srivastava et al.: "VEEGAN",
// 2017), of the nearest of the centres (K, D). It panics with ErrShape when the shapes do not fit. A NaN is near nothing.
func ModeCoverage(samples, centres *tensor.Tensor, radius float64) Coverage {
	const op = "mode_coverage"
	x, n, d := features(op, "samples", samples)
	c, k, dc := features(op, "centres", centres)
	if d != dc {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{samples.Shape(), centres.Shape()}, "samples and centres must have as many columns")
	}
	r := Coverage{Counts: make([]int, k)}
	for i := range n {
		nearest, at := math.Inf(1), -1
		for j := range k {
			if v := squaredDistance(x[i*d:(i+1)*d], c[j*d:(j+1)*d]); v < nearest {
				nearest, at = v, j
			}
		}
		if at >= 0 && math.Sqrt(nearest) <= radius {
			if r.Counts[at]++; r.Counts[at] == 1 {
				r.Modes++
			}
			r.HighQuality++
		}
	}
	r.HighQuality /= float64(n)
	return r
}

func squaredDistance(a, b []float64) (s float64) {
	for i, v := range a {
		s += (v - b[i]) * (v - b[i])
	}
	return s
}

// Parzen returns ln p(x), in nats, of each of the points (M, D) under the Parzen window of samples (N, D), a mixture of normal
// distributions with standard deviation sigma at each (I. Goodfellow et al., 2014; its failings: L. Theis et al., 2016):
//
//	ln 1/N Σ_i e^{−‖x − s_i‖²/2σ²} − D/2 ln 2πσ²
//
// Their mean is the log-likelihood; choose sigma on validation data. It panics with ErrShape when the shapes do not fit and with ErrValue
// unless sigma is positive.
func Parzen(samples, points *tensor.Tensor, sigma float64) []float64 {
	const op = "parzen"
	columns(op, samples, points)
	n, d, m := samples.Dim(0), samples.Dim(1), points.Dim(0)
	if n == 0 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{samples.Shape(), points.Shape()}, "there must be a sample")
	}
	if !(sigma > 0) {
		tensor.Fail(op, tensor.ErrValue, nil, "sigma is %v, must be positive", sigma)
	}
	s, x := samples.Detach().To(tensor.Float64), points.Detach().To(tensor.Float64)
	var r []float64
	block := max(1, 1<<22/n) // points at a time, to bound memory
	for i := 0; i < m; i += block {
		near := tensor.Cdist(x.Slice(0, i, min(i+block, m), 1), s, 2).Square().MulScalar(-1 / (2 * sigma * sigma)).LogSumExp(1)
		r = append(r, near.SubScalar(math.Log(float64(n))+float64(d)/2*math.Log(2*math.Pi*sigma*sigma)).Floats()...)
	}
	return r
}
