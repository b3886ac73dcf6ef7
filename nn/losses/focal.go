package losses

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// SigmoidFocal returns the mean binary focal loss, with α = 0.25 and γ = 2, of logits x against targets y of x's shape, 0 or 1
// (Lin et al., 2017).
func SigmoidFocal(x, y *tensor.Tensor) *tensor.Tensor { return SigmoidFocalLoss{}.Of(x, y) }

// SigmoidFocalLoss is the binary focal loss with options. The paper divides the Sum by the number of anchors that are objects.
type SigmoidFocalLoss struct {
	Alpha     *float64 // weight of positive targets, in [0, 1]; negative ones have 1−α; nil: 0.25
	Gamma     *float64 // how much easy elements are weighted down; nil: 2; 0 is weighted cross-entropy
	Reduction Reduction
}

// Of returns the reduced −α y (1−p)^γ ln p − (1−α)(1−y) p^γ ln(1−p), with p = σ(x); both terms are exact for any x. It panics
// with ErrShape unless the shapes are equal, and with ErrValue on an alpha outside [0, 1] or a negative gamma.
func (l SigmoidFocalLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	y = pair("sigmoid_focal", x, y)
	alpha, gamma := or(l.Alpha, 0.25), focalGamma("sigmoid_focal", x, l.Gamma)
	if !(alpha >= 0 && alpha <= 1) {
		tensor.Fail("sigmoid_focal", tensor.ErrValue, []tensor.Shape{x.Shape()}, "alpha %v must lie in [0, 1]", alpha)
	}
	logP, logQ := x.LogSigmoid(), x.Neg().LogSigmoid() // ln p and ln(1−p)
	pos := y.Mul(focal(logP, logQ, gamma)).MulScalar(alpha)
	return l.Reduction.apply(pos.Add(y.RSubScalar(1).Mul(focal(logQ, logP, gamma)).MulScalar(1 - alpha)))
}

// Focal returns the mean focal loss, with γ = 2, of softmax(x) against classes y: logits x (N, C), or (N, C, ...), with y
// (N, ...) int64 (Lin et al., 2017).
func Focal(x, y *tensor.Tensor) *tensor.Tensor { return FocalLoss{}.Of(x, y) }

// FocalLoss is the focal loss of classes with options.
type FocalLoss struct {
	Weight      *tensor.Tensor // α of each class (C,); the mean divides by the weights of the targets
	Gamma       *float64       // how much easy samples are weighted down; nil: 2; 0 is weighted cross-entropy
	IgnoreIndex *int64         // targets of this class count neither in sum nor in mean; nil: -100
	Reduction   Reduction
}

// Of returns the reduced −α_y (1−p_y)^γ ln p_y of each sample, with p = softmax(x). It panics with ErrIndex when a class is
// outside [0, C) and is not the ignored one, with ErrShape when there are fewer than two classes, and with ErrValue on a
// negative gamma.
func (l FocalLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	checkClasses("focal", x, y)
	if x.Dim(1) < 2 {
		tensor.Fail("focal", tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "the prediction needs two classes or more; SigmoidFocal is for one logit")
	}
	gamma, w := focalGamma("focal", x, l.Gamma), l.Weight
	if w != nil {
		w = classWeights("focal", w, x)
	}
	shape := y.Shape()
	x, y = classesLast(x, y)
	ignored := y.EqScalar(float64(or(l.IgnoreIndex, -100)))
	at := y.MaskedFill(ignored, 0)
	x = x.LogSoftmax(1)
	logP := x.Gather(1, at.Unsqueeze(1)).Squeeze(1)
	// ln(1−p_y) from the other classes: 1 − exp(ln p_y) has no digits left where p_y is near 1.
	own := at.OneHot(x.Dim(1)).NeScalar(0)
	v := focal(logP, x.MaskedFill(own, math.Inf(-1)).LogSumExp(1), gamma)
	if w != nil {
		v = v.Mul(w.IndexSelect(0, at))
	}
	return reduceClasses(l.Reduction, v.MaskedFill(ignored, 0), y, w, l.IgnoreIndex, shape)
}

// focal returns −q^γ ln p from ln p and ln q, where q = 1−p.
func focal(logP, logQ *tensor.Tensor, gamma float64) *tensor.Tensor {
	return logQ.MulScalar(gamma).Exp().Mul(logP).Neg()
}

func focalGamma(op string, x *tensor.Tensor, gamma *float64) float64 {
	g := or(gamma, 2)
	if !(g >= 0) || math.IsInf(g, 1) {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{x.Shape()}, "gamma %v must be finite and not negative", g)
	}
	return g
}
