package tensor

// CosineSimilarity returns Σ x y / (max(‖x‖, eps) · max(‖y‖, eps)) along an axis, which is removed; the inputs broadcast.
func CosineSimilarity(x, y *Tensor, axis int, eps float64) *Tensor {
	s, ok := Broadcast(x.shape, y.shape)
	if !ok {
		Fail("cosine_similarity", ErrShape, []Shape{x.shape, y.shape}, "the shapes do not broadcast: sizes must be equal, or 1, aligned at the last dimension")
	}
	axis = s.axis("cosine_similarity", axis)
	x, y = x.ExpandTo(s), y.ExpandTo(s)
	return x.Mul(y).Sum(axis).Div(x.Norm(2, axis).ClampMin(eps).Mul(y.Norm(2, axis).ClampMin(eps)))
}
