package nn

import "github.com/hadal-go/hadal/tensor"

// Sequential applies layers one after the other; their parameters are named 0.weight, 1.weight, ...
type Sequential []Layer

// NewSequential returns the layers as one.
func NewSequential(layers ...Layer) Sequential { return layers }

// Forward applies every layer in order. A convolution does the work of a ReLU that follows it, with the same results.
func (s Sequential) Forward(x *tensor.Tensor) *tensor.Tensor {
	for i := 0; i < len(s); i++ {
		l := s[i]
		if i+1 < len(s) && isReLU(s[i+1]) {
			if conv, ok := convReLU(l); ok {
				l = conv
				i++
			}
		}
		x = l.Forward(x)
	}
	return x
}

func isReLU(l Layer) bool {
	_, ok := l.(ReLU)
	return ok
}

// Flatten merges the dimensions from Start on.
type Flatten struct {
	Start *int // nil: 1, which keeps the batch
}

// NewFlatten returns a layer that keeps the batch dimension: (N, ...) to (N, M).
func NewFlatten() *Flatten { return new(Flatten) }

// Forward flattens x.
func (l *Flatten) Forward(x *tensor.Tensor) *tensor.Tensor { return x.Flatten(or(l.Start, 1)) }

// Identity returns its input.
type Identity struct{}

// Forward returns x.
func (Identity) Forward(x *tensor.Tensor) *tensor.Tensor { return x }
