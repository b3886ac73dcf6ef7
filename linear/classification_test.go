package linear_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// classifiers makes one of each kind, quick to fit.
var classifiers = map[string]func() classifier{
	"perceptron": func() classifier { return linear.NewPerceptron(linear.PerceptronConfig{}) },
	"logistic":   func() classifier { return linear.NewLogisticRegression(linear.LogisticRegressionConfig{}) },
	"logistic lbfgs": func() classifier {
		return linear.NewLogisticRegression(linear.LogisticRegressionConfig{Solver: linear.LogisticLBFGS})
	},
	"svm": func() classifier { return linear.NewLinearSVM(linear.LinearSVMConfig{C: 0.1, MaxIter: 50000}) },
	"svm cs": func() classifier {
		return linear.NewLinearSVM(linear.LinearSVMConfig{Multiclass: linear.CrammerSinger})
	},
	"svm ww": func() classifier {
		return linear.NewLinearSVM(linear.LinearSVMConfig{Multiclass: linear.WestonWatkins})
	},
	"pegasos": func() classifier {
		return linear.NewLinearSVM(linear.LinearSVMConfig{Solver: linear.Pegasos, MaxIter: 100})
	},
	"kernel svm": func() classifier { return linear.NewKernelSVM(linear.KernelSVMConfig{}) },
	"qda":        func() classifier { return linear.NewGaussianClassifier(linear.GaussianClassifierConfig{}) },
	"lda": func() classifier {
		return linear.NewGaussianClassifier(linear.GaussianClassifierConfig{SharedCovariance: true})
	},
	"nb": func() classifier { return linear.NewGaussianNB(linear.GaussianNBConfig{}) },
}

// blobs returns n rows in each of k classes around points of a circle of radius r in the plane.
func blobs(seed uint64, k, n int, r float64) (x, y *tensor.Tensor) {
	g := random.New(seed)
	var xs []float64
	var ys []int64
	for c := range k {
		angle := 2 * math.Pi * float64(c) / float64(k)
		for range n {
			xs = append(xs, r*math.Cos(angle)+g.NormFloat64(), r*math.Sin(angle)+g.NormFloat64())
			ys = append(ys, int64(c))
		}
	}
	return tensor.Of(xs, k*n, 2), tensor.Of(ys, k*n)
}

// Far classes are told apart, for any numbers that name them, float32 or float64 rows, two classes or more.
func TestClassifiers(t *testing.T) {
	for name, make := range classifiers {
		for k := 2; k <= 4; k++ {
			x, y := blobs(3, k, 30, 12)
			names := []int64{-7, 3, 4, 90}[:k]
			y = tensor.Of(names, k).IndexSelect(0, y)
			for _, x := range []*tensor.Tensor{x, x.To(tensor.Float32)} {
				m := make()
				if err := m.Fit(x, y); err != nil {
					t.Errorf("%s, %d classes: %v", name, k, err)
					continue
				}
				if got := m.Score(x, y); got != 1 {
					t.Errorf("%s, %d classes: accuracy %v", name, k, got)
				}
				z := m.DecisionFunction(x)
				if want := map[bool]tensor.Shape{true: tensor.ShapeOf(2 * 30), false: tensor.ShapeOf(k*30, k)}[k == 2]; z.Shape() != want || z.DType() != x.DType() {
					t.Errorf("%s: DecisionFunction is %v %v, want %v", name, z.DType(), z.Shape(), want)
				}
				p, ok := m.(prober)
				if !ok {
					continue
				}
				probs := p.PredictProba(x)
				if d := probs.Sum(1).AddScalar(-1).Abs().Max().Item(); probs.Shape() != tensor.ShapeOf(k*30, k) || !(d <= 1e-6) {
					t.Errorf("%s: PredictProba is %v, off 1 by %v", name, probs.Shape(), d)
				}
			}
		}
	}
}

// What is wrong with data is an error that says what and where, and with a program a panic.
func TestClassifiersRefuse(t *testing.T) {
	x, y := blobs(3, 3, 10, 5)
	nan := tensor.Data[float64](x)
	nan[5] = math.NaN()
	inf := tensor.Data[float64](x)
	inf[0] = math.Inf(-1)
	for name, make := range classifiers {
		for what, c := range map[string]struct {
			x, y *tensor.Tensor
			is   error
			says string
		}{
			"NaN":       {tensor.Of(nan, 30, 2), y, linear.ErrNotFinite, "row 2, column 1"},
			"infinite":  {tensor.Of(inf, 30, 2), y, linear.ErrNotFinite, "row 0, column 0"},
			"no rows":   {x.Narrow(0, 0, 0), y.Narrow(0, 0, 0), linear.ErrNoSamples, "no rows"},
			"one class": {x.Narrow(0, 10, 10), y.Narrow(0, 10, 10), linear.ErrOneClass, "class 1"},
		} {
			if err := make().Fit(c.x, c.y); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s, %s: %v, want %q", name, what, err, c.says)
			}
		}
		fitted := make()
		if err := fitted.Fit(x, y); err != nil && !errors.Is(err, linear.ErrNotConverged) {
			t.Fatal(name, err)
		}
		before := fitted.DecisionFunction(x).Floats()
		for _, bad := range []*tensor.Tensor{tensor.Of(nan, 30, 2), tensor.With(tensor.Float64).Ones(30, 2)} { // an error for all, and for some
			if err := fitted.Fit(bad, y); err == nil {
				fitted = make()
				_ = fitted.Fit(x, y)
			} else if !errors.Is(err, linear.ErrNotConverged) && !slices.Equal(fitted.DecisionFunction(x).Floats(), before) {
				t.Errorf("%s: a failed fit (%v) changed the model", name, err)
			}
		}
		for what, c := range map[string]struct {
			f    func()
			kind tensor.Kind
		}{
			"y float":           {func() { make().Fit(x, x.Select(1, 0)) }, tensor.ErrDType},
			"y of other length": {func() { make().Fit(x, y.Narrow(0, 1, 5)) }, tensor.ErrShape},
			"x a vector":        {func() { make().Fit(x.Select(1, 0), y) }, tensor.ErrShape},
			"x integers":        {func() { make().Fit(x.To(tensor.Int64), y) }, tensor.ErrDType},
			"not fitted":        {func() { make().Predict(x) }, tensor.ErrValue},
			"other columns":     {func() { fitted.Predict(x.Narrow(1, 0, 1)) }, tensor.ErrShape},
			"score lengths":     {func() { fitted.Score(x, y.Narrow(0, 0, 2)) }, tensor.ErrShape},
		} {
			wantKind(t, name+", "+what, c.kind, c.f)
		}
	}
}

func wantKind(t *testing.T, what string, kind tensor.Kind, f func()) {
	t.Helper()
	if err := tensor.Catch(f); !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

func TestClassifierConfigsRefuse(t *testing.T) {
	nan := math.NaN()
	for what, f := range map[string]func(){
		"LR":              func() { linear.NewPerceptron(linear.PerceptronConfig{LR: -1}) },
		"MaxEpochs":       func() { linear.NewPerceptron(linear.PerceptronConfig{MaxEpochs: -1}) },
		"logistic C":      func() { linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: nan}) },
		"logistic solver": func() { linear.NewLogisticRegression(linear.LogisticRegressionConfig{Solver: 9}) },
		"no penalty lbfgs": func() {
			linear.NewLogisticRegression(linear.LogisticRegressionConfig{NoPenalty: true, Solver: linear.LogisticLBFGS})
		},
		"svm C":    func() { linear.NewLinearSVM(linear.LinearSVMConfig{C: math.Inf(1)}) },
		"svm form": func() { linear.NewLinearSVM(linear.LinearSVMConfig{Multiclass: 9}) },
		"pegasos form": func() {
			linear.NewLinearSVM(linear.LinearSVMConfig{Multiclass: linear.CrammerSinger, Solver: linear.Pegasos})
		},
		"kernel":    func() { linear.NewKernelSVM(linear.KernelSVMConfig{Kernel: -1}) },
		"gamma":     func() { linear.NewKernelSVM(linear.KernelSVMConfig{Gamma: -1}) },
		"shrinkage": func() { linear.NewGaussianClassifier(linear.GaussianClassifierConfig{Shrinkage: 1.5}) },
		"priors":    func() { linear.NewGaussianClassifier(linear.GaussianClassifierConfig{Priors: []float64{0.5, 0.6}}) },
		"nb priors": func() { linear.NewGaussianNB(linear.GaussianNBConfig{Priors: []float64{1, 0}}) },
		"count of priors": func() {
			x, y := blobs(1, 3, 5, 5)
			linear.NewGaussianNB(linear.GaussianNBConfig{Priors: []float64{0.5, 0.5}}).Fit(x, y)
		},
	} {
		wantKind(t, what, tensor.ErrValue, f)
	}
}

// The bits do not depend on the number of workers.
func TestClassifiersDeterministic(t *testing.T) {
	defer parallel.SetWorkers(0)
	x, y := blobs(5, 3, 200, 2)
	for name, make := range classifiers {
		var first []float64
		for _, workers := range []int{1, 3, 8} {
			parallel.SetWorkers(workers)
			m := make()
			if err := m.Fit(x, y); err != nil && !errors.Is(err, linear.ErrNotConverged) {
				t.Fatal(name, err)
			}
			z := tensor.Data[float64](m.DecisionFunction(x))
			if first == nil {
				first = z
			}
			if !slices.Equal(first, z) {
				t.Errorf("%s: %d workers give other bits", name, workers)
			}
		}
	}
}

func TestPerceptronXOR(t *testing.T) {
	x := tensor.Of([]float64{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)
	p := linear.NewPerceptron(linear.PerceptronConfig{MaxEpochs: 50})
	if err := p.Fit(x, tensor.Of([]int64{0, 1, 1, 1}, 4)); err != nil || p.Score(x, tensor.Of([]int64{0, 1, 1, 1}, 4)) != 1 {
		t.Errorf("OR: %v", err)
	}
	y := tensor.Of([]int64{0, 1, 1, 0}, 4)
	if err := p.Fit(x, y); !errors.Is(err, linear.ErrNotConverged) || p.Epochs != 50 || len(p.History) != 50 || p.Mistakes < 50 {
		t.Errorf("XOR: %v after %d passes with %d mistakes", err, p.Epochs, p.Mistakes)
	}
	if got := p.Score(x, y); got > 0.75 {
		t.Errorf("XOR: a line gets %v of it right", got)
	}
}

// Without a penalty there is no maximum for separated classes, nor a unique one for dependent columns.
func TestLogisticNoMaximum(t *testing.T) {
	x, y := blobs(3, 2, 30, 10)
	three, y3 := table("iris", true) // one class of three is separated
	mixed, ym := blobs(3, 2, 30, 0.5)
	twice := tensor.Concat(1, mixed, mixed.Sum(1).Reshape(-1, 1))
	wide := tensor.Randn(random.New(1), 20, 40).To(tensor.Float64)
	for what, c := range map[string]struct{ x, y *tensor.Tensor }{
		"separated": {x, y}, "one of three separated": {three, y3}, "dependent columns": {twice, ym},
		"more features than rows": {wide, ym.Narrow(0, 20, 20)},
	} {
		l := linear.NewLogisticRegression(linear.LogisticRegressionConfig{NoPenalty: true})
		if err := l.Fit(c.x, c.y); !errors.Is(err, linear.ErrSingular) {
			t.Errorf("%s: %v", what, err)
		}
		if l.Coef != nil {
			t.Errorf("%s: a failed fit left weights", what)
		}
		l = linear.NewLogisticRegression(linear.LogisticRegressionConfig{})
		if err := l.Fit(c.x, c.y); err != nil {
			t.Errorf("%s, with a penalty: %v", what, err)
		}
	}
	// In general position the gradient of the likelihood is 0 at its maximum: Σ (p - y) x = 0.
	l := linear.NewLogisticRegression(linear.LogisticRegressionConfig{NoPenalty: true})
	if err := l.Fit(mixed, ym); err != nil {
		t.Fatal(err)
	}
	residual := l.PredictProba(mixed).Select(1, 1).Sub(ym.To(tensor.Float64))
	if g := mixed.T().MatMul(residual).Abs().Max().Item(); !(g <= 1e-9) || !(math.Abs(residual.Sum().Item()) <= 1e-9) {
		t.Errorf("gradient %v at the maximum", g)
	}
}

// Both solvers find the same minimum, also of features whose scales are 10^6 apart, and extreme logits stay finite.
func TestLogisticSolversAgree(t *testing.T) {
	for _, name := range []string{"iris", "wine", "breastcancer"} {
		x, y := table(name, true)
		fit := func(s linear.LogisticSolver) *linear.LogisticRegression {
			l := linear.NewLogisticRegression(linear.LogisticRegressionConfig{Solver: s, Tol: 1e-9, MaxIter: 5000})
			if err := l.Fit(x, y); err != nil {
				t.Fatalf("%s, solver %d: %v", name, s, err)
			}
			return l
		}
		a, b := fit(linear.LogisticNewton), fit(linear.LogisticLBFGS)
		if d := a.Coef.Sub(b.Coef).Abs().Max().Item(); !(d <= 1e-6) {
			t.Errorf("%s: the solvers differ by %v", name, d)
		}
		if name == "breastcancer" {
			continue
		}
		for _, z := range tensor.Data[float64](a.PredictProba(x.MulScalar(1e6))) {
			if z-z != 0 {
				t.Fatalf("%s: probability %v", name, z)
			}
		}
	}
	l := linear.NewLogisticRegression(linear.LogisticRegressionConfig{Solver: linear.LogisticLBFGS, MaxIter: 2})
	x, y := table("wine", false)
	if err := l.Fit(x, y); !errors.Is(err, linear.ErrNotConverged) || l.Coef == nil {
		t.Errorf("after 2 iterations: %v", err)
	}
}

// The duality gap certifies the minimum: Dual <= minimum <= Primal.
func TestLinearSVMGap(t *testing.T) {
	x, y := blobs(7, 4, 40, 2)
	for _, form := range []linear.Multiclass{linear.OneVsRest, linear.CrammerSinger, linear.WestonWatkins} {
		for _, c := range []float64{0.01, 1, 30} {
			s := linear.NewLinearSVM(linear.LinearSVMConfig{C: c, Multiclass: form, Tol: 1e-7, MaxIter: 100000})
			if err := s.Fit(x, y); err != nil {
				t.Errorf("form %d, C %v: %v", form, c, err)
			}
			if gap := (s.Primal - s.Dual) / s.Primal; !(gap >= -1e-12 && gap <= 1e-6) {
				t.Errorf("form %d, C %v: primal %v, dual %v", form, c, s.Primal, s.Dual)
			}
			// Support vectors alone give the same machine.
			var rows []int64
			for _, i := range s.Support {
				rows = append(rows, int64(i))
			}
			at := tensor.Of(rows, len(rows))
			again := linear.NewLinearSVM(s.LinearSVMConfig)
			if err := again.Fit(x.IndexSelect(0, at), y.IndexSelect(0, at)); err != nil {
				t.Error(err)
			}
			if d := again.Coef.Sub(s.Coef).Abs().Max().Item(); !(d <= 1e-4) {
				t.Errorf("form %d, C %v: without the other rows the weights differ by %v", form, c, d)
			}
		}
	}
	s := linear.NewLinearSVM(linear.LinearSVMConfig{C: 100, MaxIter: 1})
	if err := s.Fit(x, y); !errors.Is(err, linear.ErrNotConverged) || s.Coef == nil {
		t.Errorf("after one pass: %v", err)
	}
}

// A cache of two rows finds what a cache of all does; equal rows of both classes do no harm.
func TestKernelSVMCache(t *testing.T) {
	x, y := blobs(7, 3, 400, 2)
	x, y = tensor.Concat(0, x, x.Narrow(0, 0, 5)), tensor.Concat(0, y, y.Narrow(0, 1195, 5))
	var first []float64
	for _, mb := range []int{1, 200} { // 800 rows of 6.4 kB do not fit into 1 MB
		s := linear.NewKernelSVM(linear.KernelSVMConfig{CacheMB: mb})
		if err := s.Fit(x, y); err != nil {
			t.Fatal(err)
		}
		z := tensor.Data[float64](s.DecisionFunction(x))
		if first == nil {
			first = z
		}
		if !slices.Equal(z, first) {
			t.Error("the cache changes the result")
		}
	}
	s := linear.NewKernelSVM(linear.KernelSVMConfig{MaxIter: 3})
	if err := s.Fit(x, y); !errors.Is(err, linear.ErrNotConverged) || s.DualCoef == nil {
		t.Errorf("after 3 pairs: %v", err)
	}
	if err := s.Fit(tensor.With(tensor.Float64).Ones(4, 2), tensor.Of([]int64{0, 1, 0, 1}, 4)); !errors.Is(err, linear.ErrSingular) {
		t.Errorf("constant x: %v", err)
	}
}

func TestGaussianSingular(t *testing.T) {
	x, y := table("iris", false)
	total := tensor.Concat(1, x, x.Sum(1).Reshape(-1, 1))
	constant := tensor.Concat(1, x, tensor.With(tensor.Float64).Ones(150, 1))
	wide := tensor.Randn(random.New(1), 20, 40).To(tensor.Float64)
	y20 := tensor.RandInt(random.New(2), 0, 2, 20)
	single := tensor.Concat(0, y.Narrow(0, 0, 100), tensor.Of([]int64{9}, 1))
	for what, c := range map[string]struct {
		x, y *tensor.Tensor
		cfg  linear.GaussianClassifierConfig
		says string
	}{
		"sum of columns":          {total, y, linear.GaussianClassifierConfig{SharedCovariance: true}, "column 4"},
		"sum of columns, own":     {total, y, linear.GaussianClassifierConfig{}, "column 4"},
		"constant column":         {constant, y, linear.GaussianClassifierConfig{SharedCovariance: true}, "column 4"},
		"more features than rows": {wide, y20, linear.GaussianClassifierConfig{SharedCovariance: true}, "column 18"},
		"a class of one row":      {x.Narrow(0, 0, 101), single, linear.GaussianClassifierConfig{Unbiased: true}, "class 9"},
	} {
		m := linear.NewGaussianClassifier(c.cfg)
		if err := m.Fit(c.x, c.y); !errors.Is(err, linear.ErrSingular) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", what, err, c.says)
		}
		if what == "a class of one row" {
			continue
		}
		c.cfg.Shrinkage = 0.1
		if err := linear.NewGaussianClassifier(c.cfg).Fit(c.x, c.y); err != nil {
			t.Errorf("%s, with shrinkage: %v", what, err)
		}
	}
	if err := linear.NewGaussianNB(linear.GaussianNBConfig{}).Fit(tensor.With(tensor.Float64).Ones(4, 2), tensor.Of([]int64{0, 1, 0, 1}, 4)); !errors.Is(err, linear.ErrSingular) {
		t.Errorf("naive Bayes of constants: %v", err)
	}
}

// The linear form of a shared covariance has the probabilities of Bayes' rule, for two classes and for more.
func TestGaussianLinear(t *testing.T) {
	for _, name := range []string{"breastcancer", "wine"} {
		x, y := table(name, false)
		m := linear.NewGaussianClassifier(linear.GaussianClassifierConfig{SharedCovariance: true})
		if err := m.Fit(x, y); err != nil {
			t.Fatal(err)
		}
		l, err := m.Linear()
		if err != nil {
			t.Fatal(err)
		}
		z, p := l.DecisionFunction(x), m.PredictProba(x)
		want := z.Sigmoid()
		if z.Rank() == 2 {
			want = z.Softmax(1).Select(1, 1)
		}
		if d := p.Select(1, 1).Sub(want).Abs().Max().Item(); !(d <= 1e-9) {
			t.Errorf("%s: off by %v", name, d)
		}
	}
	if _, err := linear.NewGaussianClassifier(linear.GaussianClassifierConfig{}).Linear(); err == nil {
		t.Error("a quadratic boundary has a linear form")
	}
}

// TestFitWeighted compares whole weights with rows that stand there so often, and fits to bad weights with errors.
func TestFitWeighted(t *testing.T) {
	for k := 2; k <= 3; k++ {
		x, y := blobs(9, k, 20, 1)
		weights, index := make([]float64, k*20), []int64{}
		for i := range weights {
			weights[i] = float64(i % 4)
			index = append(index, slices.Repeat([]int64{int64(i)}, i%4)...)
		}
		many := tensor.Of(index)
		for _, cfg := range []linear.LogisticRegressionConfig{{C: 0.5, Tol: 1e-9}, {C: 0.5, Tol: 1e-9, Solver: linear.LogisticLBFGS}, {NoPenalty: true}} {
			a, b := linear.NewLogisticRegression(cfg), linear.NewLogisticRegression(cfg)
			must(t, a.FitWeighted(x, y, weights))
			must(t, b.Fit(x.IndexSelect(0, many), y.IndexSelect(0, many)))
			if d := a.Coef.Sub(b.Coef).Abs().Max().Item(); !(d < 1e-6) {
				t.Errorf("%d classes, %+v: the weights of weighted rows are %v from those of repeated rows", k, cfg, d)
			}
			if d := a.Loss - b.Loss; !(math.Abs(d) < 1e-6) {
				t.Errorf("%d classes, %+v: the losses differ by %v", k, cfg, d)
			}
		}
	}
	x, y := blobs(9, 2, 2, 1)
	m := linear.NewLogisticRegression(linear.LogisticRegressionConfig{})
	for want, bad := range map[string][]float64{"weight 1 is -1": {1, -1, 1, 1}, "weight 0 is NaN": {math.NaN(), 1, 1, 1}, "all weights are 0": {0, 0, 0, 0}} {
		if err := m.FitWeighted(x, y, bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: the error is %v, want %q", bad, err, want)
		}
	}
	if err := tensor.Catch(func() { m.FitWeighted(x, y, []float64{1, 1}) }); err == nil || !strings.Contains(err.Error(), "2 weights") {
		t.Errorf("two weights for four rows: %v", err)
	}
}
