package nn

import "github.com/hadal-go/hadal/tensor"

// GroupNorm normalises each sample over groups of channels (Wu and He, 2018):
//
//	y = (x − mean)/√(var + eps) · weight + bias
//
// As many groups as channels make it InstanceNorm (Ulyanov et al., 2016).
type GroupNorm struct {
	Weight *Param // (C,), or nil: 1
	Bias   *Param // (C,), or nil: 0
	Groups int
	Eps    float64
}

// GroupNormConfig are the options of NewGroupNorm and NewInstanceNorm.
type GroupNormConfig struct {
	Eps      float64 // 0: 1e-5
	NoAffine bool    // neither weight nor bias
}

// NewGroupNorm returns a layer for inputs (N, channels, ...). It panics with ErrValue unless groups divides channels.
func NewGroupNorm(groups, channels int, cfg GroupNormConfig) *GroupNorm {
	if groups < 1 || channels < 1 || channels%groups != 0 {
		tensor.Fail("group_norm", tensor.ErrValue, nil, "%d channels cannot be cut into %d groups", channels, groups)
	}
	l := &GroupNorm{Groups: groups, Eps: epsilon("group_norm", cfg.Eps)}
	if !cfg.NoAffine {
		l.Weight, l.Bias = tensor.NewParam(tensor.Ones(channels)), tensor.NewParam(tensor.Zeros(channels))
	}
	return l
}

// NewInstanceNorm returns the layer that normalises each channel of each sample by itself. Unlike PyTorch's it has weight
// and bias unless cfg says NoAffine, and keeps no running statistics.
func NewInstanceNorm(channels int, cfg GroupNormConfig) *GroupNorm {
	return NewGroupNorm(channels, channels, cfg)
}

// Forward normalises x (N, C, ...).
func (l *GroupNorm) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.GroupNorm(x, l.Groups, optional(l.Weight), optional(l.Bias), l.Eps)
}
