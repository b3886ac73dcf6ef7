package tensor

// Tril returns the lower triangle of the last two dimensions (..., M, N): the elements [i, j] with j − i ≤ k, zeros elsewhere.
// k = 0 keeps the main diagonal, k < 0 leaves out −k diagonals more. It panics with ErrShape below 2 dimensions.
func (x *Tensor) Tril(k int) *Tensor {
	return x.triangle("tril", func(i, j int) bool { return j-i <= k })
}

// Triu returns the upper triangle of the last two dimensions (..., M, N): the elements [i, j] with j − i ≥ k, zeros elsewhere.
// k = 0 keeps the main diagonal, k = 1 leaves it out. It panics with ErrShape below 2 dimensions.
func (x *Tensor) Triu(k int) *Tensor {
	return x.triangle("triu", func(i, j int) bool { return j-i >= k })
}

func (x *Tensor) triangle(op string, keep func(i, j int) bool) *Tensor {
	if x.shape.rank < 2 {
		Fail(op, ErrShape, []Shape{x.shape}, "the input must be (..., M, N), 2 dimensions or more")
	}
	m, n := x.Dim(-2), x.Dim(-1)
	mask := make([]bool, m*n)
	for i := range m {
		for j := range n {
			mask[i*n+j] = keep(i, j)
		}
	}
	return Where(Of(mask, m, n).onDeviceOf(x), x, x.scalar(0))
}
