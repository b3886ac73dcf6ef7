// Package sparse holds sparse matrices, their products with dense ones, and what graph networks build from them.
//
// A Matrix is a pattern, which entries there are, and a tensor of their values; gradients flow to the values and to dense
// operands. The pattern is fixed when the matrix is made: rows in order, columns in order within a row, each entry once (the
// compressed sparse rows form, CSR). FromCOO takes entries in any order and adds up repeated ones. Rows and columns without
// entries are allowed everywhere. An entry that is there with value 0 stays an entry.
package sparse

import (
	"fmt"
	"slices"
	"sync"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// Matrix is a sparse matrix. It does not change; several goroutines may use it.
type Matrix struct {
	*pattern
	Values *tensor.Tensor // (entries,), in the order of rows, then columns
}

// pattern says where the entries are.
type pattern struct {
	rows, cols int
	csr        cpu.CSR // Place is nil

	once      sync.Once
	transpose *pattern // its rows are the columns
	back      cpu.CSR  // the transpose's rows, with Place in this pattern's values
}

const op = "sparse"

// New returns the matrix with compressed rows: row r has the columns cols[rowPtr[r]:rowPtr[r+1]], ascending, and the values
// (entries,) at the same places. rowPtr and cols are Int64. It panics with ErrShape or ErrIndex when that is not a matrix of
// the given size.
func New(rows, columns int, rowPtr, cols, values *tensor.Tensor) *Matrix {
	size(rows, columns)
	shapes := []tensor.Shape{rowPtr.Shape(), cols.Shape(), values.Shape()}
	n := values.Numel()
	if rowPtr.Shape() != tensor.ShapeOf(rows+1) || cols.Shape() != tensor.ShapeOf(n) || values.Rank() != 1 {
		tensor.Fail(op, tensor.ErrShape, shapes, "row pointers must be (rows+1,) = (%d,), columns and values (entries,)", rows+1)
	}
	ptr, c := integers(rowPtr, "row pointers"), integers(cols, "columns")
	p := &pattern{rows: rows, cols: columns, csr: cpu.CSR{Ptr: make([]int, rows+1), Col: make([]int32, n)}}
	for r, at := range ptr {
		p.csr.Ptr[r] = int(at)
		if at < 0 || at > int64(n) || r > 0 && at < ptr[r-1] || r == 0 && at != 0 || r == rows && at != int64(n) {
			tensor.Fail(op, tensor.ErrIndex, shapes, "row pointer %d is %d; they must rise from 0 to the number of entries, %d", r, at, n)
		}
	}
	for r := range rows {
		for e := ptr[r]; e < ptr[r+1]; e++ {
			if c[e] < 0 || c[e] >= int64(columns) || e > ptr[r] && c[e] <= c[e-1] {
				tensor.Fail(op, tensor.ErrIndex, shapes, "entry %d of row %d is in column %d; columns must ascend within [0, %d); FromCOO sorts", e-ptr[r], r, c[e], columns)
			}
			p.csr.Col[e] = int32(c[e])
		}
	}
	return p.with(values)
}

// FromCOO returns the matrix with the given entries (E,): row, column (Int64) and value, in any order; the values of entries
// at one place are added up, in the order given. It panics with ErrShape when the lengths differ and with ErrIndex on a place
// outside the matrix.
func FromCOO(rows, columns int, row, col, values *tensor.Tensor) *Matrix {
	size(rows, columns)
	shapes := []tensor.Shape{row.Shape(), col.Shape(), values.Shape()}
	n := values.Numel()
	if values.Rank() != 1 || row.Shape() != values.Shape() || col.Shape() != values.Shape() {
		tensor.Fail(op, tensor.ErrShape, shapes, "rows, columns and values must all be (entries,)")
	}
	r, c := integers(row, "rows"), integers(col, "columns")
	order := make([]int64, n)
	for e := range order {
		order[e] = int64(e)
		if r[e] < 0 || r[e] >= int64(rows) || c[e] < 0 || c[e] >= int64(columns) {
			tensor.Fail(op, tensor.ErrIndex, shapes, "entry %d is at (%d, %d), outside the %d x %d matrix", e, r[e], c[e], rows, columns)
		}
	}
	compare := func(a, b int64) int {
		if r[a] != r[b] {
			return int(r[a] - r[b])
		}
		return int(c[a] - c[b])
	}
	if !slices.IsSortedFunc(order, compare) {
		slices.SortStableFunc(order, compare)
		values = values.IndexSelect(0, tensor.Of(order))
	}
	p := &pattern{rows: rows, cols: columns, csr: cpu.CSR{Ptr: make([]int, rows+1)}}
	place := make([]int64, n) // of each sorted entry among the distinct ones
	for k, e := range order {
		if k == 0 || compare(order[k-1], e) != 0 {
			p.csr.Col = append(p.csr.Col, int32(c[e]))
			p.csr.Ptr[r[e]+1]++
		}
		place[k] = int64(len(p.csr.Col) - 1)
	}
	for i := range rows {
		p.csr.Ptr[i+1] += p.csr.Ptr[i]
	}
	if distinct := len(p.csr.Col); distinct < n {
		values = tensor.With(values.DType()).Zeros(distinct).ScatterAdd(0, tensor.Of(place), values)
	}
	return p.with(values)
}

// FromDense returns the matrix of x's elements that are not 0; gradients flow to these. It panics with ErrShape unless x is
// (rows, columns).
func FromDense(x *tensor.Tensor) *Matrix {
	if x.Rank() != 2 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "a matrix has two dimensions")
	}
	p := &pattern{rows: x.Dim(0), cols: x.Dim(1), csr: cpu.CSR{Ptr: make([]int, x.Dim(0)+1)}}
	size(p.rows, p.cols)
	var at []int64
	for i, v := range x.Detach().Floats() {
		if v != 0 {
			at = append(at, int64(i))
			p.csr.Col = append(p.csr.Col, int32(i%p.cols))
			p.csr.Ptr[i/p.cols+1]++
		}
	}
	for i := range p.rows {
		p.csr.Ptr[i+1] += p.csr.Ptr[i]
	}
	return p.with(x.Reshape(x.Numel()).IndexSelect(0, tensor.Of(at, len(at))))
}

// Eye returns the n x n identity, of dtype d.
func Eye(n int, d tensor.DType) *Matrix {
	size(n, n)
	p := &pattern{rows: n, cols: n, csr: cpu.CSR{Ptr: make([]int, n+1), Col: make([]int32, n)}}
	for i := range n {
		p.csr.Ptr[i+1], p.csr.Col[i] = i+1, int32(i)
	}
	return p.with(tensor.With(d).Ones(n))
}

func size(rows, columns int) {
	if rows < 0 || columns < 0 || rows >= 1<<31-1 || columns >= 1<<31-1 {
		tensor.Fail(op, tensor.ErrShape, nil, "a matrix cannot be %d x %d", rows, columns)
	}
}

func integers(t *tensor.Tensor, what string) []int64 {
	if t.DType() != tensor.Int64 {
		tensor.Fail(op, tensor.ErrDType, []tensor.Shape{t.Shape()}, "the %s are %v; they must be int64", what, t.DType())
	}
	return tensor.Data[int64](t)
}

func (p *pattern) with(values *tensor.Tensor) *Matrix {
	if !values.DType().IsFloat() {
		tensor.Fail(op, tensor.ErrDType, []tensor.Shape{values.Shape()}, "the values are %v; they must be floating-point", values.DType())
	}
	return &Matrix{p, values}
}

// WithValues returns the matrix with the same entries and other values (entries,). It panics with ErrShape on another number.
func (m *Matrix) WithValues(values *tensor.Tensor) *Matrix {
	if values.Shape() != tensor.ShapeOf(m.Entries()) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{values.Shape()}, "the matrix has %d entries", m.Entries())
	}
	return m.with(values)
}

// Rows returns the number of rows.
func (m *Matrix) Rows() int { return m.rows }

// Columns returns the number of columns.
func (m *Matrix) Columns() int { return m.cols }

// Entries returns the number of entries.
func (m *Matrix) Entries() int { return len(m.csr.Col) }

// String describes the matrix in one line.
func (m *Matrix) String() string {
	return fmt.Sprintf("sparse(%d x %d, %d entries, %v)", m.rows, m.cols, m.Entries(), m.Values.DType())
}

// CSR returns the Int64 row pointers (rows+1,) and columns (entries,).
func (m *Matrix) CSR() (rowPtr, cols *tensor.Tensor) {
	ptr := make([]int64, m.rows+1)
	for i, v := range m.csr.Ptr {
		ptr[i] = int64(v)
	}
	return tensor.Of(ptr), m.columns()
}

// COO returns the Int64 row and column of each entry.
func (m *Matrix) COO() (row, col *tensor.Tensor) {
	r := make([]int64, m.Entries())
	for i := range m.rows {
		for e := m.csr.Ptr[i]; e < m.csr.Ptr[i+1]; e++ {
			r[e] = int64(i)
		}
	}
	return tensor.Of(r, len(r)), m.columns()
}

func (p *pattern) columns() *tensor.Tensor {
	c := make([]int64, len(p.csr.Col))
	for e, v := range p.csr.Col {
		c[e] = int64(v)
	}
	return tensor.Of(c, len(c))
}

// Dense returns the matrix as a tensor (rows, columns).
func (m *Matrix) Dense() *tensor.Tensor {
	row, col := m.COO()
	at := row.MulScalar(float64(m.cols)).Add(col)
	return tensor.With(m.Values.DType()).Zeros(m.rows*m.cols).ScatterAdd(0, at, m.Values).Reshape(m.rows, m.cols)
}

// Transpose returns the transpose; its values are m's in another order.
func (m *Matrix) Transpose() *Matrix {
	t := m.turned()
	place := make([]int64, m.Entries())
	for e, v := range m.back.Place {
		place[e] = int64(v)
	}
	return t.with(m.Values.IndexSelect(0, tensor.Of(place, len(place))))
}

// turned returns the transpose's pattern, which is made once.
func (p *pattern) turned() *pattern {
	p.once.Do(func() {
		n := len(p.csr.Col)
		t := &pattern{rows: p.cols, cols: p.rows, csr: cpu.CSR{Ptr: make([]int, p.cols+1), Col: make([]int32, n)}}
		for _, c := range p.csr.Col {
			t.csr.Ptr[c+1]++
		}
		for i := range t.rows {
			t.csr.Ptr[i+1] += t.csr.Ptr[i]
		}
		place, next := make([]int32, n), slices.Clone(t.csr.Ptr)
		for r := range p.rows {
			for e := p.csr.Ptr[r]; e < p.csr.Ptr[r+1]; e++ {
				c := p.csr.Col[e]
				t.csr.Col[next[c]], place[next[c]] = int32(r), int32(e)
				next[c]++
			}
		}
		p.transpose, p.back = t, cpu.CSR{Ptr: t.csr.Ptr, Col: t.csr.Col, Place: place}
	})
	return p.transpose
}
