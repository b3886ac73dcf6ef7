package linear

import (
	"errors"
	"math"

	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/tensor"
)

// GaussianClassifierConfig configures a GaussianClassifier. Zero fields mean the defaults.
type GaussianClassifierConfig struct {
	// SharedCovariance gives all classes one covariance, so that boundaries are linear: linear discriminant analysis. Otherwise each has its
	// own: quadratic discriminant analysis.
	SharedCovariance bool
	Priors           []float64 // P(class), in the order of Classes; default their fractions of the training data
	// Shrinkage mixes the covariance with a multiple of the identity of the same trace: (1 - s) Σ + s tr(Σ)/D I, 0 <= s <= 1. Above 0 it makes
	// a singular covariance regular.
	Shrinkage float64
	// Unbiased divides the scatter of a class by N_k - 1, as scikit-learn's QDA does, and that shared by N - K, instead of by N_k and N, which
	// is maximum likelihood.
	Unbiased bool
}

// GaussianClassifier models each class by a normal distribution and decides by Bayes' rule (R. A. Fisher, 1936; C. Bishop 2006, §4.2):
//
//	P(k | x) = P(x | k) P(k) / Σ_j P(x | j) P(j),  P(x | k) = N(x; μ_k, Σ_k)
//
// The parameters are those of maximum likelihood: means and covariances of the classes, or the covariances' average, weighted by the
// sizes of the classes.
type GaussianClassifier struct {
	GaussianClassifierConfig
	Classes    []int64
	Prior      *tensor.Tensor // (K,)
	Mean       *tensor.Tensor // (K, D)
	Covariance *tensor.Tensor // (K, D, D), or (1, D, D) if shared
	factor     *tensor.Tensor // lower triangular L of each Covariance = L Lᵀ
}

// NewGaussianClassifier returns a model that is not fitted. It panics unless Shrinkage is from 0 to 1 and Priors are positive and sum
// to 1.
func NewGaussianClassifier(cfg GaussianClassifierConfig) *GaussianClassifier {
	const op = "NewGaussianClassifier"
	if !(cfg.Shrinkage >= 0 && cfg.Shrinkage <= 1) {
		tensor.Fail(op, tensor.ErrValue, nil, "Shrinkage is %v; give a number from 0 to 1", cfg.Shrinkage)
	}
	checkPriors(op, cfg.Priors)
	return &GaussianClassifier{GaussianClassifierConfig: cfg}
}

func checkPriors(op string, priors []float64) {
	sum := 0.0
	for _, p := range priors {
		sum += p
		if !(p > 0) {
			sum = math.NaN()
		}
	}
	if priors != nil && !(math.Abs(sum-1) < 1e-6) {
		tensor.Fail(op, tensor.ErrValue, nil, "Priors are %v; give positive numbers whose sum is 1", priors)
	}
}

// Fit learns from the rows of x (N, D) and their class numbers y (N,) int64. It returns an error for rows that are not finite, for fewer
// than two classes, and ErrSingular when a covariance is singular, which names the first column that the columns before it determine:
// a class needs more rows than there are features, or Shrinkage. It panics if Priors has another length than there are classes.
func (g *GaussianClassifier) Fit(x, y *tensor.Tensor) error {
	const op = "GaussianClassifier.Fit"
	m, err := labelledData(op, x, y)
	if err != nil {
		return err
	}
	k, d := len(m.classes), m.d
	prior := priorsOf(op, m, g.Priors)
	mean := classMeans(m)
	scatter := make([]float64, k*d*d)
	centred := make([]float64, d)
	size := make([]float64, d) // largest |x| of each column
	for i, c := range m.y {
		mu, s := mean[c*d:(c+1)*d], scatter[c*d*d:(c+1)*d*d]
		for j, v := range m.row(i) {
			centred[j] = v - mu[j]
			size[j] = max(size[j], math.Abs(v))
		}
		for a, v := range centred {
			axpy(v, centred, s[a*d:(a+1)*d])
		}
	}
	counts, groups := m.counts, k
	if g.SharedCovariance {
		for c := 1; c < k; c++ {
			axpy(1, scatter[c*d*d:(c+1)*d*d], scatter[:d*d])
		}
		scatter, counts, groups = scatter[:d*d], []int{m.n}, 1
	}
	factors := make([]*tensor.Tensor, groups)
	for c, n := range counts {
		if g.Unbiased {
			n -= k / groups
		}
		s := scatter[c*d*d : (c+1)*d*d]
		if n < 1 {
			return fitError(op, ErrSingular, "class %d has %d row(s), too few for a covariance", m.classes[c], m.counts[c])
		}
		trace := 0.0
		for i := range s {
			s[i] /= float64(n)
			if i%(d+1) == 0 {
				trace += s[i]
			}
		}
		for i := range s {
			s[i] *= 1 - g.Shrinkage
			if i%(d+1) == 0 {
				s[i] += g.Shrinkage * trace / float64(d)
			}
		}
		l, column, err := factorCovariance(s, size)
		if err != nil {
			whose := "the shared covariance"
			if !g.SharedCovariance {
				whose = "the covariance of a class"
			}
			return fitError(op, ErrSingular, "%s (%d rows, class %d first) is singular: column %d is constant or determined by the columns before it; drop it, or give Shrinkage",
				whose, counts[c], m.classes[c], column)
		}
		factors[c] = l
	}
	g.Classes, g.Prior, g.Mean = m.classes, tensor.Of(prior, k), tensor.Of(mean, k, d)
	g.Covariance, g.factor = tensor.Of(scatter, groups, d, d), tensor.Stack(0, factors...)
	return nil
}

// priorsOf returns the given priors, or the fractions of the classes.
func priorsOf(op string, m *labelled, given []float64) []float64 {
	k := len(m.classes)
	if given != nil && len(given) != k {
		tensor.Fail(op, tensor.ErrValue, nil, "there are %d Priors and %d classes in y; give one for each", len(given), k)
	}
	if given != nil {
		return append([]float64(nil), given...)
	}
	p := make([]float64, k)
	for c, n := range m.counts {
		p[c] = float64(n) / float64(m.n)
	}
	return p
}

// classMeans returns the means (K, D).
func classMeans(m *labelled) []float64 {
	mean := make([]float64, len(m.classes)*m.d)
	for i, c := range m.y {
		axpy(1/float64(m.counts[c]), m.row(i), mean[c*m.d:(c+1)*m.d])
	}
	return mean
}

// factorCovariance returns the Cholesky factor L of a covariance, or an error and the column whose deviation is under 1e-10 of its size, or
// whose variance given the columns before it is under 1e-10 of its variance: 1 - R², the squared pivots of the correlation matrix.
func factorCovariance(s, size []float64) (l *tensor.Tensor, column int, err error) {
	d := len(size)
	deviation := make([]float64, d)
	correlation := make([]float64, d*d)
	for i := range d {
		deviation[i] = math.Sqrt(s[i*d+i])
		if !(deviation[i] > 1e-10*size[i]) {
			return nil, i, linalg.ErrSingular
		}
	}
	for i := range d {
		for j := range d {
			correlation[i*d+j] = s[i*d+j] / (deviation[i] * deviation[j])
		}
	}
	// Column by column: a failure of linalg.Cholesky would not say how near a matrix is to singular.
	f := make([]float64, d*d)
	for j := range d {
		pivot := correlation[j*d+j] - dot(f[j*d:j*d+j], f[j*d:])
		if !(pivot > 1e-10) {
			return nil, j, linalg.ErrSingular
		}
		f[j*d+j] = math.Sqrt(pivot)
		for i := j + 1; i < d; i++ {
			f[i*d+j] = (correlation[i*d+j] - dot(f[i*d:i*d+j], f[j*d:])) / f[j*d+j]
		}
	}
	for i := range d {
		for j := range d {
			f[i*d+j] *= deviation[i]
		}
	}
	return tensor.Of(f, d, d), 0, nil
}

// JointLogLikelihood returns log P(x | k) P(k), (N, K) float64, for the rows of x (N, D).
func (g *GaussianClassifier) JointLogLikelihood(x *tensor.Tensor) *tensor.Tensor {
	const op = "JointLogLikelihood"
	checkFitted(op, x, g.Mean)
	d := x.Dim(1)
	x = x.Detach().To(tensor.Float64)
	columns := make([]*tensor.Tensor, len(g.Classes))
	for k := range columns {
		l := g.factor.Select(0, min(k, g.factor.Dim(0)-1))
		// |L⁻¹(x - μ)|² = (x - μ)ᵀ Σ⁻¹ (x - μ) without an inverse.
		white := linalg.Must(linalg.SolveTriangular(l, x.Sub(g.Mean.Select(0, k)).T(), linalg.SolveTriangularConfig{}))
		logDet := 2 * l.Diagonal(0, 0, 1).Log().Sum().Item()
		columns[k] = white.Square().Sum(0).MulScalar(-0.5).AddScalar(-0.5*logDet - float64(d)/2*math.Log(2*math.Pi) + math.Log(g.Prior.Select(0, k).Item()))
	}
	return tensor.Stack(1, columns...)
}

// PredictProba returns P(k | x), (N, K) in the dtype of x: column k is Classes[k].
func (g *GaussianClassifier) PredictProba(x *tensor.Tensor) *tensor.Tensor {
	return g.JointLogLikelihood(x).Softmax(1).To(x.DType())
}

// DecisionFunction returns, for two classes, log P(Classes[1] | x) / P(Classes[0] | x), (N,), and for more the JointLogLikelihood, (N, K),
// in the dtype of x.
func (g *GaussianClassifier) DecisionFunction(x *tensor.Tensor) *tensor.Tensor {
	return logOdds(g.JointLogLikelihood(x)).To(x.DType())
}

func logOdds(z *tensor.Tensor) *tensor.Tensor {
	if z.Dim(1) == 2 {
		return z.Select(1, 1).Sub(z.Select(1, 0))
	}
	return z
}

// Predict returns the classes (N,) int64 of the highest probability.
func (g *GaussianClassifier) Predict(x *tensor.Tensor) *tensor.Tensor {
	return decide(g.Classes, g.JointLogLikelihood(x))
}

// Score returns the accuracy on rows x (N, D) of classes y (N,).
func (g *GaussianClassifier) Score(x, y *tensor.Tensor) float64 { return accuracy(g.Predict(x), y) }

// Linear returns the boundary as a linear classifier: with a shared covariance the quadratic terms of the classes cancel and, for two,
// P(Classes[1] | x) = σ(w·x + b) with
//
//	w = Σ⁻¹ (μ₁ - μ₀),  b = -½ μ₁ᵀ Σ⁻¹ μ₁ + ½ μ₀ᵀ Σ⁻¹ μ₀ + log P(1) / P(0)
//
// for K > 2 the probabilities are the softmax of w_k·x + b_k, w_k = Σ⁻¹ μ_k and b_k = -½ μ_kᵀ w_k + log P(k). It returns an error unless
// the model is fitted with SharedCovariance.
func (g *GaussianClassifier) Linear() (*LinearClassifier, error) {
	if !g.SharedCovariance || g.Mean == nil {
		return nil, errors.New("GaussianClassifier.Linear: boundaries are linear only with SharedCovariance; fit with it")
	}
	w := linalg.Must(linalg.CholeskySolve(g.Mean.T(), g.factor.Select(0, 0))).T().Contiguous()
	b := w.Mul(g.Mean).Sum(1).MulScalar(-0.5).Add(g.Prior.Log())
	if len(g.Classes) == 2 {
		w, b = w.Narrow(0, 1, 1).Sub(w.Narrow(0, 0, 1)), b.Narrow(0, 1, 1).Sub(b.Narrow(0, 0, 1))
	}
	return &LinearClassifier{Classes: g.Classes, Coef: w, Intercept: b}, nil
}
