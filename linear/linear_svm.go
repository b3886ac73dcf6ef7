package linear

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Multiclass is what a LinearSVM of more than two classes minimises.
type Multiclass int

// The forms of the hinge loss of K > 2 classes; z_k = w_k·x is the score of class k and y the right one.
const (
	OneVsRest     Multiclass = iota // K problems of two classes, each class against all others
	CrammerSinger                   // Σ_i max(0, 1 + max_{k≠y} z_k - z_y): the worst rival counts (K. Crammer and Y. Singer, 2001)
	WestonWatkins                   // Σ_i Σ_{k≠y} max(0, 1 + z_k - z_y): every rival counts (J. Weston and C. Watkins, 1999)
)

// SVMSolver is how LinearSVM minimises.
type SVMSolver int

// The solvers.
const (
	DualCoordinateDescent SVMSolver = iota // C.-J. Hsieh et al., 2008; S. S. Keerthi et al., 2008
	Pegasos                                // stochastic sub-gradients of the primal, with the average of the last half of the steps (S. Shalev-Shwartz et al., 2007); OneVsRest alone
)

// LinearSVMConfig configures a LinearSVM. Zero fields mean the defaults.
type LinearSVMConfig struct {
	C           float64 // weight of the hinge loss against the margin; default 1
	Multiclass  Multiclass
	Solver      SVMSolver
	NoIntercept bool
	Tol         float64 // stops when no dual variable violates its optimality by more; default 1e-4. Pegasos makes all its passes
	MaxIter     int     // passes over the rows; default 1000
	Seed        uint64  // order of the rows
}

// LinearSVM is the support vector machine with a linear boundary and a soft margin (C. Cortes and V. Vapnik, 1995). For y = ±1 it minimises
//
//	½ ‖w‖² + C Σ_i max(0, 1 - y_i w·x_i)
//
// the hinge loss and the L2 penalty together: without the penalty there is no margin, and it is no SVM. The intercept is the weight of
// a column of ones and is penalised like the others, as in LIBLINEAR and scikit-learn's LinearSVC; KernelSVM does not penalise it.
type LinearSVM struct {
	LinearSVMConfig
	LinearClassifier
	// Alpha are the dual variables, (N, 1) for two classes and (N, K) for more, nil of Pegasos. In OneVsRest 0 <= α <= C and
	// w = Σ α_i y_i x_i; in CrammerSinger Σ_k α_ik = 0, α_ik <= C [k = y_i] and w_k = Σ_i α_ik x_i; in WestonWatkins α_ik is that of the rival
	// k, 0 <= α <= C. For two classes in the last two forms it is (N, 2).
	Alpha *tensor.Tensor
	// Support are the rows with α other than 0, the support vectors: the others could be left out of the data and nothing would change.
	Support []int
	// Primal and Dual are the objective at w and the dual objective at α, summed over the problems: Dual <= minimum <= Primal.
	Primal, Dual float64
	Iterations   int // passes, the most of any problem
}

// NewLinearSVM returns a model that is not fitted. It panics if a number is negative or not finite, and for Pegasos with another form than
// OneVsRest.
func NewLinearSVM(cfg LinearSVMConfig) *LinearSVM {
	const op = "NewLinearSVM"
	cfg.C = setting(op, "C", cfg.C, 1)
	cfg.Tol = setting(op, "Tol", cfg.Tol, 1e-4)
	cfg.MaxIter = int(setting(op, "MaxIter", float64(cfg.MaxIter), 1000))
	switch {
	case cfg.Multiclass < OneVsRest || cfg.Multiclass > WestonWatkins || cfg.Solver < DualCoordinateDescent || cfg.Solver > Pegasos:
		tensor.Fail(op, tensor.ErrValue, nil, "there is no multiclass form %d or no solver %d", cfg.Multiclass, cfg.Solver)
	case cfg.Solver == Pegasos && cfg.Multiclass != OneVsRest:
		tensor.Fail(op, tensor.ErrValue, nil, "Pegasos solves OneVsRest; choose DualCoordinateDescent for other forms")
	}
	return &LinearSVM{LinearSVMConfig: cfg}
}

// Fit learns from the rows of x (N, D) and their class numbers y (N,) int64. It returns an error for rows that are not finite and for
// fewer than two classes; and ErrNotConverged after MaxIter, in which case the model holds the last weights and can be used.
func (s *LinearSVM) Fit(x, y *tensor.Tensor) error {
	m, err := labelledData("LinearSVM.Fit", x, y)
	if err != nil {
		return err
	}
	t := s.newTask(m)
	problems := m.problems()
	if s.Multiclass != OneVsRest {
		problems = len(m.classes)
	}
	w := make([]float64, problems*t.d)
	alpha := make([]float64, m.n*problems)
	passes, ok := make([]int, problems), make([]bool, problems)
	s.Primal, s.Dual = 0, 0
	switch {
	case s.Multiclass == CrammerSinger:
		passes[0], ok[0] = t.crammerSinger(w, alpha)
		s.Primal, s.Dual = t.multiclassObjectives(w, alpha)
	case s.Multiclass == WestonWatkins:
		passes[0], ok[0] = t.westonWatkins(w, alpha)
		s.Primal, s.Dual = t.multiclassObjectives(w, alpha)
	default:
		primal, dual := make([]float64, problems), make([]float64, problems)
		parallel.For(problems, 1, func(lo, hi int) {
			for k := lo; k < hi; k++ {
				sign, wk, a := m.sides(k), w[k*t.d:(k+1)*t.d], make([]float64, m.n)
				if s.Solver == Pegasos {
					t.pegasos(sign, wk, k)
					passes[k], ok[k] = s.MaxIter, true
				} else {
					passes[k], ok[k] = t.binary(sign, wk, a, k)
				}
				primal[k], dual[k] = t.binaryObjectives(sign, wk, a)
				for i, v := range a {
					alpha[i*problems+k] = v
				}
			}
		})
		for k := range primal {
			s.Primal += primal[k]
			s.Dual += dual[k]
		}
	}
	if s.Multiclass != OneVsRest {
		for k := range ok {
			passes[k], ok[k] = passes[0], ok[0]
		}
	}
	s.Alpha, s.Support, s.Iterations = nil, nil, 0
	if s.Solver == Pegasos {
		s.Dual = math.Inf(-1) // it has no dual variables that would bound the minimum
	} else {
		s.Alpha = tensor.Of(alpha, m.n, problems)
		for i := range m.n {
			for _, a := range alpha[i*problems : (i+1)*problems] {
				if a != 0 {
					s.Support = append(s.Support, i)
					break
				}
			}
		}
	}
	if len(m.classes) == 2 && problems == 2 { // the difference of two functions is the function of Classes[1]
		axpy(-1, w[:t.d], w[t.d:])
		w = w[t.d:]
	}
	s.setPlanes(m, w)
	for k := range ok {
		s.Iterations = max(s.Iterations, passes[k])
		if !ok[k] {
			err = fitError("LinearSVM.Fit", ErrNotConverged, "not at the minimum after %d passes; raise MaxIter or Tol, lower C, or scale the features", s.MaxIter)
		}
	}
	return err
}

// svmTask is the data of a fit: n rows of d features, the last of them 1 for the intercept or 0 without.
type svmTask struct {
	*LinearSVM
	m    *labelled
	n, d int
	x    []float64
	norm []float64 // |x_i|²
}

func (s *LinearSVM) newTask(m *labelled) *svmTask {
	t := &svmTask{LinearSVM: s, m: m, n: m.n, d: m.d + 1, norm: make([]float64, m.n)}
	one := 1.0
	if s.NoIntercept {
		one = 0
	}
	for i := range m.n {
		t.x = append(append(t.x, m.row(i)...), one)
		t.norm[i] = dot(t.row(i), t.row(i))
	}
	return t
}

func (t *svmTask) row(i int) []float64 { return t.x[i*t.d : (i+1)*t.d] }

// rows returns the numbers of all rows.
func (t *svmTask) rows() []int {
	rows := make([]int, t.n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// shuffle brings rows into the order of a pass of a problem.
func (t *svmTask) shuffle(rows []int, problem, pass int) {
	random.Shuffle(len(rows), random.KeyAt(t.Seed, uint64(problem), uint64(pass)), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
}

// binary is coordinate descent on the dual ½ |Σ α_i y_i x_i|² - Σ α_i, 0 <= α_i <= C, one variable at a time to its minimum
// (Hsieh et al., algorithm 1). Variables at a bound that they push against are only looked at every twentieth pass.
func (t *svmTask) binary(sign, w, alpha []float64, problem int) (passes int, ok bool) {
	rows, awake := t.rows(), []int(nil)
	for passes = 1; passes <= t.MaxIter; passes++ {
		all := passes%20 == 1 || len(awake) == 0
		if all {
			awake = append(awake[:0], rows...)
		}
		t.shuffle(awake, problem, passes)
		worst := 0.0
		stay := awake[:0] // those that are looked at again in the next pass
		for _, i := range awake {
			row := t.row(i)
			grad := sign[i]*dot(w, row) - 1
			if !(alpha[i] == 0 && grad > t.Tol || alpha[i] == t.C && grad < -t.Tol) {
				stay = append(stay, i)
			}
			violation := math.Abs(grad)
			if alpha[i] == 0 && grad >= 0 || alpha[i] == t.C && grad <= 0 {
				violation = 0
			}
			worst = max(worst, violation)
			if violation == 0 {
				continue
			}
			a := t.C
			if t.norm[i] > 0 {
				a = min(max(alpha[i]-grad/t.norm[i], 0), t.C)
			}
			axpy((a-alpha[i])*sign[i], row, w)
			alpha[i] = a
		}
		awake = stay
		if worst <= t.Tol {
			if all {
				return passes, true
			}
			awake = awake[:0] // look at all of them next
		}
	}
	return t.MaxIter, false
}

// pegasos makes n MaxIter steps w -= η (λ w - [y w·x < 1] y x), λ = 1/(C n), η = 1/(λ t), and leaves the average of the last half in w.
func (t *svmTask) pegasos(sign, w []float64, problem int) {
	lambda := 1 / (t.C * float64(t.n))
	v, mean := make([]float64, t.d), make([]float64, t.d)
	step, steps := 0, t.n*t.MaxIter
	rows := t.rows()
	for pass := range t.MaxIter {
		t.shuffle(rows, problem, pass)
		for _, i := range rows {
			step++
			row := t.row(i)
			wrong := sign[i]*dot(v, row) < 1
			shrink := 1 - 1/float64(step)
			for j := range v {
				v[j] *= shrink
			}
			if wrong {
				axpy(sign[i]/(lambda*float64(step)), row, v)
			}
			if step > steps/2 {
				axpy(1/float64(steps-steps/2), v, mean)
			}
		}
	}
	copy(w, mean)
}

func (t *svmTask) binaryObjectives(sign, w, alpha []float64) (primal, dual float64) {
	primal = dot(w, w) / 2
	dual = -primal
	for i, y := range sign {
		primal += t.C * max(0, 1-y*dot(w, t.row(i)))
		dual += alpha[i]
	}
	return primal, dual
}
