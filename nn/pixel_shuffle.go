package nn

import "github.com/hadal-go/hadal/tensor"

// PixelShuffle moves channels to pixels, (N, C·r², H, W) -> (N, C, H·r, W·r), with r = Factor (Shi et al., 2016).
type PixelShuffle struct{ Factor int }

// Forward applies it to x.
func (l PixelShuffle) Forward(x *tensor.Tensor) *tensor.Tensor { return x.PixelShuffle(l.Factor) }
