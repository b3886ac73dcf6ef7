package losses

import "github.com/hadal-go/hadal/tensor"

// Dice returns the mean, over the N samples, of 1 minus the Dice coefficient of probabilities p and targets y in [0, 1], both
// (N, ...) (Milletari, Navab and Ahmadi, 2016).
func Dice(p, y *tensor.Tensor) *tensor.Tensor { return DiceLoss{}.Of(p, y) }

// DiceLoss is the Dice loss with options.
type DiceLoss struct {
	Smooth    *float64 // s, which makes the loss of an empty prediction of an empty target 0; nil: 1; the paper has 0
	Reduction Reduction
}

// Of returns the reduced 1 − (2 Σ p y + s)/(Σ p² + Σ y² + s) of each sample (N,), sums over all other axes. To count classes
// (N, C, ...) one by one, reshape to (N·C, ...). It panics with ErrShape unless the shapes are equal and have an axis N, and
// with ErrValue on a negative s.
func (l DiceLoss) Of(p, y *tensor.Tensor) *tensor.Tensor {
	y = pair("dice", p, y)
	if p.Rank() == 0 {
		tensor.Fail("dice", tensor.ErrShape, []tensor.Shape{p.Shape(), y.Shape()}, "the prediction must be (N, ...)")
	}
	s := or(l.Smooth, 1)
	if !(s >= 0) {
		tensor.Fail("dice", tensor.ErrValue, []tensor.Shape{p.Shape()}, "the smoothing %v must not be negative", s)
	}
	p, y = p.Unsqueeze(1).Flatten(1), y.Unsqueeze(1).Flatten(1)
	both := p.Mul(y).Sum(1).MulScalar(2).AddScalar(s)
	return l.Reduction.apply(both.Div(p.Mul(p).Add(y.Mul(y)).Sum(1).AddScalar(s)).RSubScalar(1))
}
