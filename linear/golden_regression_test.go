package linear_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/tensor"
)

type regressionGolden struct {
	Data map[string]struct {
		X [][]float64
		Y []float64
	}
	Models []struct {
		Kind, Data                     string
		Coef, Predict, Singular        []float64
		Intercept, Score, Alpha, Ratio float64
		NoIntercept                    bool `json:"no_intercept"`
		Rank                           int
	}
	Paths []struct {
		Kind, Data  string
		Alphas      []float64
		NoIntercept bool `json:"no_intercept"`
		Ratio       float64
		Squared     [][]float64
		Coef        [][]float64
	}
	Others []struct {
		Kind, Data                      string
		Out, Components, Back           [][]float64
		Mean, Variance, Ratio, Singular []float64
		Degree, N                       int
		Only, Bias, Whiten              bool
		Names                           []string
	}
}

func readRegressionGolden(t *testing.T) (g regressionGolden) {
	t.Helper()
	optest.ReadGolden(t, "testdata/golden_regression.json", &g)
	return g
}

// rows returns a matrix as a float64 tensor.
func rows(x [][]float64) *tensor.Tensor { return tensor.Of(slices.Concat(x...), len(x), len(x[0])) }

// near fails unless got is want, each element to tol of the largest, or of 1.
func near(t *testing.T, what string, got *tensor.Tensor, want []float64, tol float64) {
	t.Helper()
	most := 1.0
	for _, w := range want {
		most = max(most, math.Abs(w))
	}
	v := got.Floats()
	if len(v) != len(want) {
		t.Errorf("%s: %d elements, want %d", what, len(v), len(want))
		return
	}
	for i, w := range want {
		if !(math.Abs(v[i]-w) <= tol*most) {
			t.Errorf("%s: element %d is %v, want %v", what, i, v[i], w)
			return
		}
	}
}

type fitter interface {
	Fit(x, y *tensor.Tensor) error
	Predict(x *tensor.Tensor) *tensor.Tensor
	Score(x, y *tensor.Tensor) float64
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestGoldenRegression(t *testing.T) {
	g := readRegressionGolden(t)
	for _, c := range g.Models {
		name := fmt.Sprintf("%s %s alpha %v no intercept %v", c.Kind, c.Data, c.Alpha, c.NoIntercept)
		x, y := rows(g.Data[c.Data].X), tensor.Of(g.Data[c.Data].Y)
		var m fitter
		var r *linear.Regressor
		tol := 1e-10
		switch c.Kind {
		case "linear":
			l := linear.NewLinearRegression(linear.LinearRegressionConfig{NoIntercept: c.NoIntercept})
			m, r = l, &l.Regressor
			must(t, m.Fit(x, y))
			near(t, name+" singular values", l.Singular, c.Singular, 1e-12)
			if l.Rank != c.Rank {
				t.Errorf("%s: rank %d, want %d", name, l.Rank, c.Rank)
			}
		case "ridge":
			l := linear.NewRidge(linear.RidgeConfig{Alpha: &c.Alpha, NoIntercept: c.NoIntercept})
			m, r = l, &l.Regressor
		case "lasso":
			l := linear.NewLasso(linear.LassoConfig{Alpha: &c.Alpha, NoIntercept: c.NoIntercept, Tol: 1e-14, MaxSweeps: 1e7})
			m, r, tol = l, &l.Regressor, 2e-6
		case "elastic":
			l := linear.NewElasticNet(linear.ElasticNetConfig{Alpha: &c.Alpha, L1Ratio: &c.Ratio, NoIntercept: c.NoIntercept, Tol: 1e-14, MaxSweeps: 1e7})
			m, r, tol = l, &l.Regressor, 2e-6
		}
		must(t, m.Fit(x, y))
		if c.Kind != "lasso" || c.Data != "twice" { // there the solution is not unique, but the prediction is
			near(t, name+" coef", r.Coef, c.Coef, tol)
		}
		near(t, name+" intercept", r.Intercept, []float64{c.Intercept}, tol)
		near(t, name+" predict", m.Predict(x.Narrow(0, 0, 3).AddScalar(1)), c.Predict, tol)
		near(t, name+" score", tensor.Scalar(m.Score(x, y)), []float64{c.Score}, tol)
	}
}

func TestGoldenPaths(t *testing.T) {
	g := readRegressionGolden(t)
	for _, c := range g.Paths {
		name := fmt.Sprintf("%s %s %v no intercept %v", c.Kind, c.Data, c.Ratio, c.NoIntercept)
		x, y := rows(g.Data[c.Data].X), tensor.Of(g.Data[c.Data].Y)
		if c.Kind == "loo" {
			p, err := linear.RidgePath(x, y, c.Alphas, linear.RidgeConfig{NoIntercept: c.NoIntercept})
			must(t, err)
			near(t, name, p.LeaveOneOut.Square(), slices.Concat(c.Squared...), 1e-9)
			continue
		}
		p, err := linear.LassoPath(x, y, linear.PathConfig{L1Ratio: &c.Ratio, Steps: 6, Eps: 0.02, Tol: 1e-14, MaxSweeps: 1e6})
		must(t, err)
		near(t, name+" alphas", tensor.Of(p.Alphas), c.Alphas, 1e-12)
		near(t, name+" coef", p.Coef, slices.Concat(c.Coef...), 2e-6)
	}
}

func TestGoldenTransforms(t *testing.T) {
	g := readRegressionGolden(t)
	for _, c := range g.Others {
		name := fmt.Sprintf("%s %s degree %d, %d components, whiten %v", c.Kind, c.Data, c.Degree, c.N, c.Whiten)
		x := rows(g.Data[c.Data].X)
		z, out := x.Narrow(0, 0, 3).AddScalar(1), slices.Concat(c.Out...)
		switch c.Kind {
		case "standard":
			s := linear.NewStandardScaler(linear.StandardScalerConfig{})
			must(t, s.Fit(x))
			near(t, name, s.Transform(z), out, 1e-12)
			near(t, name+" inverse", s.InverseTransform(s.Transform(z)), z.Floats(), 1e-12)
		case "minmax":
			s := linear.NewMinMaxScaler(linear.MinMaxScalerConfig{Min: new(-1.0), Max: new(2.0)})
			must(t, s.Fit(x))
			near(t, name, s.Transform(z), out, 1e-12)
			near(t, name+" inverse", s.InverseTransform(s.Transform(z)), z.Floats(), 1e-12)
		case "polynomial":
			p := linear.NewPolynomial(linear.PolynomialConfig{Degree: c.Degree, InteractionOnly: c.Only, Bias: c.Bias})
			near(t, name, p.Transform(z), out, 1e-14)
			var features []string
			for j := range x.Dim(1) {
				features = append(features, fmt.Sprint("f", j))
			}
			if !slices.Equal(p.Names(features), c.Names) {
				t.Errorf("%s: %q, want %q", name, p.Names(features), c.Names)
			}
		case "pca":
			p := linear.NewPCA(linear.PCAConfig{Components: c.N, Whiten: c.Whiten})
			must(t, p.Fit(x))
			near(t, name+" mean", p.Mean, c.Mean, 1e-13)
			near(t, name+" components", p.Components, slices.Concat(c.Components...), 1e-10)
			near(t, name+" variance", p.ExplainedVariance, c.Variance, 1e-12)
			near(t, name+" ratio", p.ExplainedVarianceRatio, c.Ratio, 1e-12)
			near(t, name+" singular values", p.SingularValues, c.Singular, 1e-12)
			near(t, name, p.Transform(z), out, 1e-10)
			near(t, name+" inverse", p.InverseTransform(p.Transform(z)), slices.Concat(c.Back...), 1e-10)
		}
	}
}
