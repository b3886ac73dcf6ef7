package linear

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// Kernel is the inner product of a KernelSVM.
type Kernel int

// The kernels, of rows u and v.
const (
	RBFKernel        Kernel = iota // exp(-γ |u - v|²)
	PolynomialKernel               // (γ u·v + Coef0)^Degree
	LinearKernel                   // u·v
)

// KernelSVMConfig configures a KernelSVM. Zero fields mean the defaults.
type KernelSVMConfig struct {
	C       float64 // weight of the hinge loss against the margin; default 1
	Kernel  Kernel
	Gamma   float64 // γ; default 1 / (D variance of all numbers in x), which scikit-learn calls "scale"
	Degree  int     // default 3
	Coef0   float64
	Tol     float64 // stops when the worst pair of dual variables violates its optimality by no more; default 1e-3
	MaxIter int     // pairs; default 10 million
	CacheMB int     // memory for rows of the kernel matrix, at least two rows; default 200
}

// KernelSVM is the support vector machine whose boundary is linear in the space of a kernel k (B. Boser, I. Guyon and V. Vapnik, 1992;
// C. Cortes and V. Vapnik, 1995). With y = ±1 it maximises
//
//	Σ_i α_i - ½ Σ_ij α_i α_j y_i y_j k(x_i, x_j),  0 <= α_i <= C, Σ_i α_i y_i = 0
//
// by sequential minimal optimisation (J. Platt, 1998) with the choice of pairs by second order of R.-E. Fan et al. (2005), as LIBSVM
// does. The decision is f(x) = Σ_i α_i y_i k(x_i, x) + b. For K > 2 classes each pair of classes has a function and votes.
//
// Time grows with N² to N³: for many rows see LinearSVM.
type KernelSVM struct {
	KernelSVMConfig
	Classes        []int64
	Support        []int          // rows of the support vectors, rising: those with α > 0
	SupportVectors *tensor.Tensor // (S, D)
	DualCoef       *tensor.Tensor // α_i y_i of the S support vectors in each of the K (K - 1) / 2 problems: (0, 1), (0, 2), ..., (1, 2), ...
	Intercept      *tensor.Tensor // b of each problem
	FittedGamma    float64        // γ in use
	Dual           float64        // dual objective, summed over the problems
	Iterations     int            // pairs of variables moved, summed over the problems
}

// NewKernelSVM returns a model that is not fitted. It panics if a number is negative or not finite, except Coef0, which may be negative.
func NewKernelSVM(cfg KernelSVMConfig) *KernelSVM {
	const op = "NewKernelSVM"
	cfg.C = setting(op, "C", cfg.C, 1)
	cfg.Tol = setting(op, "Tol", cfg.Tol, 1e-3)
	cfg.MaxIter = int(setting(op, "MaxIter", float64(cfg.MaxIter), 1e7))
	cfg.Degree = int(setting(op, "Degree", float64(cfg.Degree), 3))
	cfg.CacheMB = int(setting(op, "CacheMB", float64(cfg.CacheMB), 200))
	if cfg.Gamma != 0 {
		setting(op, "Gamma", cfg.Gamma, 1)
	}
	if cfg.Kernel < RBFKernel || cfg.Kernel > LinearKernel || cfg.Coef0-cfg.Coef0 != 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "there is no kernel %d, or Coef0 is %v", cfg.Kernel, cfg.Coef0)
	}
	return &KernelSVM{KernelSVMConfig: cfg}
}

// Fit learns from the rows of x (N, D) and their class numbers y (N,) int64. It returns an error for rows that are not finite, for fewer
// than two classes, and, unless Gamma is given, ErrSingular if all of x is one number; and ErrNotConverged after MaxIter, in which case
// the model holds the last state and can be used.
func (s *KernelSVM) Fit(x, y *tensor.Tensor) error {
	const op = "KernelSVM.Fit"
	m, err := labelledData(op, x, y)
	if err != nil {
		return err
	}
	gamma := s.Gamma
	if s.Gamma == 0 && s.Kernel != LinearKernel {
		variance := m.t.Var(0).Item()
		if !(variance > 0) {
			return fitError(op, ErrSingular, "all numbers of x are equal: there is nothing to tell the classes by")
		}
		gamma = 1 / (float64(m.d) * variance)
	}
	s.FittedGamma = gamma
	type problem struct {
		rows []int
		coef []float64 // α y
		b    float64
	}
	var problems []problem
	used := make([]bool, m.n)
	s.Dual, s.Iterations = 0, 0
	for a := range m.classes {
		for b := a + 1; b < len(m.classes); b++ {
			var rows []int
			var sign []float64
			for i, c := range m.y {
				switch c {
				case a:
					rows, sign = append(rows, i), append(sign, -1)
				case b:
					rows, sign = append(rows, i), append(sign, 1)
				}
			}
			o := newSMO(s, m, rows, sign)
			ok := o.solve(s.Tol, s.MaxIter)
			s.Iterations += o.iterations
			s.Dual -= o.objective()
			bias := o.intercept()
			for i, v := range o.alpha {
				o.alpha[i] = v * sign[i]
				used[rows[i]] = used[rows[i]] || v > 0
			}
			problems = append(problems, problem{rows, o.alpha, bias})
			if !ok {
				err = fitError(op, ErrNotConverged, "classes %d and %d are not separated at the optimum after %d pairs; raise MaxIter or Tol, lower C, or scale the features",
					m.classes[a], m.classes[b], o.iterations)
			}
		}
	}
	column := make([]int, m.n)
	var vectors []float64
	s.Support = nil
	for i, is := range used {
		if is {
			column[i] = len(s.Support)
			s.Support = append(s.Support, i)
			vectors = append(vectors, m.row(i)...)
		}
	}
	coef, intercept := make([]float64, len(problems)*len(s.Support)), make([]float64, len(problems))
	for p, pr := range problems {
		intercept[p] = pr.b
		for i, v := range pr.coef {
			if v != 0 {
				coef[p*len(s.Support)+column[pr.rows[i]]] = v
			}
		}
	}
	s.Classes, s.SupportVectors = m.classes, tensor.Of(vectors, len(s.Support), m.d)
	s.DualCoef, s.Intercept = tensor.Of(coef, len(problems), len(s.Support)), tensor.Of(intercept, len(problems))
	return err
}

// DecisionFunction returns, for two classes, f(x), (N,), positive for Classes[1]. For K > 2 it returns (N, K): the votes of each class
// and, within ±1/3, the sum of its decisions, so that equal votes are told apart. It has the dtype of x.
func (s *KernelSVM) DecisionFunction(x *tensor.Tensor) *tensor.Tensor {
	z := s.decisions(x).To(x.DType())
	if len(s.Classes) == 2 {
		return z.Reshape(-1)
	}
	return z
}

// decisions returns what DecisionFunction does as (N, 1) or (N, K), float64.
func (s *KernelSVM) decisions(x *tensor.Tensor) *tensor.Tensor {
	const op = "DecisionFunction"
	checkFitted(op, x, s.SupportVectors)
	x = x.Detach().To(tensor.Float64)
	f := s.matrix(x, s.SupportVectors).MatMul(s.DualCoef.T()).Add(s.Intercept)
	if len(s.Classes) == 2 {
		return f
	}
	n, classes, pairs := f.Dim(0), len(s.Classes), f.Dim(1)
	d, votes := tensor.Data[float64](f), make([]float64, n*classes)
	sum := make([]float64, classes)
	for i := range n {
		clear(sum)
		v := votes[i*classes : (i+1)*classes]
		p := i * pairs
		for a := range classes {
			for b := a + 1; b < classes; b++ {
				sum[a] -= d[p]
				sum[b] += d[p]
				if d[p] > 0 {
					v[b]++
				} else {
					v[a]++
				}
				p++
			}
		}
		for k := range v {
			v[k] += sum[k] / (3 * (math.Abs(sum[k]) + 1))
		}
	}
	return tensor.Of(votes, n, classes)
}

// matrix returns the kernel of the rows of u (N, D) and v (M, D): (N, M).
func (s *KernelSVM) matrix(u, v *tensor.Tensor) *tensor.Tensor {
	k := u.MatMul(v.T())
	switch s.Kernel {
	case PolynomialKernel:
		return k.MulScalar(s.FittedGamma).AddScalar(s.Coef0).PowScalar(float64(s.Degree))
	case RBFKernel:
		squares := u.Square().Sum(1).Reshape(-1, 1).Add(v.Square().Sum(1))
		return squares.Sub(k.MulScalar(2)).Clamp(0, math.Inf(1)).MulScalar(-s.FittedGamma).Exp()
	}
	return k
}

// Predict returns the classes (N,) int64 of the rows of x (N, D).
func (s *KernelSVM) Predict(x *tensor.Tensor) *tensor.Tensor {
	return decide(s.Classes, s.decisions(x))
}

// Score returns the accuracy on rows x (N, D) of classes y (N,).
func (s *KernelSVM) Score(x, y *tensor.Tensor) float64 { return accuracy(s.Predict(x), y) }
