package linear

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// RidgeConfig are the options of Ridge.
type RidgeConfig struct {
	Alpha       *float64 // α >= 0, the strength of the penalty; nil is 1
	NoIntercept bool     // fixes b at 0
}

// Ridge is least squares with an L2 penalty on the coefficients, not on the intercept (Hoerl and Kennard, 1970). It minimises
//
//	Σ (y - w·x - b)² + α ‖w‖²
//
// where ‖w‖² = Σ w_j² is the squared norm: w = (XᵀX + αI)⁻¹ Xᵀy of centred data. The penalty depends on the units of the features;
// StandardScaler makes them equal. With the loss ½ Σ (…)² and the penalty ½ λ ‖w‖² it is λ = α; as the maximum a posteriori of Gaussian
// noise of variance σ² and Gaussian coefficients of variance τ², α = σ²/τ². With α = 0 it is LinearRegression; as α grows, w goes to 0 and
// b to the mean of y.
type Ridge struct {
	Regressor

	cfg RidgeConfig
}

// NewRidge returns a model to be fitted. It panics with ErrValue when α is negative or not finite.
func NewRidge(cfg RidgeConfig) *Ridge {
	cfg.Alpha = orDefault(cfg.Alpha, 1)
	if !(*cfg.Alpha >= 0 && *cfg.Alpha <= math.MaxFloat64) {
		tensor.Fail("ridge", tensor.ErrValue, nil, "Alpha is %v, must be finite and not negative", *cfg.Alpha)
	}
	return &Ridge{cfg: cfg}
}

// Fit learns from rows x (N, D) and targets y (N,). NaN or infinite data is an ErrNotFinite, no data an ErrNoSamples.
func (m *Ridge) Fit(x, y *tensor.Tensor) error {
	const op = "ridge"
	p, f, err := newFactors(op, x, y, m.cfg.NoIntercept)
	if err != nil {
		return err
	}
	m.Regressor = p.model(f.solve(*m.cfg.Alpha))
	return nil
}

// Path is a model for each of K strengths of a penalty: the lines of a plot of coefficients over α.
type Path struct {
	Alphas    []float64      // (K,)
	Coef      *tensor.Tensor // (K, D), float64
	Intercept *tensor.Tensor // (K,), float64
	// LeaveOneOut are the residuals (K, N) y_i - ŷ_i where ŷ_i is predicted by the model that is fitted without sample i; nil for lasso.
	LeaveOneOut *tensor.Tensor
}

// Model returns model k.
func (p *Path) Model(k int) *Regressor {
	return &Regressor{p.Coef.Select(0, k), p.Intercept.Select(0, k)}
}

// stack makes tensors of models.
func (p *Path) stack(models []Regressor) {
	var w, b []*tensor.Tensor
	for _, m := range models {
		w, b = append(w, m.Coef), append(b, m.Intercept)
	}
	p.Coef, p.Intercept = tensor.Stack(0, w...), tensor.Stack(0, b...)
}

// RidgePath fits Ridge for each of alphas (α >= 0) from one decomposition, with the leave-one-out residuals of each: e_i / (1 - h_ii), h
// being the hat matrix that takes y to ŷ, need no further fits (Allen, 1974). A sample that alone determines a coefficient, h_ii = 1, has
// the residual NaN. Alpha of cfg is not used. The errors are those of Fit. It panics with ErrValue when alphas is empty or holds a negative
// number.
func RidgePath(x, y *tensor.Tensor, alphas []float64, cfg RidgeConfig) (*Path, error) {
	const op = "ridge path"
	if len(alphas) == 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "alphas is empty: give at least one")
	}
	for _, a := range alphas {
		if !(a >= 0 && a <= math.MaxFloat64) {
			tensor.Fail(op, tensor.ErrValue, nil, "alphas holds %v; they must be finite and not negative", a)
		}
	}
	p, f, err := newFactors(op, x, y, cfg.NoIntercept)
	if err != nil {
		return nil, err
	}
	mean := 1 / float64(x.Dim(0)) // what the intercept adds to h_ii
	if cfg.NoIntercept {
		mean = 0
	}
	path := &Path{Alphas: append([]float64(nil), alphas...)}
	var models []Regressor
	var loo []*tensor.Tensor
	for _, a := range alphas {
		w := f.solve(a)
		models = append(models, p.model(w))
		free := f.u.Square().MatMul(f.shrink(a)).AddScalar(mean).RSubScalar(1) // 1 - h_ii
		free = tensor.Where(free.GtScalar(1e-10), free, tensor.FullLike(free, nan))
		loo = append(loo, p.y.Sub(p.x.MatMul(w)).Div(free))
	}
	path.stack(models)
	path.LeaveOneOut = tensor.Stack(0, loo...)
	return path, nil
}
