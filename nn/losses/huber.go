package losses

import "github.com/hadal-go/hadal/tensor"

// Huber returns the mean of Huber's loss with delta 1 (Huber, 1964).
func Huber(x, y *tensor.Tensor) *tensor.Tensor { return HuberLoss{}.Of(x, y) }

// HuberLoss is quadratic near zero and linear beyond Delta.
type HuberLoss struct {
	Delta     float64 // 0: 1
	Reduction Reduction
}

// Of returns the reduced loss of d = x − y: ½d² where |d| <= δ, else δ(|d| − ½δ). The shapes are equal.
func (l HuberLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	sameShape("huber", x, y)
	if l.Delta == 0 {
		l.Delta = 1
	}
	if !(l.Delta > 0) {
		tensor.Fail("huber", tensor.ErrValue, []tensor.Shape{x.Shape()}, "delta %v must be positive", l.Delta)
	}
	// With c = min(|d|, δ) the loss is c(|d| − ½c) in both pieces.
	a := x.Sub(y).Abs()
	c := a.ClampMax(l.Delta)
	return l.Reduction.apply(c.Mul(a.Sub(c.MulScalar(0.5))))
}

// SmoothL1 returns the mean of the smooth L1 loss with beta 1 (Girshick, 2015): Huber's loss divided by beta.
func SmoothL1(x, y *tensor.Tensor) *tensor.Tensor { return SmoothL1Loss{}.Of(x, y) }

// SmoothL1Loss is Huber's loss with δ = Beta, divided by Beta.
type SmoothL1Loss struct {
	Beta      *float64 // nil: 1; 0 is L1
	Reduction Reduction
}

// Of returns the reduced loss of d = x − y: ½d²/β where |d| < β, else |d| − ½β. The shapes are equal.
func (l SmoothL1Loss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	beta := 1.0
	if l.Beta != nil {
		beta = *l.Beta
	}
	if beta == 0 {
		return L1Loss{l.Reduction}.Of(x, y)
	}
	return HuberLoss{beta, l.Reduction}.Of(x, y).MulScalar(1 / beta)
}
