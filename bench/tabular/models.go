package main

import (
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/tensor"
)

// options are hyper-parameters, under the same names on both sides.
type options struct {
	C          float64 `json:"C,omitempty"`
	Alpha      float64 `json:"alpha,omitempty"`
	Iterations int     `json:"iterations,omitempty"`
	Hidden     int     `json:"hidden,omitempty"`
	Batch      int     `json:"batch,omitempty"`
	LR         float64 `json:"lr,omitempty"`
	Epochs     int     `json:"epochs,omitempty"`
}

// predictor predicts class numbers or numbers (N,) from x (N, D).
type predictor interface {
	Predict(x *tensor.Tensor) *tensor.Tensor
}

// model is a method and its hyper-parameters.
type model struct {
	name       string // as sklearn_side.py calls it
	regression bool
	seeded     bool // the result depends on a seed
	options    options
	fit        func(x, y *tensor.Tensor, o options, seed uint64) (predictor, error)
}

// fitter is what package linear's models have in common.
type fitter interface {
	predictor
	Fit(x, y *tensor.Tensor) error
}

// fitted makes a fit of a constructor.
func fitted(build func(o options, seed uint64) fitter) func(x, y *tensor.Tensor, o options, seed uint64) (predictor, error) {
	return func(x, y *tensor.Tensor, o options, seed uint64) (predictor, error) {
		m := build(o, seed)
		return m, m.Fit(x, y)
	}
}

var network = options{Hidden: 32, Alpha: 1e-4, Batch: 32, LR: 1e-3, Epochs: 100}

var models = []model{
	{name: "logistic regression", options: options{C: 1}, fit: fitted(func(o options, _ uint64) fitter {
		return linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: o.C})
	})},
	{name: "linear SVM", options: options{C: 1, Iterations: 100_000}, fit: fitted(func(o options, seed uint64) fitter {
		return linear.NewLinearSVM(linear.LinearSVMConfig{C: o.C, MaxIter: o.Iterations, Seed: seed})
	})},
	{name: "RBF SVM", options: options{C: 1}, fit: fitted(func(o options, _ uint64) fitter {
		return linear.NewKernelSVM(linear.KernelSVMConfig{C: o.C})
	})},
	{name: "Gaussian naive Bayes", fit: fitted(func(options, uint64) fitter {
		return linear.NewGaussianNB(linear.GaussianNBConfig{})
	})},
	{name: "MLP", seeded: true, options: network, fit: fitMLP},
	{name: "linear regression", regression: true, fit: fitted(func(options, uint64) fitter {
		return linear.NewLinearRegression(linear.LinearRegressionConfig{})
	})},
	{name: "ridge", regression: true, options: options{Alpha: 1}, fit: fitted(func(o options, _ uint64) fitter {
		return linear.NewRidge(linear.RidgeConfig{Alpha: &o.Alpha})
	})},
	{name: "lasso", regression: true, options: options{Alpha: 1}, fit: fitted(func(o options, _ uint64) fitter {
		return linear.NewLasso(linear.LassoConfig{Alpha: &o.Alpha})
	})},
	{name: "MLP regressor", regression: true, seeded: true, options: network, fit: fitMLPRegressor},
}

// fit fits features and model to a fold of the data, and returns both.
func (m *model) fitFold(d *data, fold int, seed uint64) (func(rows []int) (*tensor.Tensor, error), predictor, error) {
	features, err := d.features(d.train[fold])
	if err != nil {
		return nil, nil, err
	}
	x, err := features(d.train[fold])
	if err != nil {
		return nil, nil, err
	}
	p, err := m.fit(x, pick(d.y, d.train[fold]), m.options, seed)
	return features, p, err
}

// score fits every fold and returns the scores on the rows held out: the accuracy, or R² and the mean absolute error.
func (m *model) score(d *data, seed uint64) (scores [][]float64, err error) {
	for fold, rows := range d.test {
		features, p, err := m.fitFold(d, fold, seed)
		if err != nil {
			return nil, err
		}
		x, err := features(rows)
		if err != nil {
			return nil, err
		}
		predicted, y := p.Predict(x), pick(d.y, rows)
		if !d.regression {
			scores = append(scores, []float64{predicted.Eq(y).To(tensor.Float64).Mean().Item()})
			continue
		}
		scores = append(scores, []float64{metrics.R2(predicted, y), metrics.MAE(predicted, y)})
	}
	return scores, nil
}
