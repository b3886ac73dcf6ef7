package nn

import "github.com/hadal-go/hadal/tensor"

// PReLU is x where x > 0, else weight·x with a learned weight (He et al., 2015).
type PReLU struct {
	Weight *Param // (1,) or (C,)
}

// NewPReLU returns the layer with one weight for each of the given number of channels, or 1 for all of them; they begin at
// 0.25.
func NewPReLU(channels int) *PReLU {
	if channels < 1 {
		tensor.Fail("prelu", tensor.ErrValue, nil, "the number of channels, %d, must be positive", channels)
	}
	return &PReLU{tensor.NewParam(tensor.Full(0.25, channels))}
}

// Forward applies the function to x (N, C, ...).
func (l *PReLU) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.PReLU(x, l.Weight.Tensor) }
