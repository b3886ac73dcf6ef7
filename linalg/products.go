package linalg

import "github.com/hadal-go/hadal/tensor"

// MatrixPower returns the n-th power of square matrices (..., N, N) by repeated squaring: the identity for n = 0, that of the inverse
// for n < 0, where a singular matrix is an ErrSingular.
func MatrixPower(a *tensor.Tensor, n int) (*tensor.Tensor, error) {
	const op = "matrix_power"
	square(op, 0, a)
	in, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	x := in[0]
	k := uint(n)
	if n < 0 {
		k = -uint(n)
		if x, err = inverse(op, x); err != nil {
			return nil, err
		}
	}
	var y *tensor.Tensor
	for ; k > 0; k >>= 1 {
		switch {
		case k&1 == 1 && y == nil:
			y = x
		case k&1 == 1:
			y = y.MatMul(x)
		}
		if k > 1 {
			x = x.MatMul(x)
		}
	}
	if y == nil {
		y = eye(x, batchOf(x.Shape()), x.Dim(-1)).Contiguous()
	}
	return y.To(d), nil
}

// MultiDot returns the product of two or more matrices (M, K₁), (K₁, K₂), ..., in the order with the fewest multiplications (T. Cormen et
// al., "Introduction to Algorithms", matrix-chain multiplication). The first may be a vector, a row, and the last one, a column;
// that dimension is removed from the result. It panics with ErrShape when the matrices do not fit.
func MultiDot(ts ...*tensor.Tensor) *tensor.Tensor {
	const op = "multi_dot"
	if len(ts) < 2 {
		tensor.Fail(op, tensor.ErrShape, shapes(ts), "it needs two matrices or more, not %d", len(ts))
	}
	sameFloat(op, ts...)
	last := len(ts) - 1
	m := append([]*tensor.Tensor(nil), ts...)
	row, column := m[0].Rank() == 1, m[last].Rank() == 1
	if row {
		m[0] = m[0].Unsqueeze(0)
	}
	if column {
		m[last] = m[last].Unsqueeze(1)
	}
	dims := make([]int, 0, len(m)+1)
	for i, x := range m {
		if x.Rank() != 2 {
			tensor.Fail(op, tensor.ErrShape, shapes(ts), "input %d must be a matrix; only the first and the last may be vectors", i)
		}
		if i > 0 && dims[i] != x.Dim(0) {
			tensor.Fail(op, tensor.ErrShape, shapes(ts), "inputs %d and %d do not fit: the inner sizes %d and %d differ", i-1, i, dims[i], x.Dim(0))
		}
		if i == 0 {
			dims = append(dims, x.Dim(0))
		}
		dims = append(dims, x.Dim(1))
	}
	y := chain(m, chainSplits(dims), 0, last)
	if column {
		y = y.Squeeze(-1)
	}
	if row {
		y = y.Squeeze(0)
	}
	return y
}

// chainSplits returns where to split the product of matrices i to j, of sizes (dims[i], dims[i+1]), for each i < j.
func chainSplits(dims []int) [][]int {
	n := len(dims) - 1
	cost, split := make([][]float64, n), make([][]int, n)
	for i := range n {
		cost[i], split[i] = make([]float64, n), make([]int, n)
	}
	for span := 1; span < n; span++ {
		for i := 0; i+span < n; i++ {
			j := i + span
			for k := i; k < j; k++ {
				c := cost[i][k] + cost[k+1][j] + float64(dims[i])*float64(dims[k+1])*float64(dims[j+1])
				if k == i || c < cost[i][j] {
					cost[i][j], split[i][j] = c, k
				}
			}
		}
	}
	return split
}

func chain(m []*tensor.Tensor, split [][]int, i, j int) *tensor.Tensor {
	if i == j {
		return m[i]
	}
	k := split[i][j]
	return chain(m, split, i, k).MatMul(chain(m, split, k+1, j))
}

// Vander returns the Vandermonde matrices of vectors, out[..., i, j] = x[..., i]^j for j < n: (..., M) -> (..., M, n). n = 0 takes M, a square
// matrix, as torch.linalg.vander(x) does.
func Vander(x *tensor.Tensor, n int) *tensor.Tensor {
	const op = "vander"
	if x.Rank() == 0 || n < 0 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "it takes vectors (..., M) and n >= 0 columns, not %d", n)
	}
	sameFloat(op, x)
	if n == 0 {
		n = x.Dim(-1)
	}
	s := x.Shape()
	one := tensor.OnesLike(x).Unsqueeze(-1)
	if n <= 1 {
		return one.Narrow(-1, 0, n)
	}
	powers := x.Unsqueeze(-1).ExpandTo(s.Insert(s.Rank(), n-1)).Cumprod(-1)
	return tensor.Concat(-1, one, powers)
}

// Cross returns the cross products a × b of vectors of 3 elements along an axis; the other dimensions broadcast. It panics with
// ErrShape when there are not 3 elements.
func Cross(a, b *tensor.Tensor, axis int) *tensor.Tensor {
	const op = "cross"
	in := []*tensor.Tensor{a, b}
	if a.Rank() != b.Rank() {
		tensor.Fail(op, tensor.ErrShape, shapes(in), "both inputs must have the same number of dimensions")
	}
	if axis < -a.Rank() || axis >= a.Rank() {
		tensor.Fail(op, tensor.ErrAxis, shapes(in), "axis %d is out of range for %d dimensions", axis, a.Rank())
	}
	if a.Dim(axis) != 3 || b.Dim(axis) != 3 {
		tensor.Fail(op, tensor.ErrShape, shapes(in), "both inputs must have 3 elements along axis %d", axis)
	}
	part := func(x *tensor.Tensor, i int) *tensor.Tensor { return x.Narrow(axis, i, 1) }
	var c []*tensor.Tensor
	for i := range 3 {
		j, k := (i+1)%3, (i+2)%3
		c = append(c, part(a, j).Mul(part(b, k)).Sub(part(a, k).Mul(part(b, j))))
	}
	return tensor.Concat(axis, c...)
}
