package losses

import "github.com/hadal-go/hadal/tensor"

// CosineEmbedding returns the mean, over pairs of vectors x1 and x2 (N, D), of 1 − cos(x1, x2) where y is 1 (alike) and
// max(0, cos(x1, x2)) where y is −1 (unlike); y is (N,). One pair (D,) has a scalar y.
func CosineEmbedding(x1, x2, y *tensor.Tensor) *tensor.Tensor {
	return CosineEmbeddingLoss{}.Of(x1, x2, y)
}

// CosineEmbeddingLoss is PyTorch's cosine embedding loss with options.
type CosineEmbeddingLoss struct {
	Margin    float64 // unlike pairs whose cosine is below it cost nothing
	Reduction Reduction
}

// Of returns the reduced 1 − cos where y is 1, max(0, cos − margin) where y is −1 and 0 elsewhere, with
// cos = x1·x2 / √((‖x1‖² + ε)(‖x2‖² + ε)) and ε = 1e-12, which gives zero vectors the cosine 0. It panics with ErrShape
// unless x1 and x2 have one shape and y has it without the last axis.
func (l CosineEmbeddingLoss) Of(x1, x2, y *tensor.Tensor) *tensor.Tensor {
	x2, y = vectors("cosine_embedding", x1, x2), labels("cosine_embedding", x1, y)
	square := func(x *tensor.Tensor) *tensor.Tensor { return x.Mul(x).Sum(-1).AddScalar(1e-12) }
	cos := x1.Mul(x2).Sum(-1).Div(square(x1).Mul(square(x2)).Sqrt())
	zero := tensor.ZerosLike(cos)
	alike := tensor.Where(y.EqScalar(1), cos.RSubScalar(1), zero)
	return l.Reduction.apply(alike.Add(tensor.Where(y.EqScalar(-1), cos.SubScalar(l.Margin).ClampMin(0), zero)))
}
