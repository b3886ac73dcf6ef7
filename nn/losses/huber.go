package losses

import "github.com/hadal-go/hadal/tensor"

// Huber returns the mean of Huber's loss with delta 1 (Huber, 1964).
func Huber(x, y *tensor.Tensor) *tensor.Tensor { return HuberLoss{}.Of(x, y) }

// HuberLoss is quadratic near zero and linear beyond Delta.
type HuberLoss struct {
	Delta     float64 // 0: 1
	Reduction Reduction
}

// Of returns the reduced loss of d = x − y: ½d² where |d| <= δ, else δ(|d| − ½δ). The shapes are equal. It panics with
// ErrValue on a negative delta.
func (l HuberLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	if l.Delta == 0 {
		l.Delta = 1
	}
	if !(l.Delta > 0) {
		tensor.Fail("huber", tensor.ErrValue, []tensor.Shape{x.Shape()}, "delta %v must be positive", l.Delta)
	}
	return l.Reduction.apply(huber(x.Sub(pair("huber", x, y)), l.Delta))
}

// huber returns Huber's loss of each d. With c = d cut to ±δ it is c(d − ½c) in all three pieces.
func huber(d *tensor.Tensor, delta float64) *tensor.Tensor {
	c := d.Clamp(-delta, delta)
	return c.Mul(d.Sub(c.MulScalar(0.5)))
}

// SmoothL1 returns the mean of the smooth L1 loss with beta 1 (Girshick, 2015).
func SmoothL1(x, y *tensor.Tensor) *tensor.Tensor { return SmoothL1Loss{}.Of(x, y) }

// SmoothL1Loss is Huber's loss with δ = Beta, divided by Beta.
type SmoothL1Loss struct {
	Beta      *float64 // nil: 1; 0 is L1
	Reduction Reduction
}

// Of returns the reduced loss of d = x − y: ½d²/β where |d| < β, else |d| − ½β. The shapes are equal. It panics with
// ErrValue on a negative beta.
func (l SmoothL1Loss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	beta := or(l.Beta, 1)
	if !(beta >= 0) {
		tensor.Fail("smooth_l1", tensor.ErrValue, []tensor.Shape{x.Shape()}, "beta %v must not be negative", beta)
	}
	d := x.Sub(pair("smooth_l1", x, y))
	if beta == 0 {
		return l.Reduction.apply(d.Abs())
	}
	return l.Reduction.apply(huber(d, beta).MulScalar(1 / beta))
}
