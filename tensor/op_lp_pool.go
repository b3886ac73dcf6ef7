package tensor

// LPPool2d returns the p-norm (Σ xᵖ)^(1/p) of each window of x (N, C, H, W), of the sizes and with the panics of AvgPool2d.
// As in PyTorch the terms are xᵖ, not |x|ᵖ: the root of a negative sum, which an odd p can make, is NaN; a window that
// ceil mode clips stands for a full one of its mean. Where the sum is zero so is the gradient. It panics with ErrValue when
// p is not positive or cfg has padding.
func LPPool2d(x *Tensor, p float64, cfg PoolConfig) *Tensor {
	return lpPool("lp_pool2d", x, p, cfg, cfg.rank2(), 2)
}

// LPPool1d is LPPool2d for sequences (N, C, L); of each pair in cfg the second counts.
func LPPool1d(x *Tensor, p float64, cfg PoolConfig) *Tensor {
	return lpPool("lp_pool1d", x, p, cfg, cfg.rank1(), 1)
}

func lpPool(op string, x *Tensor, p float64, given PoolConfig, cfg Pool3dConfig, rank int) *Tensor {
	if !(p > 0) {
		Fail(op, ErrValue, []Shape{x.shape}, "the norm's power %v must be positive", p)
	}
	if cfg.Padding != [3]int{} || given.DivisorOverride != 0 {
		Fail(op, ErrValue, []Shape{x.shape}, "there is no padding and no divisor; Pad the input")
	}
	powers := x
	if p != 1 {
		powers = x.PowScalar(p)
	}
	sum := avgPool(powers, op, cfg, rank).MulScalar(float64(cfg.Kernel[0] * cfg.Kernel[1] * cfg.Kernel[2]))
	if p == 1 {
		return sum
	}
	// The root has no slope at 0: it is taken of 1 there, and the result put back to 0.
	zero := sum.Detach().EqScalar(0)
	return sum.MaskedFill(zero, 1).PowScalar(1/p).MaskedFill(zero, 0)
}
