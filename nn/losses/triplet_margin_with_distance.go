package losses

import "github.com/hadal-go/hadal/tensor"

// TripletMarginWithDistanceLoss is the triplet loss (Balntas et al., 2016) for any distance.
type TripletMarginWithDistanceLoss struct {
	// Distance maps two tensors (N, D) to their distances (N,), which it must compute by differentiable means; nil: the Euclidean
	// distance ‖x − y + 1e-6‖ of PyTorch's pairwise_distance.
	Distance  func(x, y *tensor.Tensor) *tensor.Tensor
	Margin    *float64 // nil: 1
	Swap      bool     // the negative's distance is the smaller of those from anchor and positive
	Reduction Reduction
}

// Of returns the reduced max(0, d(a, p) − d(a, n) + margin) of each sample. It panics with ErrShape unless the three inputs have
// one shape, and so have the distances.
func (l TripletMarginWithDistanceLoss) Of(anchor, positive, negative *tensor.Tensor) *tensor.Tensor {
	const op = "triplet_margin_with_distance"
	positive, negative = vectors(op, anchor, positive), vectors(op, anchor, negative)
	distance := l.Distance
	if distance == nil {
		distance = euclidean
	}
	near, far := distance(anchor, positive), distance(anchor, negative)
	if l.Swap {
		far = far.Minimum(distance(positive, negative))
	}
	if near.Shape() != far.Shape() {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{near.Shape(), far.Shape()}, "the distances of positives and negatives must have one shape, (N,)")
	}
	return l.Reduction.apply(near.Sub(far).AddScalar(or(l.Margin, 1)).ClampMin(0))
}

// euclidean returns ‖x − y + 1e-6‖ over the last axis.
func euclidean(x, y *tensor.Tensor) *tensor.Tensor { return x.Sub(y).AddScalar(1e-6).Norm(2, -1) }
