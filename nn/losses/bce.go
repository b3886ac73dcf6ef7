package losses

import "github.com/hadal-go/hadal/tensor"

// BCE returns the mean binary cross-entropy of probabilities p against targets y in [0, 1].
func BCE(p, y *tensor.Tensor) *tensor.Tensor { return BCELoss{}.Of(p, y) }

// BCELoss is the binary cross-entropy of probabilities.
type BCELoss struct {
	Weight    *tensor.Tensor // of each element, broadcast; nil: 1
	Reduction Reduction
}

// Of returns the reduced −w(y ln p + (1−y) ln(1−p)), with logarithms not below −100 as in PyTorch. The shapes are equal.
func (l BCELoss) Of(p, y *tensor.Tensor) *tensor.Tensor {
	sameShape("bce", p, y)
	log := func(t *tensor.Tensor) *tensor.Tensor { return t.Log().ClampMin(-100) }
	v := y.Mul(log(p)).Add(y.RSubScalar(1).Mul(log(p.RSubScalar(1)))).Neg()
	return l.Reduction.apply(weighted(v, l.Weight))
}

func weighted(v, w *tensor.Tensor) *tensor.Tensor {
	if w == nil {
		return v
	}
	return v.Mul(w.Detach())
}

// BCEWithLogits returns the mean binary cross-entropy of σ(x) against targets y in [0, 1], from the logits x.
func BCEWithLogits(x, y *tensor.Tensor) *tensor.Tensor { return BCEWithLogitsLoss{}.Of(x, y) }

// BCEWithLogitsLoss is the binary cross-entropy of logits.
type BCEWithLogitsLoss struct {
	Weight    *tensor.Tensor // of each element, broadcast; nil: 1
	PosWeight *tensor.Tensor // of positive targets, broadcast; nil: 1
	Reduction Reduction
}

// Of returns the reduced w[(1−y)x + (1 + (pos−1)y) softplus(−x)], which is stable for any x. The shapes are equal.
func (l BCEWithLogitsLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	sameShape("bce_with_logits", x, y)
	s := x.Neg().Softplus(1, 20)
	if l.PosWeight != nil {
		s = s.Mul(l.PosWeight.Detach().SubScalar(1).Mul(y).AddScalar(1))
	}
	return l.Reduction.apply(weighted(y.RSubScalar(1).Mul(x).Add(s), l.Weight))
}
