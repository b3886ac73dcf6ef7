package linear_test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/dataset/breastcancer"
	"github.com/hadal-go/hadal/dataset/iris"
	"github.com/hadal-go/hadal/dataset/tableset"
	"github.com/hadal-go/hadal/dataset/wine"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/tensor"
)

// classifier is what all classifiers do.
type classifier interface {
	Fit(x, y *tensor.Tensor) error
	Predict(x *tensor.Tensor) *tensor.Tensor
	DecisionFunction(x *tensor.Tensor) *tensor.Tensor
	Score(x, y *tensor.Tensor) float64
}

type prober interface {
	PredictProba(x *tensor.Tensor) *tensor.Tensor
}

var tables = map[string]func() *tableset.Table{"iris": iris.Load, "wine": wine.Load, "breastcancer": breastcancer.Load}

// table returns a set, standardised or not.
func table(name string, scaled bool) (x, y *tensor.Tensor) {
	t := tables[name]()
	if scaled {
		return t.X.Sub(t.X.Mean(0)).Div(t.X.Var(0, 0).Sqrt()), t.Y
	}
	return t.X, t.Y
}

type goldenClassifier struct {
	Kind, Set string
	Scaled    bool
	Options   struct {
		C, Gamma, Coef0 float64
		Degree          int
		Kernel, Multi   string
	}
	Score       float64
	Predict     []int64
	Coef, Proba [][]float64
	Intercept   []float64
	Decision    json.RawMessage
	Support     []int
}

func TestGoldenClassifiers(t *testing.T) {
	var cases []goldenClassifier
	optest.ReadGolden(t, "testdata/golden_classification.json", &cases)
	if len(cases) < 35 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		// What scikit-learn's own tolerance leaves of figures, and for SVC that LIBSVM keeps its kernel matrix in float32.
		within := map[string]float64{"logistic": 2e-5, "lda": 1e-6, "qda": 1e-6, "nb": 1e-6, "linearsvc": 1e-5, "svc": 1e-5}[c.Kind]
		o := c.Options
		var m classifier
		var planes *linear.LinearClassifier
		switch c.Kind {
		case "logistic":
			l := linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: o.C})
			m, planes = l, &l.LinearClassifier
		case "lda":
			m = linear.NewGaussianClassifier(linear.GaussianClassifierConfig{SharedCovariance: true})
		case "qda":
			m = linear.NewGaussianClassifier(linear.GaussianClassifierConfig{Unbiased: true})
		case "nb":
			m = linear.NewGaussianNB(linear.GaussianNBConfig{})
		case "linearsvc":
			l := linear.NewLinearSVM(linear.LinearSVMConfig{C: o.C, Tol: 1e-9, MaxIter: 100000,
				Multiclass: map[string]linear.Multiclass{"ovr": linear.OneVsRest, "crammer_singer": linear.CrammerSinger}[o.Multi]})
			m, planes = l, &l.LinearClassifier
		case "svc":
			m = linear.NewKernelSVM(linear.KernelSVMConfig{C: o.C, Gamma: o.Gamma, Coef0: o.Coef0, Degree: o.Degree, Tol: 1e-9,
				Kernel: map[string]linear.Kernel{"linear": linear.LinearKernel, "rbf": linear.RBFKernel, "poly": linear.PolynomialKernel}[o.Kernel]})
		}
		t.Run(c.Kind+" "+c.Set, func(t *testing.T) {
			x, y := table(c.Set, c.Scaled)
			if err := m.Fit(x, y); err != nil {
				t.Fatal(err)
			}
			if g, ok := m.(*linear.GaussianClassifier); ok && g.SharedCovariance {
				var err error
				if planes, err = g.Linear(); err != nil {
					t.Fatal(err)
				}
			}
			if planes != nil {
				goldenNear(t, "Coef", planes.Coef, flat(c.Coef), within)
				goldenNear(t, "Intercept", planes.Intercept, c.Intercept, within)
			}
			if got := m.Score(x, y); !(math.Abs(got-c.Score) <= 1e-12) {
				t.Errorf("Score %v, want %v", got, c.Score)
			}
			var seventh []int64
			for i := 0; i < x.Dim(0); i += 7 {
				seventh = append(seventh, int64(i))
			}
			some := x.IndexSelect(0, tensor.Of(seventh, len(seventh)))
			if got := tensor.Data[int64](m.Predict(some)); !slices.Equal(got, c.Predict) {
				t.Errorf("Predict %v, want %v", got, c.Predict)
			}
			if p, ok := m.(prober); ok {
				goldenNear(t, "PredictProba", p.PredictProba(some), flat(c.Proba), within)
			}
			if c.Decision != nil {
				decide := m
				if c.Kind == "lda" { // scikit-learn's is the linear form for any number of classes
					decide = linearForm{m, planes}
				}
				goldenNear(t, "DecisionFunction", decide.DecisionFunction(some), numbers(t, c.Decision), within)
			}
			if s, ok := m.(*linear.KernelSVM); ok && !slices.Equal(s.Support, c.Support) {
				t.Errorf("Support %v, want %v", s.Support, c.Support)
			}
		})
	}
}

type linearForm struct {
	classifier
	planes *linear.LinearClassifier
}

func (l linearForm) DecisionFunction(x *tensor.Tensor) *tensor.Tensor {
	return l.planes.DecisionFunction(x)
}

func flat(rows [][]float64) []float64 { return slices.Concat(rows...) }

// numbers reads a list of numbers or of lists of them.
func numbers(t *testing.T, text json.RawMessage) (all []float64) {
	t.Helper()
	if json.Unmarshal(text, &all) == nil {
		return all
	}
	var rows [][]float64
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	return flat(rows)
}

func goldenNear(t *testing.T, what string, got *tensor.Tensor, want []float64, within float64) {
	t.Helper()
	g := tensor.Data[float64](got)
	if len(g) != len(want) {
		t.Fatalf("%s has %d numbers, want %d", what, len(g), len(want))
	}
	for i := range g {
		if !(math.Abs(g[i]-want[i]) <= within*max(1, math.Abs(want[i]))) {
			t.Errorf("%s[%d] = %v, want %v", what, i, g[i], want[i])
			return
		}
	}
}
