package fft

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// Norm says where the factor 1/n of a pair of transforms stands, n being the product of the sizes along the axes.
type Norm uint8

// The norms, by PyTorch's names: 1/n in the inverse (Backward), 1/n in the forward transform (Forward), or 1/√n in both, which
// makes them orthonormal (Ortho).
const (
	Backward Norm = iota
	Forward
	Ortho
)

// String returns PyTorch's name of the norm.
func (m Norm) String() string {
	if m > Ortho {
		return fmt.Sprintf("Norm(%d)", uint8(m))
	}
	return [...]string{"backward", "forward", "ortho"}[m]
}

// scale returns the factor of a transform of n numbers.
func (m Norm) scale(op string, n int, inverse bool) float64 {
	switch {
	case m > Ortho:
		tensor.Fail(op, tensor.ErrValue, nil, "there is no norm %v; use Backward, Forward or Ortho", m)
	case m == Ortho:
		return 1 / math.Sqrt(float64(n))
	case inverse == (m == Backward):
		return 1 / float64(n)
	}
	return 1
}
