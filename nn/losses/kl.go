package losses

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// KLDiv returns KL(q‖p) = Σ q (ln q − ln p), summed over classes and averaged over the N samples of logP (N, ...) = ln p and
// q (N, ...). This is PyTorch's reduction "batchmean"; KLDivLoss has the others.
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
	q = pair("kl_div", logP, q)
	zero := q.Detach().EqScalar(0)
	logQ := q
	if l.LogTarget {
		zero = q.Detach().EqScalar(math.Inf(-1))
		q = q.Exp()
	} else {
		logQ = q.MaskedFill(zero, 1).Log()
	}
	// Both logarithms may be infinite where q is 0, and 0·∞ is not 0.
	return l.Reduction.apply(q.Mul(logQ.MaskedFill(zero, 0).Sub(logP.MaskedFill(zero, 0))))
}
