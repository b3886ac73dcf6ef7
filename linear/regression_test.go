package linear_test

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

func regressors() map[string]fitter {
	return map[string]fitter{
		"linear regression": linear.NewLinearRegression(linear.LinearRegressionConfig{}),
		"ridge":             linear.NewRidge(linear.RidgeConfig{}),
		"lasso":             linear.NewLasso(linear.LassoConfig{Alpha: new(0.01)}),
		"elastic net":       linear.NewElasticNet(linear.ElasticNetConfig{Alpha: new(0.01)}),
	}
}

func TestRegressionErrors(t *testing.T) {
	x, y := tensor.Of([]float64{1, 2, 3, 4, 5, 7}, 3, 2), tensor.Of([]float64{1, 2, 4})
	for name, m := range regressors() {
		must(t, m.Fit(x, y))
		before := m.Predict(x)
		for _, c := range []struct {
			x, y   *tensor.Tensor
			reason error
			text   string
		}{
			{tensor.Of([]float64{1, 2, 3, math.NaN(), 5, 7}, 3, 2), y, linear.ErrNotFinite, "row 1, column 1"},
			{tensor.Of([]float64{1, 2, 3, 4, math.Inf(-1), 7}, 3, 2), y, linear.ErrNotFinite, "row 2, column 0"},
			{x, tensor.Of([]float64{1, math.Inf(1), 4}), linear.ErrNotFinite, "y is +Inf at row 1"},
			{tensor.Zeros(0, 2), tensor.Zeros(0), linear.ErrNoSamples, "no rows"},
		} {
			if err := m.Fit(c.x, c.y); !errors.Is(err, c.reason) || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%s: %v, want %v with %q", name, err, c.reason, c.text)
			}
		}
		if !tensor.Equal(before, m.Predict(x)) {
			t.Errorf("%s: a Fit that failed changed the model", name)
		}
	}
	// Two collinear features with the penalty at next to nothing need more than two sweeps.
	slow := linear.NewLasso(linear.LassoConfig{Alpha: new(1e-9), MaxSweeps: 2, Tol: 1e-12})
	if err := slow.Fit(x, y); !errors.Is(err, linear.ErrNotConverged) || slow.Coef != nil {
		t.Errorf("too few sweeps: %v", err)
	}
	if _, err := linear.LassoPath(x, y, linear.PathConfig{Alphas: []float64{1e-9}, MaxSweeps: 2, Tol: 1e-12}); !errors.Is(err, linear.ErrNotConverged) {
		t.Errorf("path with too few sweeps: %v", err)
	}
}

func TestRegressionPanics(t *testing.T) {
	x, y := tensor.Of([]float64{1, 2, 3, 4, 5, 7}, 3, 2), tensor.Of([]float64{1, 2, 4})
	m := linear.NewRidge(linear.RidgeConfig{})
	must(t, m.Fit(x, y))
	pca := linear.NewPCA(linear.PCAConfig{Components: 3})
	for what, c := range map[string]struct {
		kind tensor.Kind
		f    func()
	}{
		"x is a vector":              {tensor.ErrShape, func() { m.Fit(y, y) }},
		"no columns":                 {tensor.ErrShape, func() { m.Fit(tensor.Zeros(3, 0), y) }},
		"y too short":                {tensor.ErrShape, func() { m.Fit(x, y.Narrow(0, 0, 2)) }},
		"y is a matrix":              {tensor.ErrShape, func() { m.Fit(x, x) }},
		"integers":                   {tensor.ErrDType, func() { m.Fit(x.To(tensor.Int64), y) }},
		"integer targets":            {tensor.ErrDType, func() { m.Score(x, y.To(tensor.Int64)) }},
		"other columns":              {tensor.ErrShape, func() { m.Predict(x.T()) }},
		"score of other rows":        {tensor.ErrShape, func() { m.Score(x, y.Narrow(0, 0, 2)) }},
		"predict before fit":         {tensor.ErrValue, func() { linear.NewRidge(linear.RidgeConfig{}).Predict(x) }},
		"state before fit":           {tensor.ErrValue, func() { linear.NewRidge(linear.RidgeConfig{}).State() }},
		"ridge alpha below 0":        {tensor.ErrValue, func() { linear.NewRidge(linear.RidgeConfig{Alpha: new(-1.0)}) }},
		"ridge alpha NaN":            {tensor.ErrValue, func() { linear.NewRidge(linear.RidgeConfig{Alpha: new(math.NaN())}) }},
		"lasso alpha 0":              {tensor.ErrValue, func() { linear.NewLasso(linear.LassoConfig{Alpha: new(0.0)}) }},
		"lasso tolerance":            {tensor.ErrValue, func() { linear.NewLasso(linear.LassoConfig{Tol: -1}) }},
		"elastic net ratio 0":        {tensor.ErrValue, func() { linear.NewElasticNet(linear.ElasticNetConfig{L1Ratio: new(0.0)}) }},
		"elastic net ratio above 1":  {tensor.ErrValue, func() { linear.NewElasticNet(linear.ElasticNetConfig{L1Ratio: new(1.1)}) }},
		"no alphas of ridge":         {tensor.ErrValue, func() { linear.RidgePath(x, y, nil, linear.RidgeConfig{}) }},
		"alpha of a path below 0":    {tensor.ErrValue, func() { linear.RidgePath(x, y, []float64{1, -1}, linear.RidgeConfig{}) }},
		"no alphas of lasso":         {tensor.ErrValue, func() { linear.LassoPath(x, y, linear.PathConfig{Alphas: []float64{}}) }},
		"alpha 0 of a lasso path":    {tensor.ErrValue, func() { linear.LassoPath(x, y, linear.PathConfig{Alphas: []float64{0}}) }},
		"eps of a path":              {tensor.ErrValue, func() { linear.LassoPath(x, y, linear.PathConfig{Eps: 2}) }},
		"scaler before fit":          {tensor.ErrValue, func() { linear.NewStandardScaler(linear.StandardScalerConfig{}).Transform(x) }},
		"min-max scaler before fit":  {tensor.ErrValue, func() { linear.NewMinMaxScaler(linear.MinMaxScalerConfig{}).Transform(x) }},
		"min above max":              {tensor.ErrValue, func() { linear.NewMinMaxScaler(linear.MinMaxScalerConfig{Min: new(1.0)}) }},
		"degree":                     {tensor.ErrValue, func() { linear.NewPolynomial(linear.PolynomialConfig{Degree: -1}) }},
		"too many terms":             {tensor.ErrValue, func() { linear.NewPolynomial(linear.PolynomialConfig{Degree: 50}).Terms(50) }},
		"components":                 {tensor.ErrValue, func() { linear.NewPCA(linear.PCAConfig{Components: -1}) }},
		"more components than there": {tensor.ErrShape, func() { pca.Fit(x) }},
		"pca before fit":             {tensor.ErrValue, func() { pca.Transform(x) }},
	} {
		if err := tensor.Catch(c.f); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", what, err, c.kind)
		}
	}
}

// TestScaleEdges are data without spread and of one row.
func TestScaleEdges(t *testing.T) {
	x := tensor.Of([]float64{0.1, 1, 0.1, 2, 0.1, 4}, 3, 2)
	std := linear.NewStandardScaler(linear.StandardScalerConfig{})
	must(t, std.Fit(x))
	near(t, "a constant column", std.Transform(x).Select(1, 0), []float64{0, 0, 0}, 0)
	near(t, "its scale", std.Scale.Select(0, 0), []float64{1}, 0)
	raw := linear.NewStandardScaler(linear.StandardScalerConfig{NoMean: true, NoStd: true})
	must(t, raw.Fit(x))
	near(t, "neither mean nor deviation", raw.Transform(x), x.Floats(), 0)
	unit := linear.NewMinMaxScaler(linear.MinMaxScalerConfig{Min: new(3.0), Max: new(5.0)})
	must(t, unit.Fit(x))
	near(t, "to 3..5", unit.Transform(x), []float64{3, 3, 3, 3 + 2.0/3, 3, 5}, 1e-15)
	for name, fit := range map[string]func(*tensor.Tensor) error{"standard scaler": std.Fit, "min-max scaler": unit.Fit, "pca": linear.NewPCA(linear.PCAConfig{}).Fit} {
		if err := fit(x.Div(tensor.Of([]float64{0, 1}))); !errors.Is(err, linear.ErrNotFinite) || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if err := fit(tensor.Zeros(0, 2)); !errors.Is(err, linear.ErrNoSamples) {
			t.Errorf("%s: %v", name, err)
		}
	}

	flat := tensor.Ones(4, 3)
	p := linear.NewPCA(linear.PCAConfig{})
	must(t, p.Fit(flat))
	near(t, "variance of constants", p.ExplainedVarianceRatio, []float64{0, 0, 0}, 0)
	if err := linear.NewPCA(linear.PCAConfig{Whiten: true}).Fit(x); !errors.Is(err, linear.ErrSingular) {
		t.Errorf("whitening a constant column: %v", err)
	}
	for _, k := range []int{0, 2} {
		if err := linear.NewPCA(linear.PCAConfig{Components: k}).Fit(x.Narrow(0, 0, 1)); !errors.Is(err, linear.ErrNoSamples) {
			t.Errorf("one sample: %v", err)
		}
	}
}

func TestScore(t *testing.T) {
	m := linear.NewLinearRegression(linear.LinearRegressionConfig{})
	x := tensor.Of([]float64{0, 1, 2}, 3, 1)
	must(t, m.Fit(x, tensor.Of([]float64{0.1, 0.1, 0.1})))
	if r := m.Score(x, tensor.Of([]float64{0.1, 0.1, 0.1})); r != 1 {
		t.Errorf("right about a constant: %v", r)
	}
	if r := m.Score(x, tensor.Of([]float64{3.0, 3, 3})); r != 0 {
		t.Errorf("wrong about a constant: %v", r)
	}
	if r := m.Score(x.Narrow(0, 0, 1), tensor.Of([]float64{3.0})); !math.IsNaN(r) {
		t.Errorf("one sample: %v", r)
	}
	if r := m.Score(tensor.Of([]float64{0, math.NaN(), 1}, 3, 1), tensor.Of([]float64{1, 2, 3.0})); !math.IsNaN(r) {
		t.Errorf("NaN among the samples: %v", r)
	}
}

// TestFloat32 checks that samples of float32 are fitted in float64 and answered in float32.
func TestFloat32(t *testing.T) {
	x := tensor.Randn(random.New(3), 20, 3)
	y := x.Sum(1)
	for name, m := range regressors() {
		must(t, m.Fit(x, y))
		p := m.Predict(x)
		must(t, m.Fit(x.To(tensor.Float64), y.To(tensor.Float64)))
		if p.DType() != tensor.Float32 || !tensor.Equal(p, m.Predict(x)) {
			t.Errorf("%s: float32 samples give another model", name)
		}
	}
}

// TestLeastSquares checks what defines the solutions, on random data of all shapes: the gradient is zero, and of several solutions that of
// least norm is in the row space.
func TestLeastSquares(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n, d := rapid.IntRange(1, 8).Draw(r, "n"), rapid.IntRange(1, 8).Draw(r, "d")
		g := random.New(rapid.Uint64().Draw(r, "seed"))
		x, y := tensor.Randn(g, n, d).To(tensor.Float64), tensor.Randn(g, n).To(tensor.Float64)
		if d > 1 && rapid.Bool().Draw(r, "twice") {
			x = tensor.Concat(1, x.Narrow(1, 0, d-1), x.Narrow(1, 0, 1))
		}
		alpha := rapid.SampledFrom([]float64{0, 0.1, 10}).Draw(r, "alpha")
		m := linear.NewRidge(linear.RidgeConfig{Alpha: &alpha})
		if err := m.Fit(x, y); err != nil {
			r.Fatal(err)
		}
		residual := y.Sub(m.Predict(x))
		// ∂/∂w = Xᵀ(y - Xw - b) - αw = 0, ∂/∂b = Σ(y - Xw - b) = 0
		if g := residual.MatMul(x).Sub(m.Coef.MulScalar(alpha)).Abs().Max().Item(); !(g <= 1e-9) {
			r.Errorf("gradient by w is %v", g)
		}
		if g := math.Abs(residual.Sum().Item()); !(g <= 1e-10) {
			r.Errorf("gradient by b is %v", g)
		}
		if alpha == 0 {
			l := linear.NewLinearRegression(linear.LinearRegressionConfig{})
			if err := l.Fit(x, y); err != nil || !tensor.Equal(l.Coef, m.Coef) {
				r.Errorf("least squares is %v, ridge without penalty %v (%v)", l.Coef, m.Coef, err)
			}
		}
	})
}

// TestLassoKKT checks what defines lasso's solution: X_jᵀr/N = α sign(w_j) where w_j is not 0, |X_jᵀr/N| <= α where it is.
func TestLassoKKT(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n, d := rapid.IntRange(2, 10).Draw(r, "n"), rapid.IntRange(1, 12).Draw(r, "d")
		g := random.New(rapid.Uint64().Draw(r, "seed"))
		x, y := tensor.Randn(g, n, d).To(tensor.Float64), tensor.Randn(g, n).To(tensor.Float64)
		alpha, ratio := rapid.SampledFrom([]float64{0.05, 0.3, 5}).Draw(r, "alpha"), rapid.SampledFrom([]float64{0.2, 1}).Draw(r, "ratio")
		m := linear.NewElasticNet(linear.ElasticNetConfig{Alpha: &alpha, L1Ratio: &ratio, Tol: 1e-14, MaxSweeps: 1e6})
		if err := m.Fit(x, y); err != nil {
			r.Fatal(err)
		}
		slope := y.Sub(m.Predict(x)).MatMul(x).DivScalar(float64(n)).Floats()
		for j, w := range m.Coef.Floats() {
			s := slope[j] - alpha*(1-ratio)*w
			if w == 0 && !(math.Abs(s) <= alpha*ratio+1e-6) || w != 0 && !(math.Abs(s-math.Copysign(alpha*ratio, w)) <= 1e-6) {
				r.Errorf("w[%d] = %v, slope %v, alpha %v", j, w, s, alpha*ratio)
			}
		}
	})
}

// TestLassoSlow is a case of two features that hardly differ, where descent takes 60,000 sweeps and their rounding adds up.
func TestLassoSlow(t *testing.T) {
	g := random.New(0x18f)
	x, y := tensor.Randn(g, 4, 9).To(tensor.Float64), tensor.Randn(g, 4).To(tensor.Float64)
	m := linear.NewLasso(linear.LassoConfig{Alpha: new(0.05), Tol: 1e-14, MaxSweeps: 1e6})
	must(t, m.Fit(x, y))
	if least := 1e-14 * y.Sub(y.Mean()).Square().Mean().Item() / 2; m.Gap > least {
		t.Errorf("the gap is %v, more than %v", m.Gap, least)
	}
}

// TestLeaveOneOut compares RidgePath's residuals with those of models fitted without each sample.
func TestLeaveOneOut(t *testing.T) {
	g := random.New(5)
	x, y := tensor.Randn(g, 9, 3).To(tensor.Float64), tensor.Randn(g, 9).To(tensor.Float64)
	for _, none := range []bool{false, true} {
		alphas := []float64{0, 0.5, 20}
		p, err := linear.RidgePath(x, y, alphas, linear.RidgeConfig{NoIntercept: none})
		must(t, err)
		for k, a := range alphas {
			var want []float64
			for i := range 9 {
				rest := func(t *tensor.Tensor) *tensor.Tensor {
					return tensor.Concat(0, t.Narrow(0, 0, i), t.Narrow(0, i+1, 8-i))
				}
				m := linear.NewRidge(linear.RidgeConfig{Alpha: &a, NoIntercept: none})
				must(t, m.Fit(rest(x), rest(y)))
				want = append(want, y.Sub(m.Predict(x)).Floats()[i])
			}
			near(t, "leave-one-out residuals", p.LeaveOneOut.Select(0, k), want, 1e-11)
			m := linear.NewRidge(linear.RidgeConfig{Alpha: &a, NoIntercept: none})
			must(t, m.Fit(x, y))
			near(t, "prediction of the path's model", p.Model(k).Predict(x), m.Predict(x).Floats(), 1e-12)
		}
	}
	p, err := linear.RidgePath(tensor.Eye(3).To(tensor.Float64), tensor.Of([]float64{1, 2, 3}), []float64{0}, linear.RidgeConfig{})
	must(t, err)
	for _, v := range p.LeaveOneOut.Floats() {
		if !math.IsNaN(v) {
			t.Errorf("a sample that no other predicts has the residual %v", v)
		}
	}
}

func TestState(t *testing.T) {
	g := random.New(7)
	x := tensor.Randn(g, 12, 3)
	y := x.Sum(1)
	type stateful interface {
		State() []tensor.Named
		LoadState([]tensor.Named) error
	}
	m, m2 := linear.NewRidge(linear.RidgeConfig{}), linear.NewRidge(linear.RidgeConfig{})
	s, s2 := linear.NewStandardScaler(linear.StandardScalerConfig{}), linear.NewStandardScaler(linear.StandardScalerConfig{})
	u, u2 := linear.NewMinMaxScaler(linear.MinMaxScalerConfig{}), linear.NewMinMaxScaler(linear.MinMaxScalerConfig{})
	p, p2 := linear.NewPCA(linear.PCAConfig{Components: 2, Whiten: true}), linear.NewPCA(linear.PCAConfig{Components: 2, Whiten: true})
	must(t, m.Fit(x, y))
	must(t, s.Fit(x))
	must(t, u.Fit(x))
	must(t, p.Fit(x))
	for name, c := range map[string]struct {
		from, to  stateful
		out, out2 func(*tensor.Tensor) *tensor.Tensor
	}{
		"ridge": {m, m2, m.Predict, m2.Predict}, "standard": {s, s2, s.Transform, s2.Transform},
		"min-max": {u, u2, u.Transform, u2.Transform}, "pca": {p, p2, p.Transform, p2.Transform},
	} {
		file := filepath.Join(t.TempDir(), "state.safetensors")
		must(t, safetensors.Save(file, c.from.State(), nil))
		state, _, err := safetensors.Load(file)
		must(t, err)
		must(t, c.to.LoadState(state))
		if !tensor.Equal(c.out(x), c.out2(x)) {
			t.Errorf("%s: what was saved and loaded gives other results", name)
		}
		last := len(state) - 1
		for what, bad := range map[string][]tensor.Named{
			"missing": state[:last],
			"dtype":   append(state[:last:last], tensor.Named{Name: state[last].Name, Tensor: state[last].To(tensor.Float32)}),
			"rank":    append(state[:last:last], tensor.Named{Name: state[last].Name, Tensor: state[last].Unsqueeze(0)}),
			"NaN":     append(state[:last:last], tensor.Named{Name: state[last].Name, Tensor: tensor.FullLike(state[last].Tensor, math.NaN())}),
		} {
			if err := c.to.LoadState(bad); err == nil {
				t.Errorf("%s: loaded with %s", name, what)
			}
		}
	}
	if err := s2.LoadState([]tensor.Named{{Name: "mean", Tensor: s.Mean}, {Name: "scale", Tensor: tensor.Ones(2).To(tensor.Float64)}}); err == nil {
		t.Error("sizes that differ: loaded")
	}
}
