package nn

import "github.com/hadal-go/hadal/tensor"

// RMSNorm divides x by the root of the mean square over its last dimensions, those of Weight (Zhang and Sennrich, 2019):
//
//	y = x/√(mean(x²) + eps) · weight
type RMSNorm struct {
	Weight *Param
	Eps    float64
}

// NewRMSNorm returns a layer that normalises the last dimensions, of sizes dims, such as []int{512}. eps 0: 1e-5.
func NewRMSNorm(dims []int, eps float64) *RMSNorm {
	return &RMSNorm{tensor.NewParam(tensor.Ones(dims...)), epsilon("rms_norm", eps)}
}

// Forward normalises x (..., dims).
func (l *RMSNorm) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.RMSNorm(x, l.Weight.Tensor, l.Eps)
}
