package tensor

// LocalResponseNorm divides x (N, C, ...) by a power of the mean square of size neighbouring channels, zeros beyond the
// first and the last (Krizhevsky, Sutskever and Hinton, 2012; α is divided by the size as in PyTorch):
//
//	y[c] = x[c] / (k + α/size · Σ x[c']²)^β,  c' from c − ⌊size/2⌋ to c + ⌊(size−1)/2⌋
//
// It panics with ErrShape when x has fewer than 3 dimensions and with ErrValue when size is not positive.
func LocalResponseNorm(x *Tensor, size int, alpha, beta, k float64) *Tensor {
	if x.shape.rank < 3 {
		Fail("local_response_norm", ErrShape, []Shape{x.shape}, "the input must be (N, C, ...), 3 dimensions or more")
	}
	if size < 1 {
		Fail("local_response_norm", ErrValue, []Shape{x.shape}, "the size %d must be positive", size)
	}
	if x.Numel() == 0 {
		return x
	}
	n, c := x.shape.at(0), x.shape.at(1)
	sq := x.Square().ReshapeTo(ShapeOf(n, 1, c, x.Numel()/(n*c))).Pad(PadConstant, 0, 0, 0, size/2, (size-1)/2)
	mean := AvgPool2d(sq, PoolConfig{Kernel: [2]int{size, 1}, Stride: [2]int{1, 1}}).ReshapeTo(x.shape)
	return x.Div(mean.MulScalar(alpha).AddScalar(k).PowScalar(beta))
}
