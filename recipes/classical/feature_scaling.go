package classical

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B09", Tier: catalog.Unit, Title: "Feature scaling", Source: "LeCun, Bottou, Orr and Müller 1998",
		Target: "with x₁ in 1 to 3 and x₂ in 100 to 300 the Hessian's condition number falls and gradient descent needs >= 100 times fewer steps to 1e-6; test data take the training data's statistics",
		Test:   featureScaling,
	})
}

// trip is a descent on the mean squared error of linear regression.
type trip struct {
	condition float64      // of the Hessian
	steps     int          // until the loss is within 1e-6 of its minimum, of what it was at the start
	path      []plot.Point // w₁, w₂
	best      []float64    // w₁, w₂, b at the minimum
	hessian   *tensor.Tensor
}

// slide descends from 0 at the rate 1/λ, λ the largest curvature, which decreases every quadratic, and gives up after most steps.
func slide(x, y *tensor.Tensor, most int) (t trip, err error) {
	n := float64(x.Dim(0))
	x = tensor.Concat(1, x, tensor.Ones(x.Dim(0), 1).To(tensor.Float64)) // the last weight is b
	t.hessian = x.T().MatMul(x).MulScalar(2 / n)
	curvature, err := linalg.Eigvalsh(t.hessian)
	if err != nil {
		return t, err
	}
	t.condition = curvature.Max().Item() / curvature.Min().Item()
	m := linear.NewLinearRegression(linear.LinearRegressionConfig{NoIntercept: true})
	if err := m.Fit(x, y); err != nil {
		return t, err
	}
	t.best = m.Coef.Floats()
	w := tensor.NewParam(tensor.Zeros(3).To(tensor.Float64))
	loss := func() *tensor.Tensor { return y.Sub(x.MatMul(w.Tensor)).Square().Mean() }
	least := y.Sub(m.Predict(x)).Square().Mean().Item()
	first := loss().Item()
	t.steps = descend(optim.NewSGD([]*tensor.Param{w}, optim.SGDConfig{LR: 1 / curvature.Max().Item()}), most, loss, func() bool {
		p := w.Floats()
		t.path = append(t.path, plot.Point{X: p[0], Y: p[1]})
		return loss().Item()-least <= 1e-6*(first-least)
	})
	return t, nil
}

func featureScaling(_ context.Context, c *catalog.Check) error {
	const n = 40
	g := random.New(max(c.Seed, 1))
	low, span := f64([]float64{1, 100}), f64([]float64{2, 200})
	x := tensor.Rand(g, 2*n, 2).To(tensor.Float64).Mul(span).Add(low)
	y := x.MatMul(f64([]float64{1, 0.02})).Add(tensor.Randn(g, 2*n).To(tensor.Float64).MulScalar(0.1))
	train, test := x.Narrow(0, 0, n), x.Narrow(0, n, n).MulScalar(1.2) // the test data have drifted
	scaler := linear.NewStandardScaler(linear.StandardScalerConfig{})
	if err := scaler.Fit(train); err != nil {
		return err
	}
	scaled, err := slide(scaler.Transform(train), y.Narrow(0, 0, n), 10000)
	if err != nil {
		return err
	}
	raw, err := slide(train, y.Narrow(0, 0, n), 200*max(scaled.steps, 1))
	if err != nil {
		return err
	}
	c.AtLeast("steps without scaling, given up at 200 times, over steps with it", float64(raw.steps)/float64(scaled.steps), 100)
	c.AtMost("steps with scaling", float64(scaled.steps), 50)
	c.AtMost("condition number with scaling", scaled.condition, 3)
	c.AtLeast("condition number without", raw.condition, 1e4)

	// A model of scaled features predicts as one of the raw ones, if test data are scaled by the training data's statistics.
	onRaw, onScaled := linear.NewLinearRegression(linear.LinearRegressionConfig{}), linear.NewLinearRegression(linear.LinearRegressionConfig{})
	if err := onRaw.Fit(train, y.Narrow(0, 0, n)); err != nil {
		return err
	}
	if err := onScaled.Fit(scaler.Transform(train), y.Narrow(0, 0, n)); err != nil {
		return err
	}
	own := linear.NewStandardScaler(linear.StandardScalerConfig{})
	if err := own.Fit(test); err != nil {
		return err
	}
	want := onRaw.Predict(test)
	c.AtMost("difference of predictions on test data scaled by the training data's statistics", worst(onScaled.Predict(scaler.Transform(test)), want), 1e-10)
	c.Control(func() {
		c.AtLeast("difference when they are scaled by their own", worst(onScaled.Predict(own.Transform(test)), want), 0.1)
	})
	return c.Picture("descent", func(file string) error {
		return slidePicture(file, raw, scaled, scaler.Scale.Floats())
	})
}

// slidePicture draws both descents by the weights of standardised features, w σ, over the loss of these.
func slidePicture(file string, raw, scaled trip, sigma []float64) error {
	for i := range raw.path {
		raw.path[i].X *= sigma[0]
		raw.path[i].Y *= sigma[1]
	}
	h := scaled.hessian.Floats()
	window := plot.Regions{XMin: -0.1, XMax: 1.2, YMin: -0.1, YMax: 2.2}
	return plot.Lines(file, plot.Chart{Title: "Gradient descent with features as they are and standardised", XLabel: "w₁ σ₁", YLabel: "w₂ σ₂", Series: []plot.Series{
		ellipses("equal loss", scaled.best[0], scaled.best[1], [3]float64{h[0], h[1], h[4]}, 10, window),
		polyline("as they are", raw.path), polyline("standardised", scaled.path)}})
}
