package linear

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/tensor"
)

// LogisticSolver is how LogisticRegression minimises.
type LogisticSolver int

// The solvers find the same minimum: it is the only one.
const (
	LogisticAuto   LogisticSolver = iota // Newton up to 700 weights, L-BFGS above
	LogisticNewton                       // Newton's method with step halving; for two classes it is IRLS. Time and memory grow with the square of the weights
	LogisticLBFGS                        // limited-memory BFGS (Liu and Nocedal 1989)
)

const newtonWeights = 700

// LogisticRegressionConfig configures a LogisticRegression. Zero fields mean the defaults.
type LogisticRegressionConfig struct {
	C         float64 // inverse strength of the penalty, 1/λ, as in scikit-learn; default 1
	NoPenalty bool    // maximum likelihood, C → ∞; needs Newton
	Solver    LogisticSolver
	Tol       float64 // stops when the objective is within about Tol² of its minimum, relatively if that is above 1; default 1e-6
	MaxIter   int     // default 1000
}

// LogisticRegression models P(class | x) by a linear function and learns it by penalised maximum likelihood (D. R. Cox, 1958). For two
// classes
//
//	P(Classes[1] | x) = σ(w·x + b),  σ(z) = 1 / (1 + exp(-z))
//
// and for K > 2 all K at once, by softmax: P(class k | x) = exp(z_k) / Σ_j exp(z_j), z = W x + b (multinomial regression; J. Bridle,
// 1990). It minimises scikit-learn's
//
//	½ ‖W‖² + C Σ_i -log P(y_i | x_i)
//
// where b is not penalised. The features should have similar scales, because the penalty treats them alike.
type LogisticRegression struct {
	LogisticRegressionConfig
	LinearClassifier
	Iterations int
	Loss       float64 // -log-likelihood of the training data, the sum over rows, in nats and without the penalty
}

// NewLogisticRegression returns a model that is not fitted. It panics if a number is negative or not finite, and for NoPenalty
// with LogisticLBFGS, which could not tell that there is no maximum.
func NewLogisticRegression(cfg LogisticRegressionConfig) *LogisticRegression {
	const op = "NewLogisticRegression"
	cfg.C = setting(op, "C", cfg.C, 1)
	cfg.Tol = setting(op, "Tol", cfg.Tol, 1e-6)
	cfg.MaxIter = int(setting(op, "MaxIter", float64(cfg.MaxIter), 1000))
	if cfg.Solver < LogisticAuto || cfg.Solver > LogisticLBFGS {
		tensor.Fail(op, tensor.ErrValue, nil, "there is no solver %d", cfg.Solver)
	}
	if cfg.NoPenalty && cfg.Solver == LogisticLBFGS {
		tensor.Fail(op, tensor.ErrValue, nil, "NoPenalty needs LogisticNewton, which sees when the likelihood has no maximum")
	}
	return &LogisticRegression{LogisticRegressionConfig: cfg}
}

// Fit learns from the rows of x (N, D) and their class numbers y (N,) int64. It returns an error for rows that are not finite and for
// fewer than two classes. With NoPenalty it returns ErrSingular when the likelihood has no unique maximum: when a hyperplane separates a
// class (A. Albert and J. A. Anderson, 1984), always so with more features than rows, or when features are linearly dependent. After
// MaxIter it returns ErrNotConverged; the model then holds the last weights and can be used.
func (l *LogisticRegression) Fit(x, y *tensor.Tensor) error { return l.fit(x, y, nil) }

// FitWeighted is Fit with each row's term of the objective, and of Loss, times its weight (N,): a weight of 2 is the row twice, one of 0 the
// row left out, though its class counts as one of the classes. Of weights that are negative or not finite, or all 0, it returns an error,
// and panics with ErrShape unless there is one for each row.
func (l *LogisticRegression) FitWeighted(x, y *tensor.Tensor, weights []float64) error {
	const op = "LogisticRegression.FitWeighted"
	if x.Rank() > 0 && len(weights) != x.Dim(0) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "there are %d weights, give one for each row", len(weights))
	}
	sum := 0.0
	for i, w := range weights {
		if !(w >= 0 && w <= math.MaxFloat64) {
			return fmt.Errorf("%s: weight %d is %v, must be finite and not negative", op, i, w)
		}
		sum += w
	}
	if sum == 0 {
		return fmt.Errorf("%s: all weights are 0", op)
	}
	return l.fit(x, y, weights)
}

func (l *LogisticRegression) fit(x, y *tensor.Tensor, weights []float64) error {
	m, err := labelledData("LogisticRegression.Fit", x, y)
	if err != nil {
		return err
	}
	if weights == nil {
		weights = slices.Repeat([]float64{1}, m.n)
	}
	lambda := 1 / l.C
	if l.NoPenalty {
		lambda = 0
	}
	p := newLogisticProblem(m, weights, lambda)
	w := make([]float64, p.k*p.d)
	solve := l.lbfgs
	if l.Solver == LogisticNewton || l.Solver == LogisticAuto && (len(w) <= newtonWeights || l.NoPenalty) {
		solve = l.newton
	}
	if err = solve(p, w); err != nil && !errors.Is(err, ErrNotConverged) {
		return err
	}
	l.Loss = p.value(w, nil) - p.penalty(w)
	l.setPlanes(m, w)
	return err
}

// PredictProba returns the probabilities of the classes, (N, K) in the dtype of x, for the rows of x (N, D): column k is Classes[k].
func (l *LogisticRegression) PredictProba(x *tensor.Tensor) *tensor.Tensor {
	return probabilities(l.scores(x)).To(x.DType())
}

// probabilities turns scores (N, K) into their softmax, and (N, 1) into σ(-z), σ(z).
func probabilities(z *tensor.Tensor) *tensor.Tensor {
	if z.Dim(1) == 1 {
		return tensor.Concat(1, z.Neg().Sigmoid(), z.Sigmoid())
	}
	return z.Softmax(1)
}

// newton minimises from w by Newton's method with step halving.
func (l *LogisticRegression) newton(p *logisticProblem, w []float64) error {
	const op = "LogisticRegression.Fit"
	grad := make([]float64, len(w))
	f := p.value(w, grad)
	tol := l.Tol
	if l.NoPenalty {
		tol = min(tol, 1e-6) // so near the end the Hessian shows whether the weights ran away
	}
	for l.Iterations = 1; l.Iterations <= l.MaxIter; l.Iterations++ {
		step, pivot, err := p.newtonStep(grad)
		if err != nil || l.NoPenalty && (pivot < 1e-10 || p.separated) {
			return fitError(op, ErrSingular, "the likelihood has no unique maximum: a hyperplane separates a class, or features are linearly dependent; fit with a penalty")
		}
		slope := dot(grad, step) // the squared Newton decrement: about twice the distance from the minimum
		last, near := slope <= tol*tol*max(1, f), slope <= 1e-9*max(1, f)
		for t := 1.0; ; t /= 2 {
			trial := append([]float64(nil), w...)
			axpy(-t, step, trial)
			// Near the minimum the decrease is below what f resolves, and the whole step is right.
			if ft := p.value(trial, grad); near || ft <= f-1e-4*t*slope {
				copy(w, trial)
				f = ft
				break
			}
			if t < 1e-12 {
				return fitError(op, ErrNotConverged, "no step decreases the objective; scale the features")
			}
		}
		if last {
			return nil
		}
	}
	l.Iterations = l.MaxIter
	return fitError(op, ErrNotConverged, "not at the minimum after %d iterations; raise MaxIter or scale the features", l.MaxIter)
}

func (l *LogisticRegression) lbfgs(p *logisticProblem, w []float64) error {
	// In units in which each weight alone has about curvature 1, so that scales of features matter less.
	u, g := make([]float64, len(w)), make([]float64, len(w))
	f := func(u, grad []float64) float64 {
		for i, v := range u {
			w[i] = v * p.scale[i%p.d]
		}
		loss := p.value(w, g)
		for i, v := range g {
			grad[i] = v * p.scale[i%p.d]
		}
		return loss
	}
	var ok bool
	l.Iterations, ok = LBFGS(f, u, l.Tol, l.MaxIter)
	for i, v := range u {
		w[i] = v * p.scale[i%p.d]
	}
	if !ok {
		return fitError("LogisticRegression.Fit", ErrNotConverged, "not at the minimum after %d iterations; raise MaxIter or Tol, or scale the features", l.Iterations)
	}
	return nil
}

// logisticProblem is the objective λ/2 ‖W‖² + Σ_i -v_i log P_i as a function of W: k rows of d, the intercept last.
type logisticProblem struct {
	m         *labelled
	weights   []float64      // v, of the rows
	k, d      int            // functions, and features with the 1 of the intercept
	x         *tensor.Tensor // (N, d)
	lambda    float64
	scale     []float64 // d: 1/√(λ + Σvx²/4), the weights' natural units: in them each has a curvature of about 1
	p         []float64 // (N, k): probabilities at the weights of the last call of value
	separated bool      // whether those gave each row's class the highest probability
}

func newLogisticProblem(m *labelled, weights []float64, lambda float64) *logisticProblem {
	p := &logisticProblem{m: m, weights: weights, lambda: lambda, k: m.problems(), d: m.d + 1, p: make([]float64, m.n*m.problems())}
	x, squares := make([]float64, 0, m.n*p.d), make([]float64, p.d)
	for i := range m.n {
		x = append(append(x, m.row(i)...), 1)
		for j, v := range x[i*p.d:] {
			squares[j] += weights[i] * v * v
		}
	}
	p.x = tensor.Of(x, m.n, p.d)
	p.scale = squares
	for j, s := range squares {
		p.scale[j] = 1
		if j < m.d {
			s += 4 * lambda
		}
		if s > 0 {
			p.scale[j] = 2 / math.Sqrt(s)
		}
	}
	return p
}

func (p *logisticProblem) penalty(w []float64) (sum float64) {
	for i, v := range w {
		if i%p.d != p.d-1 {
			sum += v * v
		}
	}
	return p.lambda / 2 * sum
}

// value returns the objective and, unless grad is nil, its gradient.
func (p *logisticProblem) value(w, grad []float64) float64 {
	n, k := p.m.n, p.k
	z := tensor.Data[float64](p.x.MatMul(tensor.Of(w, k, p.d).T()))
	loss := p.penalty(w)
	p.separated = true
	residual := make([]float64, n*k) // v (P - [class])
	for i, c := range p.m.y {
		v, row, prob, res := p.weights[i], z[i*k:(i+1)*k], p.p[i*k:(i+1)*k], residual[i*k:(i+1)*k]
		if k == 1 {
			sign := float64(2*c - 1)
			margin := sign * row[0]
			e := math.Exp(-math.Abs(margin))
			loss += v * (max(-margin, 0) + math.Log1p(e)) // log(1 + exp(-margin)) without overflow
			wrong := e / (1 + e)                          // 1 - P(right class)
			if margin < 0 {
				wrong = 1 / (1 + e)
			}
			res[0] = -v * sign * wrong
			prob[0] = wrong // p (1 - p) is the same for either class
			p.separated = p.separated && (margin > 0 || v == 0)
			continue
		}
		top, sum := row[0], 0.0
		for _, z := range row {
			top = max(top, z)
		}
		for j, z := range row {
			prob[j] = math.Exp(z - top)
			sum += prob[j]
			p.separated = p.separated && (j == c || z < row[c] || v == 0)
		}
		loss += v * (top + math.Log(sum) - row[c])
		for j := range prob {
			prob[j] /= sum
			res[j] = v * prob[j]
		}
		res[c] -= v
	}
	if grad != nil {
		copy(grad, tensor.Data[float64](tensor.Of(residual, n, k).T().MatMul(p.x)))
		for i, v := range w {
			if i%p.d != p.d-1 {
				grad[i] += p.lambda * v
			}
		}
	}
	return loss
}

// newtonStep returns H⁻¹ grad at the weights of the last call of value, and the least squared pivot of H in natural units: near 0 when
// H is singular.
func (p *logisticProblem) newtonStep(grad []float64) (step []float64, pivot float64, err error) {
	n, k, d := p.m.n, p.k, p.d
	h, r := make([]float64, k*d*k*d), make([]float64, n)
	scaled := p.x.Mul(tensor.Of(p.scale, d))
	for a := range k {
		for b := range a + 1 {
			for i := range r {
				pa, pb := p.p[i*k+a], p.p[i*k+b]
				r[i] = -pa * pb
				if a == b {
					r[i] = pa * (1 - pa)
				}
				r[i] *= p.weights[i]
			}
			block := tensor.Data[float64](scaled.T().MatMul(scaled.Mul(tensor.Of(r, n, 1))))
			for i := range d {
				for j := range d {
					v := block[i*d+j]
					switch {
					case i != j:
					case a == b && i < d-1:
						v += p.lambda * p.scale[i] * p.scale[i]
						fallthrough
					default:
						// Softmax ignores what is added to the weights of all classes; the minimum keeps Σ_k w_k = 0, so a curvature there changes
						// no step and makes H regular.
						if k > 1 {
							v += 1 / float64(k)
						}
					}
					h[(a*d+i)*k*d+b*d+j], h[(b*d+j)*k*d+a*d+i] = v, v
				}
			}
		}
	}
	g := make([]float64, k*d)
	for i, v := range grad {
		g[i] = v * p.scale[i%d]
	}
	chol, err := linalg.Cholesky(tensor.Of(h, k*d, k*d))
	if err != nil {
		return nil, 0, err
	}
	s, err := linalg.CholeskySolve(tensor.Of(g, k*d, 1), chol)
	if err != nil {
		return nil, 0, err
	}
	step, pivot = tensor.Data[float64](s), math.Inf(1)
	c := tensor.Data[float64](chol)
	for i := range step {
		step[i] *= p.scale[i%d]
		pivot = min(pivot, c[i*k*d+i]*c[i*k*d+i])
	}
	return step, pivot, nil
}
