package linear

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// LassoConfig are the options of Lasso.
type LassoConfig struct {
	Alpha       *float64 // α > 0, the strength of the penalty; nil is 1
	NoIntercept bool     // fixes b at 0
	Tol         float64  // the duality gap to stop at, relative to ½ Σ (y - mean y)² / N; 0 is 1e-8
	MaxSweeps   int      // most passes over the features; 0 is 10000
}

// Lasso is least squares with an L1 penalty on the coefficients, not on the intercept (Tibshirani, 1996). It minimises
//
//	1/(2N) Σ (y - w·x - b)² + α Σ |w_j|
//
// as scikit-learn states it: where the objective is ‖y - Xw‖² + λ ‖w‖₁, λ = 2 N α. Many coefficients are exactly 0. The penalty depends on
// the units of the features; StandardScaler makes them equal.
//
// It is fitted by cyclic coordinate descent, which stops by the duality gap: the objective is within Gap of its minimum (Friedman, Hastie
// and Tibshirani, 2010).
type Lasso struct {
	Regressor
	Sweeps int     // passes over the features that it took
	Gap    float64 // an upper bound of the objective's distance from its minimum

	cfg ElasticNetConfig
}

// NewLasso returns a model to be fitted. It panics with ErrValue on options out of range. For no penalty take LinearRegression.
func NewLasso(cfg LassoConfig) *Lasso {
	return &Lasso{cfg: ElasticNetConfig{cfg.Alpha, new(1.0), cfg.NoIntercept, cfg.Tol, cfg.MaxSweeps}.check("lasso")}
}

// Fit learns from rows x (N, D) and targets y (N,). NaN or infinite data is an ErrNotFinite, no data an ErrNoSamples; an ErrNotConverged
// says that MaxSweeps were too few.
func (m *Lasso) Fit(x, y *tensor.Tensor) error {
	r, sweeps, gap, err := m.cfg.fit("lasso", x, y)
	if err == nil {
		m.Regressor, m.Sweeps, m.Gap = r, sweeps, gap
	}
	return err
}

// ElasticNetConfig are the options of ElasticNet.
type ElasticNetConfig struct {
	Alpha       *float64 // α > 0, the strength of both penalties; nil is 1
	L1Ratio     *float64 // ρ, above 0 to 1: 1 is lasso; nil is 0.5
	NoIntercept bool     // fixes b at 0
	Tol         float64  // the duality gap to stop at, relative to ½ Σ (y - mean y)² / N; 0 is 1e-8
	MaxSweeps   int      // most passes over the features; 0 is 10000
}

// ElasticNet is least squares with an L1 and an L2 penalty on the coefficients, not on the intercept (Zou and Hastie, 2005). It minimises
//
//	1/(2N) Σ (y - w·x - b)² + α ρ Σ |w_j| + ½ α (1 - ρ) Σ w_j²
//
// as scikit-learn states it. Unlike lasso it gives correlated features similar coefficients and may choose more than N. Without the L1 part
// it would be Ridge with N α; it is fitted as Lasso is.
type ElasticNet struct {
	Regressor
	Sweeps int     // passes over the features that it took
	Gap    float64 // an upper bound of the objective's distance from its minimum

	cfg ElasticNetConfig
}

// NewElasticNet returns a model to be fitted. It panics with ErrValue on options out of range.
func NewElasticNet(cfg ElasticNetConfig) *ElasticNet {
	return &ElasticNet{cfg: cfg.check("elastic net")}
}

// Fit learns from rows x (N, D) and targets y (N,), with the errors of Lasso's.
func (m *ElasticNet) Fit(x, y *tensor.Tensor) error {
	r, sweeps, gap, err := m.cfg.fit("elastic net", x, y)
	if err == nil {
		m.Regressor, m.Sweeps, m.Gap = r, sweeps, gap
	}
	return err
}

// check returns the options with defaults filled in.
func (c ElasticNetConfig) check(op string) ElasticNetConfig {
	c.Alpha, c.L1Ratio = orDefault(c.Alpha, 1), orDefault(c.L1Ratio, 0.5)
	if c.Tol == 0 {
		c.Tol = 1e-8
	}
	if c.MaxSweeps == 0 {
		c.MaxSweeps = 10000
	}
	switch {
	case !(*c.Alpha > 0 && *c.Alpha <= math.MaxFloat64):
		tensor.Fail(op, tensor.ErrValue, nil, "Alpha is %v, must be positive and finite; LinearRegression has no penalty", *c.Alpha)
	case !(*c.L1Ratio > 0 && *c.L1Ratio <= 1):
		tensor.Fail(op, tensor.ErrValue, nil, "L1Ratio is %v, must be above 0 and at most 1; Ridge has the L2 penalty alone", *c.L1Ratio)
	case !(c.Tol > 0 && c.MaxSweeps > 0):
		tensor.Fail(op, tensor.ErrValue, nil, "Tol %v and MaxSweeps %d must be positive", c.Tol, c.MaxSweeps)
	}
	return c
}

func (c ElasticNetConfig) fit(op string, x, y *tensor.Tensor) (r Regressor, sweeps int, gap float64, err error) {
	p, err := newProblem(op, x, y, c.NoIntercept)
	if err != nil {
		return r, 0, 0, err
	}
	d := newDescent(p)
	if sweeps, gap, err = d.run(op, c); err != nil {
		return r, 0, 0, err
	}
	return p.model(tensor.Of(d.w)), sweeps, gap, nil
}

// PathConfig are the options of LassoPath.
type PathConfig struct {
	L1Ratio     *float64  // ρ, above 0 to 1, as of ElasticNet; nil is 1, lasso
	Alphas      []float64 // nil chooses Steps of them
	Steps       int       // how many are chosen, in equal ratios from the least α for which all w are 0 down to Eps times that; 0 is 100
	Eps         float64   // 0 is 1e-3
	NoIntercept bool
	Tol         float64 // as of LassoConfig
	MaxSweeps   int
}

// LassoPath fits Lasso, or ElasticNet, for each of cfg's α, each from the solution of the one before, which is quicker than one by one
// (Friedman, Hastie and Tibshirani, 2010). The errors are those of Fit. It panics with ErrValue on options out of range.
func LassoPath(x, y *tensor.Tensor, cfg PathConfig) (*Path, error) {
	const op = "lasso path"
	c := ElasticNetConfig{nil, orDefault(cfg.L1Ratio, 1), cfg.NoIntercept, cfg.Tol, cfg.MaxSweeps}.check(op)
	if cfg.Steps == 0 {
		cfg.Steps = 100
	}
	if cfg.Eps == 0 {
		cfg.Eps = 1e-3
	}
	if cfg.Steps < 1 || !(cfg.Eps > 0 && cfg.Eps < 1) {
		tensor.Fail(op, tensor.ErrValue, nil, "Steps is %d, must be positive, and Eps %v, must be between 0 and 1", cfg.Steps, cfg.Eps)
	}
	p, err := newProblem(op, x, y, cfg.NoIntercept)
	if err != nil {
		return nil, err
	}
	d := newDescent(p)
	path := &Path{Alphas: append([]float64(nil), cfg.Alphas...)}
	if cfg.Alphas == nil {
		most := d.correlation(0) / float64(len(d.r)) / *c.L1Ratio
		if most == 0 { // y, or x, is constant: any α gives zeros
			most = 1
		}
		for k := range cfg.Steps {
			path.Alphas = append(path.Alphas, most*math.Pow(cfg.Eps, float64(k)/float64(max(cfg.Steps-1, 1))))
		}
	}
	if len(path.Alphas) == 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "Alphas is empty: give at least one, or nil to choose them")
	}
	var models []Regressor
	for _, a := range path.Alphas {
		c.Alpha = &a
		if _, _, err := d.run(op, c.check(op)); err != nil {
			return nil, err
		}
		models = append(models, p.model(tensor.Of(d.w)))
	}
	path.stack(models)
	return path, nil
}

// descent minimises ½ ‖r‖² + l1 Σ |w_j| + ½ l2 Σ w_j² where r = y - Xw, N times ElasticNet's objective, by one w_j at a time.
type descent struct {
	col [][]float64 // features by column
	sq  []float64   // ‖col_j‖²
	w   []float64
	y   []float64
	r   []float64
	yy  float64
}

func newDescent(p problem) *descent {
	n, d := p.x.Dim(0), p.x.Dim(1)
	c := &descent{col: make([][]float64, d), sq: make([]float64, d), w: make([]float64, d), y: tensor.Data[float64](p.y)}
	flat := tensor.Data[float64](p.x.T().Contiguous())
	for j := range c.col {
		c.col[j] = flat[j*n : (j+1)*n]
		c.sq[j] = dot(c.col[j], c.col[j])
	}
	c.r, c.yy = append([]float64(nil), c.y...), dot(c.y, c.y)
	return c
}

// run starts from w and returns the sweeps it took and the gap of ElasticNet's objective.
func (d *descent) run(op string, c ElasticNetConfig) (sweeps int, gap float64, err error) {
	n := float64(len(d.r))
	l1, l2 := n**c.Alpha**c.L1Ratio, n**c.Alpha*(1-*c.L1Ratio)
	const every = 10 // sweeps between looks at the gap, which cost as much as two sweeps
	for sweeps < c.MaxSweeps {
		sweeps++
		d.sweep(l1, l2)
		if sweeps%every == 1 || sweeps == c.MaxSweeps {
			d.residual()
			if gap = d.gap(l1, l2); gap <= c.Tol*d.yy/2 {
				return sweeps, gap / n, nil
			}
		}
	}
	return 0, 0, fitError(op, ErrNotConverged, "the duality gap is still %.3g of the variance after %d sweeps; scale the features, or raise Alpha, MaxSweeps or Tol",
		2*gap/d.yy, sweeps)
}

// sweep sets each w_j to what is best while the others stay: S(col_j·r + sq_j w_j, l1) / (sq_j + l2) with S(z, t) = sign(z) max(|z| - t,
// 0).
func (d *descent) sweep(l1, l2 float64) {
	for j, col := range d.col {
		if d.sq[j] == 0 {
			continue // a constant column keeps w = 0
		}
		old := d.w[j]
		z := dot(col, d.r) + d.sq[j]*old
		d.w[j] = math.Copysign(max(math.Abs(z)-l1, 0), z) / (d.sq[j] + l2)
		if d.w[j] == 0 {
			d.w[j] = 0 // not -0
		}
		if step := d.w[j] - old; step != 0 {
			axpy(-step, col, d.r)
		}
	}
}

// residual computes r = y - Xw anew: sweeps add to it, and their rounding would in the end be more than the gap.
func (d *descent) residual() {
	copy(d.r, d.y)
	for j, w := range d.w {
		if w != 0 {
			axpy(-w, d.col[j], d.r)
		}
	}
}

// correlation returns max_j |col_j·r - l2 w_j|.
func (d *descent) correlation(l2 float64) float64 {
	most := 0.0
	for j, col := range d.col {
		most = max(most, math.Abs(dot(col, d.r)-l2*d.w[j]))
	}
	return most
}

// gap returns the primal objective less the dual one at a point made feasible by scaling the residual (Kim et al., 2007; the L2 part as
// rows √l2 I below X).
func (d *descent) gap(l1, l2 float64) float64 {
	scale := 1.0
	if c := d.correlation(l2); c > l1 {
		scale = l1 / c
	}
	rr, ww, abs := dot(d.r, d.r), dot(d.w, d.w), 0.0
	for _, v := range d.w {
		abs += math.Abs(v)
	}
	return max(0, (rr+l2*ww)*(1+scale*scale)/2+l1*abs-scale*dot(d.r, d.y))
}

// dot adds in four fixed lanes, so that the loop is quick and its bits are the same everywhere (conversions forbid fused products).
func dot(a, b []float64) float64 {
	var s0, s1, s2, s3 float64
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += float64(x[0] * y[0])
		s1 += float64(x[1] * y[1])
		s2 += float64(x[2] * y[2])
		s3 += float64(x[3] * y[3])
	}
	for ; i < len(a); i++ {
		s0 += float64(a[i] * b[i])
	}
	return (s0 + s1) + (s2 + s3)
}

// axpy adds c x to y.
func axpy(c float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += float64(c * v)
	}
}
