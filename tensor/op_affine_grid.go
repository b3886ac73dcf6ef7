package tensor

// AffineGrid returns the positions at which GridSample reads an image or volume moved by affine maps, theta (N, 2, 3) for
// size (N, C, H, W) or (N, 3, 4) for (N, C, D, H, W): grid (N, H, W, 2) or (N, D, H, W, 3), grid[n, ...] = theta[n]·(x, y[, z], 1).
// The coordinates x, y, z go from -1 to 1, which are the centres of the end pixels if alignCorners, else their outer edges
// (Jaderberg et al., 2015). It panics with ErrShape when theta does not fit the size and with ErrValue when a size is not positive.
func AffineGrid(theta *Tensor, size []int, alignCorners bool) *Tensor {
	const op = "affine_grid"
	r := len(size) - 2
	if r != 2 && r != 3 {
		Fail(op, ErrShape, []Shape{theta.shape}, "the size %v must be (N, C, H, W) or (N, C, D, H, W)", size)
	}
	for _, n := range size {
		if n < 1 {
			Fail(op, ErrValue, []Shape{theta.shape}, "the sizes %v must be positive", size)
		}
	}
	if theta.shape != ShapeOf(size[0], r, r+1) {
		Fail(op, ErrShape, []Shape{theta.shape}, "theta must be (%d, %d, %d) for the size %v", size[0], r, r+1, size)
	}
	if !theta.dtype.IsFloat() {
		Fail(op, ErrDType, []Shape{theta.shape}, "%v is not supported here; convert with To(tensor.Float32)", theta.dtype)
	}
	s := ShapeOf(append(size[2:len(size):len(size)], r+1)...)
	base := make([]float64, s.Numel())
	for i := range base {
		base[i] = 1
		if a := i % (r + 1); a < r { // coordinate a counts from the last size
			stride := r + 1
			for k := range a {
				stride *= size[len(size)-1-k]
			}
			n := size[len(size)-1-a]
			base[i] = affineCoordinate(i/stride%n, n, alignCorners)
		}
	}
	flat := Factory{theta.dtype, theta.dev}.from(base, ShapeOf(len(base)/(r+1), r+1))
	return flat.MatMul(theta.Transpose(1, 2)).Reshape(append(append([]int{size[0]}, size[2:]...), r)...)
}

func affineCoordinate(i, n int, align bool) float64 {
	switch {
	case !align:
		return float64(2*i+1)/float64(n) - 1
	case n == 1:
		return 0
	}
	return 2*float64(i)/float64(n-1) - 1
}
