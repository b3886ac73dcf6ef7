package nn

import "github.com/hadal-go/hadal/tensor"

// LayerNorm normalises the last dimensions of x, those of Weight (Ba, Kiros and Hinton, 2016); see tensor.LayerNorm.
type LayerNorm struct {
	Weight *Param
	Bias   *Param
	Eps    float64
}

// NewLayerNorm returns a layer that normalises the last dimensions, of the given sizes, with eps 1e-5.
func NewLayerNorm(dims ...int) *LayerNorm {
	return &LayerNorm{tensor.NewParam(tensor.Ones(dims...)), tensor.NewParam(tensor.Zeros(dims...)), 1e-5}
}

// Forward normalises x (..., dims).
func (l *LayerNorm) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.LayerNorm(x, l.Weight.Tensor, l.Bias.Tensor, l.Eps)
}
