package linear

import (
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/tensor"
)

// Regressor predicts numbers by a linear function of the features, ŷ = x·w + b. LinearRegression, Ridge, Lasso and ElasticNet learn one.
type Regressor struct {
	Coef      *tensor.Tensor // w (D,), float64; nil before Fit
	Intercept *tensor.Tensor // b (), float64
}

// Predict returns ŷ (N,) of the rows of x (N, D), in the dtype of x.
func (m *Regressor) Predict(x *tensor.Tensor) *tensor.Tensor {
	return affine("predict", x, m.Coef, m.Intercept)
}

// Score returns the coefficient of determination R² = 1 - Σ(y - ŷ)² / Σ(y - mean y)² on rows x (N, D) with targets y (N,): 1 for perfect
// predictions, 0 for those as good as the mean. For constant y it is 1 if all predictions are right and 0 if not; of fewer than two samples
// NaN.
func (m *Regressor) Score(x, y *tensor.Tensor) float64 {
	checkTargets("score", y, x.Dim(0))
	return r2(m.Predict(x).Floats(), y.Floats())
}

func r2(pred, y []float64) float64 {
	if len(y) < 2 {
		return nan
	}
	var mean, res, tot float64
	for _, v := range y {
		mean += (v - y[0]) / float64(len(y)) // exact for constant y
	}
	mean += y[0]
	for i, v := range y {
		res += (v - pred[i]) * (v - pred[i])
		tot += (v - mean) * (v - mean)
	}
	switch {
	case tot != 0:
		return 1 - res/tot
	case res == 0:
		return 1
	}
	return 0
}

// LinearRegressionConfig are the options of LinearRegression.
type LinearRegressionConfig struct {
	NoIntercept bool // fixes b at 0
}

// LinearRegression is ordinary least squares (Legendre, 1805; Gauss, 1809): the w and b that minimise
//
//	Σ (y - w·x - b)²
//
// over the samples, by QR and singular values of the centred features. Where several do, for linearly dependent or constant columns or
// fewer samples than features, it takes the w of least norm, as LAPACK's gelsd and scikit-learn do; Rank tells. A constant column gets the
// coefficient 0.
type LinearRegression struct {
	Regressor
	Rank     int            // of the centred features: below D, the solution is one of many
	Singular *tensor.Tensor // singular values of the centred features (min(N, D),), in descending order

	cfg LinearRegressionConfig
}

// NewLinearRegression returns a model to be fitted.
func NewLinearRegression(cfg LinearRegressionConfig) *LinearRegression {
	return &LinearRegression{cfg: cfg}
}

// Fit learns from rows x (N, D) and targets y (N,). NaN or infinite data is an ErrNotFinite, no data an ErrNoSamples.
func (m *LinearRegression) Fit(x, y *tensor.Tensor) error {
	const op = "linear regression"
	p, f, err := newFactors(op, x, y, m.cfg.NoIntercept)
	if err != nil {
		return err
	}
	m.Regressor = p.model(f.solve(0))
	m.Rank, m.Singular = f.rank(), f.s
	return nil
}

// problem is data to be fitted, in float64; unless there is no intercept, centred, so that the intercept takes no part.
type problem struct {
	x, y   *tensor.Tensor // (N, D), (N,)
	mx, my *tensor.Tensor // means (D,), () that were subtracted; 0 without an intercept
}

func newProblem(op string, x, y *tensor.Tensor, noIntercept bool) (p problem, err error) {
	if p.x, err = samples(op, x); err != nil {
		return p, err
	}
	if p.y, err = targets(op, y, x.Dim(0)); err != nil {
		return p, err
	}
	if noIntercept {
		p.mx, p.my = tensor.ZerosLike(p.x.Select(0, 0)), tensor.ZerosLike(p.y.Select(0, 0))
		return p, nil
	}
	p.x, p.mx = center(p.x)
	p.y, p.my = center(p.y)
	return p, nil
}

// center returns x without its mean along the first axis, and the mean. Constants become exactly zero.
func center(x *tensor.Tensor) (centered, mean *tensor.Tensor) {
	first := x.Select(0, 0)
	x = x.Sub(first)
	mean = x.Mean(0)
	return x.Sub(mean), mean.Add(first)
}

// model returns the regressor with the coefficients w and the intercept mean y - w·mean x.
func (p problem) model(w *tensor.Tensor) Regressor {
	return Regressor{Coef: w, Intercept: p.my.Sub(p.mx.Mul(w).Sum())}
}

// factors are the singular value decomposition of a problem's features, X = U diag(s) Vh, and Uᵀy.
type factors struct{ u, s, vh, uty *tensor.Tensor }

// newFactors decomposes the problem that newProblem makes.
func newFactors(op string, x, y *tensor.Tensor, noIntercept bool) (p problem, f factors, err error) {
	if p, err = newProblem(op, x, y, noIntercept); err != nil {
		return p, f, err
	}
	if f.u, f.s, f.vh, err = thinSVD(p.x); err != nil {
		return p, f, fitError(op, err, "the features cannot be decomposed")
	}
	f.uty = f.u.T().MatMul(p.y)
	return p, f, nil
}

// thinSVD is linalg.SVD, of R in x = Q R where that is smaller.
func thinSVD(x *tensor.Tensor) (u, s, vh *tensor.Tensor, err error) {
	if x.Dim(0) <= x.Dim(1) {
		return linalg.SVD(x, false)
	}
	q, r, err := linalg.QR(x, linalg.QRReduced)
	if err != nil {
		return nil, nil, nil, err
	}
	if u, s, vh, err = linalg.SVD(r, false); err != nil {
		return nil, nil, nil, err
	}
	return q.MatMul(u), s, vh, nil
}

// tolerance is what singular values count as zero up to.
func (f factors) tolerance() float64 {
	return float64(max(f.u.Dim(0), f.vh.Dim(1))) * 0x1p-52 * f.s.Max().Item()
}

func (f factors) rank() int {
	return int(f.s.GtScalar(f.tolerance()).To(tensor.Int64).Sum().Item())
}

// shrink returns s² / (s² + alpha), 0 for singular values that count as zero.
func (f factors) shrink(alpha float64) *tensor.Tensor {
	s2 := f.s.Square()
	return tensor.Where(f.s.GtScalar(f.tolerance()), s2.Div(s2.AddScalar(alpha)), tensor.ZerosLike(s2))
}

// solve returns the w (D,) of least norm that minimises ‖y - Xw‖² + alpha ‖w‖²: V diag(s / (s² + alpha)) Uᵀy.
func (f factors) solve(alpha float64) *tensor.Tensor {
	inverse := tensor.Where(f.s.GtScalar(f.tolerance()), f.s.Reciprocal(), tensor.ZerosLike(f.s))
	return f.shrink(alpha).Mul(inverse).Mul(f.uty).MatMul(f.vh)
}
