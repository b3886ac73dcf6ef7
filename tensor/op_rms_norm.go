package tensor

// RMSNorm divides x by the root of its mean square over the last dimensions, those of weight (Zhang and Sennrich, 2019):
//
//	y = x/√(mean(x²) + eps) · weight
//
// It panics with ErrShape when weight's shape is not the end of x's.
func RMSNorm(x, weight *Tensor, eps float64) *Tensor {
	k := weight.shape.rank
	fits := k >= 1 && k <= x.shape.rank
	axes := make([]int, k)
	for i := 0; fits && i < k; i++ {
		axes[i] = i - k
		fits = x.shape.at(x.shape.rank-k+i) == weight.shape.at(i)
	}
	if !fits || weight.Numel() == 0 {
		Fail("rms_norm", ErrShape, []Shape{x.shape, weight.shape}, "the weight must have the shape of the input's last dimensions, not empty")
	}
	return x.Mul(x.Square().MeanKeepdim(axes...).AddScalar(eps).Rsqrt()).Mul(weight)
}
