package losses

import "github.com/hadal-go/hadal/tensor"

// KLDiv returns KL(q‖p) = Σ q (ln q − ln p), summed over classes and averaged over the N samples of logP (N, ...) =
// ln p and q (N, ...) (PyTorch's reduction "batchmean").
func KLDiv(logP, q *tensor.Tensor) *tensor.Tensor {
	if logP.Rank() == 0 {
		tensor.Fail("kl_div", tensor.ErrShape, []tensor.Shape{logP.Shape()}, "the input must be (N, ...)")
	}
	return KLDivLoss{Reduction: Sum}.Of(logP, q).MulScalar(1 / float64(logP.Dim(0)))
}

// KLDivLoss is the pointwise Kullback-Leibler term with options (Kullback and Leibler, 1951).
type KLDivLoss struct {
	LogTarget bool // q is given as ln q
	Reduction Reduction
}

// Of returns the reduced q (ln q − logP), 0 where q is 0. The shapes are equal. Mean is over all elements, as in PyTorch.
func (l KLDivLoss) Of(logP, q *tensor.Tensor) *tensor.Tensor {
	sameShape("kl_div", logP, q)
	if l.LogTarget {
		return l.Reduction.apply(q.Exp().Mul(q.Sub(logP)))
	}
	zero := q.Detach().EqScalar(0)
	entropy := q.Mul(q.MaskedFill(zero, 1).Log())
	return l.Reduction.apply(entropy.Sub(q.Mul(logP)))
}
