package nn

import "github.com/hadal-go/hadal/tensor"

// Unfold turns the sliding blocks of (N, C, H, W) into the columns of (N, C·KH·KW, L); see tensor.Unfold.
type Unfold struct{ tensor.FoldConfig }

// Forward applies it to x.
func (l Unfold) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.Unfold(x, l.FoldConfig) }

// Fold sums the columns of (N, C·KH·KW, L) into planes (N, C, H, W), the transpose of Unfold; see tensor.Fold.
type Fold struct {
	H, W int // of the planes
	tensor.FoldConfig
}

// Forward applies it to x.
func (l Fold) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.Fold(x, l.H, l.W, l.FoldConfig) }
