package losses

import "github.com/hadal-go/hadal/tensor"

// NLL returns the mean negative log-likelihood −x[y] of log-probabilities x (N, C), or (N, C, ...), and classes y (N, ...)
// int64, or (C,) and a scalar.
func NLL(x, y *tensor.Tensor) *tensor.Tensor { return NLLLoss{}.Of(x, y) }

// NLLLoss is the negative log-likelihood with options.
type NLLLoss struct {
	Weight      *tensor.Tensor // of each class (C,); the mean divides by the weights of the targets
	IgnoreIndex *int64         // targets of this class count neither in sum nor in mean; nil: -100
	Reduction   Reduction
}

// Of returns the reduced −w_y x[y]. It panics with ErrIndex when a class is outside [0, C) and is not the ignored one.
func (l NLLLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	checkClasses("nll", x, y)
	w := l.Weight
	if w != nil {
		w = classWeights("nll", w, x)
	}
	shape := y.Shape()
	x, y = classesLast(x, y)
	ignored := y.EqScalar(float64(or(l.IgnoreIndex, -100)))
	at := y.MaskedFill(ignored, 0)
	v := x.Gather(1, at.Unsqueeze(1)).Squeeze(1).Neg()
	if w != nil {
		v = v.Mul(w.IndexSelect(0, at))
	}
	return reduceClasses(l.Reduction, v.MaskedFill(ignored, 0), y, w, l.IgnoreIndex, shape)
}
