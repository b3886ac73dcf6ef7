package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Embedding maps indices to the rows of a table.
type Embedding struct {
	Weight     *Param // (V, D)
	PaddingIdx *int64 // this row gets no gradient; nil: none
}

// EmbeddingConfig are the options of NewEmbedding.
type EmbeddingConfig struct {
	PaddingIdx *int64 // this row starts at zero and gets no gradient; nil: none
}

// NewEmbedding returns a table of n rows of size dim, drawn from N(0, 1) as PyTorch does. It panics with ErrIndex when the
// padding index is not a row.
func NewEmbedding(g *random.Generator, n, dim int, cfg EmbeddingConfig) *Embedding {
	w := tensor.Randn(g, n, dim)
	if i := cfg.PaddingIdx; i != nil {
		if *i < 0 || *i >= int64(n) {
			tensor.Fail("embedding", tensor.ErrIndex, nil, "padding index %d is not a row in [0, %d)", *i, n)
		}
		w = w.MaskedFill(tensor.Arange(0, n, 1).EqScalar(float64(*i)).Unsqueeze(1), 0)
	}
	return &Embedding{tensor.NewParam(w), cfg.PaddingIdx}
}

// Forward maps Int64 indices of any shape to (..., D). It panics with ErrIndex on an index outside [0, V).
func (l *Embedding) Forward(idx *tensor.Tensor) *tensor.Tensor {
	return tensor.Embedding(l.Weight.Tensor, idx, l.PaddingIdx)
}
