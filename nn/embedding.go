package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Embedding maps indices to the rows of a table.
type Embedding struct {
	Weight     *Param // (V, D)
	PaddingIdx *int64 // this row starts at zero and gets no gradient; nil: none
}

// NewEmbedding returns a table of n rows of the given size, drawn from N(0, 1) as PyTorch does. paddingIdx may be nil.
func NewEmbedding(g *random.Generator, n, dim int, paddingIdx *int64) *Embedding {
	w := tensor.Randn(g, n, dim)
	if paddingIdx != nil {
		if *paddingIdx < 0 || *paddingIdx >= int64(n) {
			tensor.Fail("embedding", tensor.ErrIndex, nil, "padding index %d is not a row in [0, %d)", *paddingIdx, n)
		}
		keep := tensor.Arange(0, n, 1).NeScalar(float64(*paddingIdx)).To(tensor.Float32)
		w = w.Mul(keep.Unsqueeze(1))
	}
	return &Embedding{tensor.NewParam(w), paddingIdx}
}

// Forward maps Int64 indices of any shape to (..., D).
func (l *Embedding) Forward(idx *tensor.Tensor) *tensor.Tensor {
	return tensor.Embedding(l.Weight.Tensor, idx, l.PaddingIdx)
}
