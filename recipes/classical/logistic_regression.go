package classical

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B16", Tier: catalog.Unit, Title: "Logistic regression and log loss", Source: "Cox 1958",
		Target: "descent and IRLS find the same weights to 1e-6; the likelihood as a product is exp(-cross-entropy); calibrated on data of its own model: ECE < 0.02",
		Note:   "σ(z) is P(C1 | x) for the z that is positive on C1's side; P(C2 | x) = σ(z) is a misprint, which makes the data all but impossible",
		Test:   logisticRegression,
	})
}

// logit draws n rows of 3 normal features and classes with P(1 | x) = σ(w·x + b).
func logit(seed uint64, n int) (x, y *tensor.Tensor) {
	g := random.New(seed)
	x = tensor.With(tensor.Float64).Randn(g, n, 3)
	p := x.MatMul(f64([]float64{1.5, -1, 0.5}, 3)).AddScalar(-0.5).Sigmoid().Floats()
	labels := make([]int64, n)
	for i, v := range p {
		if g.Float64() < v {
			labels[i] = 1
		}
	}
	return x, tensor.Of(labels)
}

func logisticRegression(_ context.Context, c *catalog.Check) error {
	x, y := logit(1, 300)
	irls := linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: 1, Solver: linear.LogisticNewton})
	if err := irls.Fit(x, y); err != nil {
		return err
	}
	// The same objective by plain gradient descent: ½|w|² + Σ log(1 + exp(-y z)), over 300.
	side := y.To(tensor.Float64).MulScalar(2).AddScalar(-1)
	w, b := tensor.NewParam(f64([]float64{0, 0, 0}, 3)), tensor.NewParam(f64([]float64{0}, 1))
	objective := func() *tensor.Tensor {
		z := x.MatMul(w.Tensor).Add(b.Tensor)
		return z.Mul(side).Neg().Softplus(1, 20).Sum().Add(w.Square().Sum().MulScalar(0.5)).DivScalar(300)
	}
	descend(optim.NewSGD([]*tensor.Param{w, b}, optim.SGDConfig{LR: 2}), 400, objective, nil)
	c.AtMost("difference of the weights of descent and of IRLS", max(worst(w.Detach(), irls.Coef.Reshape(3)), worst(b.Detach(), irls.Intercept)), 1e-6)

	// f(x₁) f(x₂) (1 - f(x₃)) ... of 20 rows, without a detour over logarithms.
	few, labels := x.Narrow(0, 0, 20), tensor.Data[int64](y)[:20]
	product, misprinted, entropy := 1.0, 1.0, 0.0
	z := irls.DecisionFunction(few).Floats()
	for i, f := range irls.PredictProba(few).Select(1, 1).Floats() {
		right := f
		if labels[i] == 0 {
			right = 1 - f
		}
		product *= right
		misprinted *= 1 - right
		entropy += math.Log1p(math.Exp(-z[i] * float64(2*labels[i]-1)))
	}
	c.AtMost("relative difference of the likelihood and exp(-cross-entropy)", math.Abs(product/math.Exp(-entropy)-1), 1e-12)
	c.Control(func() {
		c.AtMost("likelihood with P(C2 | x) = σ(z), as misprinted, over the right one", misprinted/product, 1e-6)
	})

	train, trainY := logit(2, 20000)
	test, testY := logit(3, 20000)
	m := linear.NewLogisticRegression(linear.LogisticRegressionConfig{NoPenalty: true})
	if err := m.Fit(train, trainY); err != nil {
		return err
	}
	p := m.PredictProba(test).Select(1, 1)
	ece, said, found := reliability(p.Floats(), tensor.Data[int64](testY), 10)
	c.AtMost("expected calibration error on 20,000 new rows", ece, 0.02)
	sharp, saidSharp, foundSharp := reliability(m.DecisionFunction(test).MulScalar(4).Sigmoid().Floats(), tensor.Data[int64](testY), 10)
	c.Control(func() { c.AtLeast("the same with logits four times as large, too sure of itself", sharp, 0.05) })
	c.AtMost("error of the weights that made the data", worst(m.Coef, f64([]float64{1.5, -1, 0.5}, 1, 3)), 0.1)
	return c.Picture("reliability", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "Of what is called p, a fraction p is so", XLabel: "predicted probability", YLabel: "fraction of class 1", Series: []plot.Series{
			{Name: "calibrated", X: []float64{0, 1}, Y: []float64{0, 1}, Dashed: true},
			{Name: "logistic regression", X: said, Y: found}, {Name: "logits × 4", X: saidSharp, Y: foundSharp},
		}})
	})
}

// reliability sorts probabilities into bins of equal width and returns the expected calibration error Σ n_b/N |fraction - mean p| and, of
// each bin that is not empty, the mean probability and the fraction of class 1.
func reliability(p []float64, y []int64, bins int) (ece float64, said, found []float64) {
	n, sum, ones := make([]float64, bins), make([]float64, bins), make([]float64, bins)
	for i, v := range p {
		b := min(int(v*float64(bins)), bins-1)
		n[b]++
		sum[b] += v
		ones[b] += float64(y[i])
	}
	for b := range n {
		if n[b] > 0 {
			ece += math.Abs(ones[b]-sum[b]) / float64(len(p))
			said, found = append(said, sum[b]/n[b]), append(found, ones[b]/n[b])
		}
	}
	return ece, said, found
}
