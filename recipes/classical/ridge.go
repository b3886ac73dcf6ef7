package classical

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B04", Tier: catalog.Small, Title: "L2 regularisation (ridge)", Source: "Hoerl and Kennard 1970; Krogh and Hertz 1991",
		Target: "closed form = gradient descent on L + ½λ‖w‖² = SGD with weight decay λ to 1e-6; w → 0 and b → mean y as λ → ∞; leave-one-out error U-shaped in λ",
		Note:   dataNote + "; the penalty is ½λ times the squared norm, and the norm itself, a misprint, has another minimum; with the loss Σ(y - ŷ)² scikit-learn's α is λ/2",
		Test:   ridge,
	})
}

func ridge(ctx context.Context, c *catalog.Check) error {
	if err := ridgeDescent(c); err != nil {
		return err
	}
	return ridgeEvolution(ctx, c)
}

// ridgeDescent compares three ways to the minimum of Σ(y - w·x - b)² + ½λ‖w‖².
func ridgeDescent(c *catalog.Check) error {
	const lambda, n, d = 6.0, 20, 3
	g := random.New(1)
	x := tensor.Randn(g, n, d).To(tensor.Float64)
	y := x.MatMul(f64([]float64{1, -2, 0.5})).Add(tensor.Randn(g, n).To(tensor.Float64)).AddScalar(4)
	m := linear.NewRidge(linear.RidgeConfig{Alpha: new(lambda / 2)})
	if err := m.Fit(x, y); err != nil {
		return err
	}
	type penalty func(w *tensor.Tensor) *tensor.Tensor
	// weights returns w and b where 2000 steps end.
	weights := func(decay float64, p penalty) *tensor.Tensor {
		w, b := tensor.NewParam(f64([]float64{0.1, 0.1, 0.1})), tensor.NewParam(f64([]float64{0}))
		opt := optim.NewSGDGroups([]optim.Group{{Params: []*tensor.Param{w}}, {Params: []*tensor.Param{b}, WeightDecay: new(0.0)}},
			optim.SGDConfig{LR: 0.01, WeightDecay: decay})
		descend(opt, 2000, func() *tensor.Tensor {
			loss := y.Sub(x.MatMul(w.Tensor).Add(b.Tensor)).Square().Sum()
			if p != nil {
				loss = loss.Add(p(w.Tensor))
			}
			return loss
		}, nil)
		return tensor.Concat(0, w.Detach(), b.Detach())
	}
	closed := tensor.Concat(0, m.Coef, m.Intercept.Unsqueeze(0))
	squared := func(w *tensor.Tensor) *tensor.Tensor { return w.Square().Sum().MulScalar(lambda / 2) }
	norm := func(w *tensor.Tensor) *tensor.Tensor { return w.Square().Sum().Sqrt().MulScalar(lambda / 2) }
	c.AtMost("gradient descent on L + ½λ‖w‖², from the closed form", worst(weights(0, squared), closed), 1e-6)
	c.AtMost("SGD with weight decay λ, from the closed form", worst(weights(lambda, nil), closed), 1e-6)
	c.Control(func() {
		c.AtLeast("descent on L + ½λ‖w‖, the misprint, from the closed form", worst(weights(0, norm), closed), 0.01)
	})

	far := linear.NewRidge(linear.RidgeConfig{Alpha: new(1e12)})
	if err := far.Fit(x, y); err != nil {
		return err
	}
	c.AtMost("largest |w| at λ = 2e12", far.Coef.Abs().Max().Item(), 1e-9)
	c.AtMost("|b - mean y| at λ = 2e12", worst(far.Intercept, y.Mean()), 1e-9)
	penalised := linear.NewRidge(linear.RidgeConfig{Alpha: new(1e12), NoIntercept: true})
	if err := penalised.Fit(tensor.Concat(1, x, tensor.Ones(n, 1).To(tensor.Float64)), y); err != nil {
		return err
	}
	c.Control(func() {
		c.AtMost("|b| at λ = 2e12 if it is penalised too", math.Abs(penalised.Coef.Floats()[d]), 1e-6)
	})
	return nil
}

// ridgeEvolution predicts evolutions by all their features, of which there are nearly as many as samples.
func ridgeEvolution(ctx context.Context, c *catalog.Check) error {
	e, err := loadEvolutions(ctx, c)
	if err != nil {
		return err
	}
	var numbers []float64
	for _, p := range e.all {
		b := p.Before
		numbers = append(numbers, b.CP, b.HP, b.Weight, b.Height, b.Weak, b.Strong, p.Stardust, p.Candy)
	}
	n := len(e.all)
	base := f64(numbers, n, 8)
	expand := linear.NewPolynomial(linear.PolynomialConfig{})

	var exponents, alphas []float64
	for k := -4.0; k <= 5; k += 0.5 {
		exponents, alphas = append(exponents, k), append(alphas, math.Pow(10, k))
	}
	train, loo := make([]float64, len(alphas)), make([]float64, len(alphas))
	for i := range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		rest := func(t *tensor.Tensor) *tensor.Tensor {
			return tensor.Concat(0, t.Narrow(0, 0, i), t.Narrow(0, i+1, n-1-i))
		}
		// Scaled, expanded to products, and these scaled again: each scaler knows the training data alone.
		first, scaler := linear.NewStandardScaler(linear.StandardScalerConfig{}), linear.NewStandardScaler(linear.StandardScalerConfig{})
		if err := first.Fit(rest(base)); err != nil {
			return err
		}
		x := tensor.Concat(1, expand.Transform(first.Transform(base)), e.species)
		if err := scaler.Fit(rest(x)); err != nil {
			return err
		}
		path, err := linear.RidgePath(scaler.Transform(rest(x)), rest(e.y), alphas, linear.RidgeConfig{})
		if err != nil {
			return err
		}
		for k := range alphas {
			m := path.Model(k)
			train[k] += mae(m.Predict(scaler.Transform(rest(x))), rest(e.y)) / float64(n)
			loo[k] += mae(m.Predict(scaler.Transform(x.Narrow(0, i, 1))), e.y.Narrow(0, i, 1)) / float64(n)
		}
	}
	best := slices.Index(loo, slices.Min(loo))
	c.True(fmt.Sprintf("the least leave-one-out error, %.2f, is at λ = %.2g within the range", loo[best], 2*alphas[best]), best > 0 && best < len(loo)-1)
	c.AtLeast("leave-one-out error at λ = 2e-4 over the least", loo[0]/loo[best], 1.05)
	c.AtLeast("leave-one-out error at λ = 2e5 over the least", loo[len(loo)-1]/loo[best], 1.05)
	c.True("the training error rises with λ", slices.IsSorted(train))
	if err := c.Picture("lambda", func(file string) error {
		return plot.Lines(file, plot.Chart{Title: "Ridge on all features of 75 evolutions", XLabel: "log10 α", YLabel: "mean absolute error", LogY: true,
			Marks: []plot.Mark{{X: exponents[best], Label: "best"}}, Series: []plot.Series{
				{Name: "training", X: exponents, Y: train, Dashed: true}, {Name: "leave one out", X: exponents, Y: loo}}})
	}); err != nil {
		return err
	}
	scaler := linear.NewStandardScaler(linear.StandardScalerConfig{})
	if err := scaler.Fit(base); err != nil {
		return err
	}
	path, err := linear.RidgePath(scaler.Transform(base), e.y, alphas, linear.RidgeConfig{})
	if err != nil {
		return err
	}
	return c.Picture("path", func(file string) error {
		return coefficients(file, "Ridge: coefficients of standardised features", exponents, path, []string{"CP", "HP", "weight", "height", "weak attack", "strong attack", "stardust", "candy"})
	})
}

// coefficients draws the coefficients of a path's models over log10 α.
func coefficients(file, title string, x []float64, path *linear.Path, names []string) error {
	var series []plot.Series
	for j, name := range names {
		series = append(series, plot.Series{Name: name, X: x, Y: path.Coef.Select(1, j).Floats()})
	}
	return plot.Lines(file, plot.Chart{Title: title, XLabel: "log10 α", YLabel: "coefficient", Series: series})
}
