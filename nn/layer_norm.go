package nn

import (
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// LayerNorm normalises the last dimensions of x, those of Dims, by the mean and the biased variance of each sample (Ba,
// Kiros and Hinton, 2016):
//
//	y = (x − mean)/√(var + eps) · weight + bias
type LayerNorm struct {
	Weight *Param // Dims, or nil: 1
	Bias   *Param // Dims, or nil: 0
	Dims   []int
	Eps    float64
}

// LayerNormConfig are the options of NewLayerNorm.
type LayerNormConfig struct {
	Eps      float64 // 0: 1e-5
	NoAffine bool    // neither weight nor bias
	NoBias   bool
}

// NewLayerNorm returns a layer that normalises the last dimensions, of sizes dims, such as []int{512}.
func NewLayerNorm(dims []int, cfg LayerNormConfig) *LayerNorm {
	l := &LayerNorm{Dims: slices.Clone(dims), Eps: epsilon("layer_norm", cfg.Eps)}
	if !cfg.NoAffine {
		l.Weight = tensor.NewParam(tensor.Ones(dims...))
	}
	if !cfg.NoAffine && !cfg.NoBias {
		l.Bias = tensor.NewParam(tensor.Zeros(dims...))
	}
	return l
}

// epsilon returns eps or its default.
func epsilon(op string, eps float64) float64 {
	if !(eps >= 0) {
		tensor.Fail(op, tensor.ErrValue, nil, "eps %v must be positive", eps)
	}
	if eps == 0 {
		return 1e-5
	}
	return eps
}

// Forward normalises x (..., dims).
func (l *LayerNorm) Forward(x *tensor.Tensor) *tensor.Tensor {
	w, b := affine(x, l.Weight, l.Bias, l.Dims)
	return tensor.LayerNorm(x, w, b, l.Eps)
}

// affine returns the tensors of weight and bias, ones and zeros in place of absent ones.
func affine(x *tensor.Tensor, weight, bias *Param, dims []int) (w, b *tensor.Tensor) {
	f := tensor.With(x.DType()).On(x.Device())
	if w = optional(weight); w == nil {
		w = f.Ones(dims...)
	}
	if b = optional(bias); b == nil {
		b = f.Zeros(dims...)
	}
	return w, b
}
