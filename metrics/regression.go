package metrics

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// Regression accumulates errors of predicted numbers. The zero value is empty; its measures are NaN.
type Regression struct {
	n                         int
	squares, absolute, shares float64
	mean, m2                  float64 // of the targets: mean and Σ (y − mean)²
}

// Add takes predictions and targets of one shape, any; every element is a sample. It panics with ErrShape when the shapes differ.
func (r *Regression) Add(pred, target *tensor.Tensor) { r.add("regression", pred, target) }

func (r *Regression) add(op string, pred, target *tensor.Tensor) {
	x, y := sameShape(op, pred, target)
	for i, t := range y {
		d := math.Abs(x[i] - t)
		r.squares += d * d
		r.absolute += d
		if d != 0 { // a zero that is met is no error
			r.shares += d / math.Abs(t)
		}
		r.n++ // Welford, 1962
		step := t - r.mean
		r.mean += step / float64(r.n)
		r.m2 += step * (t - r.mean)
	}
}

// Merge adds what o holds (Chan, Golub and LeVeque, 1979).
func (r *Regression) Merge(o *Regression) {
	if o.n == 0 {
		return
	}
	n := float64(r.n + o.n)
	step := o.mean - r.mean
	r.m2 += o.m2 + step*step*float64(r.n)*float64(o.n)/n
	r.mean += step * float64(o.n) / n
	r.n += o.n
	r.squares += o.squares
	r.absolute += o.absolute
	r.shares += o.shares
}

// MSE returns the mean squared error 1/N Σ (p − y)².
func (r *Regression) MSE() float64 { return r.squares / float64(r.n) }

// RMSE returns √MSE, in the unit of the targets.
func (r *Regression) RMSE() float64 { return math.Sqrt(r.MSE()) }

// MAE returns the mean absolute error 1/N Σ |p − y|.
func (r *Regression) MAE() float64 { return r.absolute / float64(r.n) }

// MAPE returns the mean absolute percentage error as a share, 1/N Σ |p − y|/|y|: 0.1 is 10%. A target of zero that is missed makes it +Inf.
func (r *Regression) MAPE() float64 { return r.shares / float64(r.n) }

// R2 returns the coefficient of determination 1 − Σ (p − y)² / Σ (y − ȳ)²: 1 for perfect predictions, 0 for those no better than the
// mean ȳ, without lower bound. Where all targets are equal it is −Inf, or NaN if they are met.
func (r *Regression) R2() float64 { return 1 - r.squares/r.m2 }

func regression(op string, pred, target *tensor.Tensor) *Regression {
	var r Regression
	r.add(op, pred, target)
	return &r
}

// MSE is Regression.MSE of predictions and targets of one shape.
func MSE(pred, target *tensor.Tensor) float64 { return regression("mse", pred, target).MSE() }

// RMSE is Regression.RMSE of predictions and targets of one shape.
func RMSE(pred, target *tensor.Tensor) float64 { return regression("rmse", pred, target).RMSE() }

// MAE is Regression.MAE of predictions and targets of one shape.
func MAE(pred, target *tensor.Tensor) float64 { return regression("mae", pred, target).MAE() }

// MAPE is Regression.MAPE of predictions and targets of one shape.
func MAPE(pred, target *tensor.Tensor) float64 { return regression("mape", pred, target).MAPE() }

// R2 is Regression.R2 of predictions and targets of one shape.
func R2(pred, target *tensor.Tensor) float64 { return regression("r2", pred, target).R2() }
