package losses

import "github.com/hadal-go/hadal/tensor"

// InfoNCE returns the mean InfoNCE loss of queries and keys (N, D): key i is the positive of query i, the other keys of the
// batch are its negatives, and the similarity is the dot product (van den Oord, Li and Vinyals, 2018).
func InfoNCE(query, key *tensor.Tensor) *tensor.Tensor { return InfoNCELoss{}.Of(query, key) }

// InfoNCELoss is InfoNCE with options.
type InfoNCELoss struct {
	Temperature float64 // τ; 0: 1
	Cosine      bool    // the similarity is the cosine, as in SimCLR and MoCo, where τ is about 0.1
	Reduction   Reduction
}

// Of returns the reduced −ln(exp(s_ii/τ) / Σ_j exp(s_ij/τ)) of each query i (N,), with s_ij = query_i·key_j. For cosines the
// vectors are divided by max(‖·‖, 1e-12). It panics with ErrShape unless both are (N, D), and with ErrValue on a negative
// temperature.
func (l InfoNCELoss) Of(query, key *tensor.Tensor) *tensor.Tensor {
	if l.Temperature == 0 {
		l.Temperature = 1
	}
	if !(l.Temperature > 0) {
		tensor.Fail("info_nce", tensor.ErrValue, []tensor.Shape{query.Shape()}, "the temperature %v must be positive", l.Temperature)
	}
	if query.Rank() != 2 || query.Shape() != key.Shape() {
		tensor.Fail("info_nce", tensor.ErrShape, []tensor.Shape{query.Shape(), key.Shape()}, "queries and keys must have one shape (N, D)")
	}
	key = pair("info_nce", query, key)
	if l.Cosine {
		unit := func(x *tensor.Tensor) *tensor.Tensor { return x.Div(x.NormKeepdim(2, 1).ClampMin(1e-12)) }
		query, key = unit(query), unit(key)
	}
	s := query.MatMul(key.Transpose(0, 1)).MulScalar(1 / l.Temperature)
	own := tensor.Arange(0, query.Dim(0), 1)
	return CrossEntropyLoss{Reduction: l.Reduction}.Of(s, own)
}
