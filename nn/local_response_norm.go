package nn

import "github.com/hadal-go/hadal/tensor"

// LocalResponseNorm divides by a power of the mean square of neighbouring channels; see tensor.LocalResponseNorm. Alpha is
// divided by Size, as in PyTorch and Caffe but not in the paper, whose α = 1e-4 over 5 channels is an Alpha of 5e-4 (beside
// Size 5, Beta 0.75 and K 2).
type LocalResponseNorm struct {
	Size  int
	Alpha *float64 // nil: 1e-4
	Beta  *float64 // nil: 0.75
	K     *float64 // nil: 1
}

// Forward normalises x (N, C, ...).
func (l LocalResponseNorm) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.LocalResponseNorm(x, l.Size, or(l.Alpha, 1e-4), or(l.Beta, 0.75), or(l.K, 1))
}
