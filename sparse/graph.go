package sparse

import "github.com/hadal-go/hadal/tensor"

// RowSum returns Σ_c A_rc for each row, (rows,): the weighted out-degree of an adjacency matrix.
func (m *Matrix) RowSum() *tensor.Tensor {
	return m.MatMul(tensor.With(m.Values.DType()).Ones(m.cols))
}

// ColumnSum returns Σ_r A_rc for each column, (columns,): the weighted in-degree of an adjacency matrix.
func (m *Matrix) ColumnSum() *tensor.Tensor {
	return tensor.Apply1(spmmOp{m.pattern, true}, m.Values, tensor.With(m.Values.DType()).Ones(m.rows, 1)).Reshape(m.cols)
}

// Degree returns the Int64 number of entries of each row, (rows,).
func (m *Matrix) Degree() *tensor.Tensor {
	d := make([]int64, m.rows)
	for r := range d {
		d[r] = int64(m.csr.Ptr[r+1] - m.csr.Ptr[r])
	}
	return tensor.Of(d, m.rows)
}

// ScaleRows returns diag(s) A: row r multiplied by s_r, s (rows,).
func (m *Matrix) ScaleRows(s *tensor.Tensor) *Matrix {
	row, _ := m.COO()
	return m.with(m.Values.Mul(vector(s, m.rows, "rows").IndexSelect(0, row)))
}

// ScaleColumns returns A diag(s): column c multiplied by s_c, s (columns,).
func (m *Matrix) ScaleColumns(s *tensor.Tensor) *Matrix {
	return m.with(m.Values.Mul(vector(s, m.cols, "columns").IndexSelect(0, m.columns())))
}

func vector(s *tensor.Tensor, n int, what string) *tensor.Tensor {
	if s.Shape() != tensor.ShapeOf(n) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{s.Shape()}, "the matrix has %d %s; give a factor for each", n, what)
	}
	return s
}

// NormalizeRows returns D⁻¹ A, whose rows sum to 1, with D = diag(RowSum): the mean over neighbours. A row that sums to 0 is
// left as it is.
func (m *Matrix) NormalizeRows() *Matrix { return m.ScaleRows(power(m.RowSum(), -1)) }

// NormalizeSymmetric returns D^(−1/2) A D^(−1/2) of a square matrix, D = diag(RowSum): the propagation of graph
// convolution (Kipf and Welling, 2017), which adds the identity to A first (AddIdentity). Where a sum is not positive the
// factor is 0. It panics with ErrShape when the matrix is not square.
func (m *Matrix) NormalizeSymmetric() *Matrix {
	m.square()
	s := m.RowSum()
	f := tensor.Where(s.Detach().GtScalar(0), power(s, -0.5), tensor.ZerosLike(s))
	return m.ScaleRows(f).ScaleColumns(f)
}

// power returns s^p where s > 0 or p is whole and s is not 0, else 1, with no gradient there.
func power(s *tensor.Tensor, p float64) *tensor.Tensor {
	bad := s.Detach().EqScalar(0)
	if p == -0.5 {
		bad = s.Detach().LeScalar(0)
	}
	return s.MaskedFill(bad, 1).PowScalar(p)
}

func (m *Matrix) square() {
	if m.rows != m.cols {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{tensor.ShapeOf(m.rows, m.cols)}, "the matrix must be square")
	}
}

// AddIdentity returns A + I, a self-loop at each node of a graph. It panics with ErrShape when the matrix is not square.
func (m *Matrix) AddIdentity() *Matrix {
	m.square()
	return m.Add(Eye(m.rows, m.Values.DType()))
}

// Add returns A + B, with the entries of either. It panics with ErrShape when the sizes differ.
func (m *Matrix) Add(b *Matrix) *Matrix {
	if m.rows != b.rows || m.cols != b.cols {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{tensor.ShapeOf(m.rows, m.cols), tensor.ShapeOf(b.rows, b.cols)}, "the matrices must have one size")
	}
	r1, c1 := m.COO()
	r2, c2 := b.COO()
	return FromCOO(m.rows, m.cols, tensor.Concat(0, r1, r2), tensor.Concat(0, c1, c2), tensor.Concat(0, m.Values, b.Values))
}

// RowSoftmax returns the matrix with the softmax over the entries of each row: attention over a node's neighbours (Veličković
// et al., 2018).
func (m *Matrix) RowSoftmax() *Matrix {
	row, _ := m.COO()
	top := make([]float64, m.rows) // any shift gives the same; the largest keeps exp in range
	v := m.Values.Detach().Floats()
	for r := range top {
		for e := m.csr.Ptr[r]; e < m.csr.Ptr[r+1]; e++ {
			if e == m.csr.Ptr[r] || v[e] > top[r] {
				top[r] = v[e]
			}
		}
	}
	shift := tensor.Of(top, m.rows).To(m.Values.DType()).IndexSelect(0, row)
	return m.with(m.Values.Sub(shift).Exp()).NormalizeRows()
}

// BlockDiagonal returns the matrices along the diagonal of one, as a batch of graphs is one graph without edges between
// them, and the Int64 number of the matrix that each row belongs to.
func BlockDiagonal(ms ...*Matrix) (m *Matrix, batch *tensor.Tensor) {
	if len(ms) == 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "there is no matrix to put on the diagonal")
	}
	p := &pattern{}
	p.csr.Ptr = []int{0}
	var values []*tensor.Tensor
	var of []int64
	for k, b := range ms {
		for r := range b.rows {
			p.csr.Ptr = append(p.csr.Ptr, len(p.csr.Col)+b.csr.Ptr[r+1])
			of = append(of, int64(k))
		}
		for _, c := range b.csr.Col {
			p.csr.Col = append(p.csr.Col, c+int32(p.cols))
		}
		p.rows, p.cols = p.rows+b.rows, p.cols+b.cols
		size(p.rows, p.cols)
		values = append(values, b.Values)
	}
	return p.with(tensor.Concat(0, values...)), tensor.Of(of, len(of))
}
