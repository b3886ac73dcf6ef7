package tensor

// PixelShuffle moves channels to pixels: (..., C·r², H, W) -> (..., C, H·r, W·r), with y[c, h·r+i, w·r+j] =
// x[c·r² + i·r + j, h, w] (Shi et al., 2016). It panics with ErrShape unless r² divides the channels.
func (x *Tensor) PixelShuffle(r int) *Tensor {
	if x.shape.rank < 3 || x.shape.rank > MaxRank-2 || r < 1 || x.Dim(-3)%(r*r) != 0 {
		Fail("pixel_shuffle", ErrShape, []Shape{x.shape}, "the input must be (..., C, H, W) with C a multiple of the factor's square, %d·%d", r, r)
	}
	c, h, w := x.Dim(-3)/(r*r), x.Dim(-2), x.Dim(-1)
	lead := x.shape.Dims()[:x.shape.rank-3]
	k := len(lead)
	y := x.Reshape(append(append([]int{}, lead...), c, r, r, h, w)...) // ..., C, i, j, H, W
	axes := count(k)
	y = y.Permute(append(axes, k, k+3, k+1, k+4, k+2)...) // ..., C, H, i, W, j
	return y.Reshape(append(append([]int{}, lead...), c, h*r, w*r)...)
}

// PixelUnshuffle is the inverse of PixelShuffle: (..., C, H·r, W·r) -> (..., C·r², H, W). It panics with ErrShape unless r
// divides height and width.
func (x *Tensor) PixelUnshuffle(r int) *Tensor {
	if x.shape.rank < 3 || x.shape.rank > MaxRank-2 || r < 1 || x.Dim(-2)%r != 0 || x.Dim(-1)%r != 0 {
		Fail("pixel_unshuffle", ErrShape, []Shape{x.shape}, "the input must be (..., C, H, W) with H and W multiples of the factor %d", r)
	}
	c, h, w := x.Dim(-3), x.Dim(-2)/r, x.Dim(-1)/r
	lead := x.shape.Dims()[:x.shape.rank-3]
	k := len(lead)
	y := x.Reshape(append(append([]int{}, lead...), c, h, r, w, r)...) // ..., C, H, i, W, j
	y = y.Permute(append(count(k), k, k+2, k+4, k+1, k+3)...)          // ..., C, i, j, H, W
	return y.Reshape(append(append([]int{}, lead...), c*r*r, h, w)...)
}

// count returns 0, 1, ..., n-1.
func count(n int) []int {
	c := make([]int, n)
	for i := range c {
		c[i] = i
	}
	return c
}
