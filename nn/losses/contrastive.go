package losses

import "github.com/hadal-go/hadal/tensor"

// Contrastive returns the mean contrastive loss with margin 1 of pairs of embeddings x1 and x2 (N, D), where y (N,) is 0 for
// a similar pair and 1 for a dissimilar one (Hadsell, Chopra and LeCun, 2006).
func Contrastive(x1, x2, y *tensor.Tensor) *tensor.Tensor { return ContrastiveLoss{}.Of(x1, x2, y) }

// ContrastiveLoss is the contrastive loss with options.
type ContrastiveLoss struct {
	Margin    float64 // dissimilar pairs farther apart cost nothing; 0: 1
	Reduction Reduction
}

// Of returns the reduced (1−y) ½d² + y ½ max(0, margin − d)² of each pair, with d = ‖x1 − x2‖. The gradient of d where
// x1 = x2 is taken as 0. It panics with ErrShape unless x1 and x2 have one shape and y has it without the last axis, and with
// ErrValue on a negative margin.
func (l ContrastiveLoss) Of(x1, x2, y *tensor.Tensor) *tensor.Tensor {
	if l.Margin == 0 {
		l.Margin = 1
	}
	if !(l.Margin > 0) {
		tensor.Fail("contrastive", tensor.ErrValue, []tensor.Shape{x1.Shape()}, "the margin %v must be positive", l.Margin)
	}
	x2, y = vectors("contrastive", x1, x2), labels("contrastive", x1, y)
	d := x1.Sub(x2)
	near := d.Norm(2, -1).RSubScalar(l.Margin).ReLU()
	similar := y.RSubScalar(1).Mul(d.Mul(d).Sum(-1))
	return l.Reduction.apply(similar.Add(y.Mul(near.Mul(near))).MulScalar(0.5))
}
