package nn

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// Upsample resizes x (N, C, ...) by a factor, or to a size, with tensor.Interpolate.
type Upsample struct {
	Scale float64 // of every size after C, rounded down; not used when Size is given
	Size  []int
	tensor.InterpolateConfig
}

// Forward resizes x. It panics with ErrValue when neither Scale nor Size is given.
func (l Upsample) Forward(x *tensor.Tensor) *tensor.Tensor {
	size := l.Size
	if size == nil {
		if !(l.Scale > 0) || math.IsInf(l.Scale, 0) {
			tensor.Fail("upsample", tensor.ErrValue, []tensor.Shape{x.Shape()}, "the scale %v must be positive and finite where no size is given", l.Scale)
		}
		for i := 2; i < x.Rank(); i++ {
			size = append(size, int(float64(x.Dim(i))*l.Scale))
		}
	}
	return tensor.Interpolate(x, size, l.InterpolateConfig)
}
