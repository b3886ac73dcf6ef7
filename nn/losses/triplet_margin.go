package losses

import "github.com/hadal-go/hadal/tensor"

// TripletMargin returns the mean of max(0, ‖a − p‖ − ‖a − n‖ + 1): the positive p should be nearer to the anchor a than the
// negative n, by a margin. All are (N, D), or (D,) (Balntas et al., 2016).
func TripletMargin(anchor, positive, negative *tensor.Tensor) *tensor.Tensor {
	return TripletMarginLoss{}.Of(anchor, positive, negative)
}

// TripletMarginLoss is the triplet loss with options.
type TripletMarginLoss struct {
	Margin    *float64 // nil: 1
	P         float64  // of the norm, may be infinite; 0: 2
	Eps       *float64 // added to each difference, which keeps the norm's slope defined; nil: 1e-6
	Swap      bool     // the negative's distance is the smaller of those from anchor and positive
	Reduction Reduction
}

// Of returns the reduced max(0, d(a, p) − d(a, n) + margin) of each sample, with d(x, y) = ‖x − y + ε‖_p over the last axis:
// (N,) from (N, D). It panics with ErrShape unless the three shapes are equal and with ErrValue unless P is positive.
func (l TripletMarginLoss) Of(anchor, positive, negative *tensor.Tensor) *tensor.Tensor {
	const op = "triplet_margin"
	if l.P == 0 {
		l.P = 2
	}
	if !(l.P > 0) {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{anchor.Shape()}, "the norm's p %v must be positive", l.P)
	}
	positive, negative = vectors(op, anchor, positive), vectors(op, anchor, negative)
	distance := func(x, y *tensor.Tensor) *tensor.Tensor { return x.Sub(y).AddScalar(or(l.Eps, 1e-6)).Norm(l.P, -1) }
	far := distance(anchor, negative)
	if l.Swap {
		far = far.Minimum(distance(positive, negative))
	}
	return l.Reduction.apply(distance(anchor, positive).Sub(far).AddScalar(or(l.Margin, 1)).ClampMin(0))
}

// vectors is pair for x and y of shape (N, D), or (..., D).
func vectors(op string, x, y *tensor.Tensor) *tensor.Tensor {
	if x.Rank() == 0 || x.Shape() != y.Shape() {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "the vectors to compare must have one shape, (N, D) or (D,)")
	}
	return pair(op, x, y)
}

// labels checks that y has one number for each vector of x (..., D) and returns it in x's dtype.
func labels(op string, x, y *tensor.Tensor) *tensor.Tensor {
	if want := x.Shape().Remove(x.Rank() - 1); y.Shape() != want {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "the target must have shape %v, one number for each pair of vectors", want)
	}
	return y.To(x.DType())
}
