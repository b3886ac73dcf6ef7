package tabular

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/tensor"
)

// learner is a model of any sort.
type learner interface {
	// fit learns from rows x (N, D) float64 and classes y (N,) int64 or numbers y (N,) float64.
	fit(ctx context.Context, x, y *tensor.Tensor) error
	// scores judges rows x (N, D): (N, K) float64, of K classes the largest is meant, or (N, 1), the number.
	scores(x *tensor.Tensor) *tensor.Tensor
	state() []tensor.Named
	load(state []tensor.Named) error
}

// learner returns the untrained model that the options ask for.
func (c *Recipe) learner(target *table.Target, pipeline *table.Pipeline, seed uint64) learner {
	switch name := c.model(target); name {
	case "linear":
		return regression{linear.NewLinearRegression(linear.LinearRegressionConfig{})}
	case "ridge":
		return regression{linear.NewRidge(linear.RidgeConfig{Alpha: &c.Alpha})}
	case "logistic":
		return logistic{linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: c.C})}
	case "svm":
		if c.Kernel == "linear" {
			return machine{linear.NewLinearSVM(linear.LinearSVMConfig{C: c.C, Seed: seed})}
		}
		kernel := linear.RBFKernel
		if c.Kernel == "polynomial" {
			kernel = linear.PolynomialKernel
		}
		return machine{linear.NewKernelSVM(linear.KernelSVMConfig{C: c.C, Kernel: kernel})}
	default:
		return c.newMLP(target, len(pipeline.Features()), seed)
	}
}

// model is the model's name, chosen where it is auto.
func (c *Recipe) model(target *table.Target) string {
	switch {
	case c.Model != "auto" && c.Model != "":
		return c.Model
	case target.Classes != nil:
		return "logistic"
	}
	return "ridge"
}

// probabilities reports whether the model's scores are probabilities of classes.
func (c *Recipe) probabilities(target *table.Target) bool {
	return target.Classes != nil && c.model(target) != "svm"
}

// fitted are the methods of package linear's models.
type fitted interface {
	Fit(x, y *tensor.Tensor) error
	State() []tensor.Named
	LoadState([]tensor.Named) error
}

// predictor predicts numbers.
type predictor interface {
	fitted
	Predict(x *tensor.Tensor) *tensor.Tensor
}

type regression struct{ predictor }

func (m regression) fit(_ context.Context, x, y *tensor.Tensor) error { return m.Fit(x, y) }
func (m regression) scores(x *tensor.Tensor) *tensor.Tensor           { return m.Predict(x).Reshape(-1, 1) }
func (m regression) state() []tensor.Named                            { return m.State() }
func (m regression) load(s []tensor.Named) error                      { return m.LoadState(s) }

type logistic struct{ *linear.LogisticRegression }

func (m logistic) fit(_ context.Context, x, y *tensor.Tensor) error { return m.Fit(x, y) }
func (m logistic) scores(x *tensor.Tensor) *tensor.Tensor           { return m.PredictProba(x) }
func (m logistic) state() []tensor.Named                            { return m.State() }
func (m logistic) load(s []tensor.Named) error                      { return m.LoadState(s) }

// decider has functions whose sign or maximum tells the class.
type decider interface {
	fitted
	DecisionFunction(x *tensor.Tensor) *tensor.Tensor
}

// machine is a support vector machine.
type machine struct{ decider }

func (m machine) fit(_ context.Context, x, y *tensor.Tensor) error { return m.Fit(x, y) }
func (m machine) state() []tensor.Named                            { return m.State() }
func (m machine) load(s []tensor.Named) error                      { return m.LoadState(s) }

func (m machine) scores(x *tensor.Tensor) *tensor.Tensor {
	z := m.DecisionFunction(x)
	if z.Rank() == 1 { // two classes: positive is the second
		z = z.Reshape(-1, 1)
		return tensor.Concat(1, z.Neg(), z)
	}
	return z
}

// scoreRows is how many rows are judged together, so that kernels and activations stay small.
const scoreRows = 1024

// scoresOf returns the model's scores of rows x (N, D), N of width numbers each. An error names row i of x as row place(i) of the table, from 0.
func scoresOf(ctx context.Context, m learner, x *tensor.Tensor, width int, place func(i int) int) ([]float64, error) {
	n := x.Dim(0)
	all := make([]float64, 0, n*width)
	for at := 0; at < n; at += scoreRows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows := min(scoreRows, n-at)
		var s []float64
		tensor.WithScope(func(scope *tensor.Scope) {
			s = m.scores(scope.Enter(x.Narrow(0, at, rows))).Floats()
		})
		if len(s) != rows*width {
			return nil, fmt.Errorf("the model gives %d scores a row, not %d: it is another run's", len(s)/rows, width)
		}
		for i, v := range s {
			if v-v != 0 {
				return nil, fmt.Errorf("the model's score of row %d is %v: its training diverged; train it again, or look for a huge number in the row", place(at+i/width)+1, v)
			}
		}
		all = append(all, s...)
	}
	return all, nil
}

// width is how many scores a row has.
func width(target *table.Target) int { return max(1, len(target.Classes)) }
