package linear

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// GaussianNBConfig configures a GaussianNB. Zero fields mean the defaults.
type GaussianNBConfig struct {
	Priors       []float64 // P(class), in the order of Classes; default their fractions of the training data
	VarSmoothing float64   // this part of the largest variance of a feature is added to all; default 1e-9
}

// GaussianNB is naive Bayes with normal features: given the class they are independent,
//
//	P(x | k) = Π_j N(x_j; μ_kj, σ²_kj)
//
// which is a GaussianClassifier with diagonal covariances: 2 D parameters for a class instead of D (D + 3) / 2, so that few rows are enough.
type GaussianNB struct {
	GaussianNBConfig
	Classes  []int64
	Prior    *tensor.Tensor // (K,)
	Mean     *tensor.Tensor // (K, D)
	Variance *tensor.Tensor // (K, D), of maximum likelihood, smoothed
}

// NewGaussianNB returns a model that is not fitted. It panics unless VarSmoothing is positive and Priors are positive and sum to 1.
func NewGaussianNB(cfg GaussianNBConfig) *GaussianNB {
	checkPriors("NewGaussianNB", cfg.Priors)
	cfg.VarSmoothing = setting("NewGaussianNB", "VarSmoothing", cfg.VarSmoothing, 1e-9)
	return &GaussianNB{GaussianNBConfig: cfg}
}

// Fit learns from the rows of x (N, D) and their class numbers y (N,) int64. It returns an error for rows that are not finite, for fewer
// than two classes, and ErrSingular if all features are constant. It panics if Priors has another length than there are classes.
func (g *GaussianNB) Fit(x, y *tensor.Tensor) error {
	const op = "GaussianNB.Fit"
	m, err := labelledData(op, x, y)
	if err != nil {
		return err
	}
	k := len(m.classes)
	prior, mean := priorsOf(op, m, g.Priors), classMeans(m)
	variance := make([]float64, k*m.d)
	for i, c := range m.y {
		for j, v := range m.row(i) {
			v -= mean[c*m.d+j]
			variance[c*m.d+j] += v * v / float64(m.counts[c])
		}
	}
	smooth := g.VarSmoothing * m.t.Var(0, 0).Max().Item()
	if smooth == 0 {
		return fitError(op, ErrSingular, "all columns are constant: there is nothing to tell the classes by")
	}
	for i := range variance {
		variance[i] += smooth
	}
	g.Classes, g.Prior, g.Mean, g.Variance = m.classes, tensor.Of(prior, k), tensor.Of(mean, k, m.d), tensor.Of(variance, k, m.d)
	return nil
}

// JointLogLikelihood returns log P(x | k) P(k), (N, K) float64, for the rows of x (N, D).
func (g *GaussianNB) JointLogLikelihood(x *tensor.Tensor) *tensor.Tensor {
	const op = "JointLogLikelihood"
	checkFitted(op, x, g.Mean)
	x = x.Detach().To(tensor.Float64)
	columns := make([]*tensor.Tensor, len(g.Classes))
	for k := range columns {
		variance := g.Variance.Select(0, k)
		constant := math.Log(g.Prior.Select(0, k).Item()) - 0.5*variance.MulScalar(2*math.Pi).Log().Sum().Item()
		columns[k] = x.Sub(g.Mean.Select(0, k)).Square().Div(variance).Sum(1).MulScalar(-0.5).AddScalar(constant)
	}
	return tensor.Stack(1, columns...)
}

// PredictProba returns P(k | x), (N, K) in the dtype of x: column k is Classes[k].
func (g *GaussianNB) PredictProba(x *tensor.Tensor) *tensor.Tensor {
	return g.JointLogLikelihood(x).Softmax(1).To(x.DType())
}

// DecisionFunction returns, for two classes, log P(Classes[1] | x) / P(Classes[0] | x), (N,), and for more the JointLogLikelihood, (N, K),
// in the dtype of x.
func (g *GaussianNB) DecisionFunction(x *tensor.Tensor) *tensor.Tensor {
	return logOdds(g.JointLogLikelihood(x)).To(x.DType())
}

// Predict returns the classes (N,) int64 of the highest probability.
func (g *GaussianNB) Predict(x *tensor.Tensor) *tensor.Tensor {
	return decide(g.Classes, g.JointLogLikelihood(x))
}

// Score returns the accuracy on rows x (N, D) of classes y (N,).
func (g *GaussianNB) Score(x, y *tensor.Tensor) float64 { return accuracy(g.Predict(x), y) }
