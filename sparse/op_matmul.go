package sparse

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// MatMul returns the product A X of the matrix and a dense x (columns, ...), which is (rows, ...):
//
//	y_r = Σ_c A_rc x_c
//
// The gradient of the values is SDDMM of the result's gradient and x at the entries, that of x the product with Aᵀ. A row
// without entries gives 0. It panics with ErrShape when the sizes differ and with ErrDType when the dtypes do.
func (m *Matrix) MatMul(x *tensor.Tensor) *tensor.Tensor {
	if x.Rank() == 0 || x.Dim(0) != m.cols {
		tensor.Fail("spmm", tensor.ErrShape, []tensor.Shape{tensor.ShapeOf(m.rows, m.cols), x.Shape()}, "the operand's first dimension must be the matrix's %d columns", m.cols)
	}
	f := 1
	for _, d := range x.Shape().Dims()[1:] {
		f *= d
	}
	y := tensor.Apply1(spmmOp{m.pattern, false}, m.Values, x.Reshape(m.cols, f))
	return y.ReshapeTo(x.Shape().With(0, m.rows))
}

// SDDMM returns the matrix with m's entries and the values
//
//	v_rc = ⟨a_r, b_c⟩
//
// of dense a (rows, K) and b (columns, K): the product A Bᵀ where m has entries ("sampled"). m's values are not used. It
// panics with ErrShape when the sizes differ.
func (m *Matrix) SDDMM(a, b *tensor.Tensor) *Matrix {
	if a.Rank() != 2 || b.Rank() != 2 || a.Dim(0) != m.rows || b.Dim(0) != m.cols || a.Dim(1) != b.Dim(1) {
		tensor.Fail("sddmm", tensor.ErrShape, []tensor.Shape{a.Shape(), b.Shape()}, "the operands must be (%d, K) and (%d, K)", m.rows, m.cols)
	}
	return m.with(tensor.Apply1(sddmmOp{m.pattern}, a, b))
}

// spmmOp maps (values, x) to A x, or Aᵀ x.
type spmmOp struct {
	p         *pattern
	transpose bool
}

// rowsOf returns the rows to walk, each with the places of its values.
func (p *pattern) rowsOf(transpose bool) *cpu.CSR {
	if transpose {
		p.turned()
		return &p.back
	}
	return &p.csr
}

func (o spmmOp) Name() string {
	if o.transpose {
		return "spmm_transposed"
	}
	return "spmm"
}
func (o spmmOp) Infer(c *tensor.Call) {
	if n := len(o.p.csr.Col); c.Spec(0).Shape != tensor.ShapeOf(n) {
		c.Fail(tensor.ErrShape, "the matrix has %d entries; use WithValues to replace their values", n)
	}
	rows := o.p.rows
	if o.transpose {
		rows = o.p.cols
	}
	c.Output(c.Spec(1).Shape.With(0, rows), c.SameDType())
}
func (spmmOp) Reads() tensor.Reads { return tensor.ReadsIn(0, 1) }
func (o spmmOp) VJP(b *tensor.Back) []*tensor.Tensor {
	g := b.Give(nil, nil)
	if b.Need(0) { // of a value at (r, c): ⟨dy_r, x_c⟩, or ⟨x_r, dy_c⟩ transposed
		if o.transpose {
			g[0] = tensor.Apply1(sddmmOp{o.p}, b.In(1), b.Dout(0))
		} else {
			g[0] = tensor.Apply1(sddmmOp{o.p}, b.Dout(0), b.In(1))
		}
	}
	if b.Need(1) {
		g[1] = tensor.Apply1(spmmOp{o.p, !o.transpose}, b.In(0), b.Dout(0))
	}
	return g
}
func (o spmmOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	if c.In[0].DType() == tensor.Float64 {
		spmm[float64](o, c)
	} else {
		spmm[float32](o, c)
	}
	return true
}

func spmm[T tensor.Float](o spmmOp, c *tensor.Call) {
	cpu.SpMM(o.p.rowsOf(o.transpose), c.Spec(1).Shape.Dim(1), tensor.Slice[T](c.X(0)), tensor.Slice[T](c.X(1)), tensor.Slice[T](c.Y(0)))
}

// FLOPs counts a multiplication and an addition for each entry and column of x.
func (o spmmOp) FLOPs(in, _ []tensor.Spec) int64 {
	return 2 * int64(len(o.p.csr.Col)) * int64(in[1].Shape.Dim(1))
}

// sddmmOp maps (a, b) to the values ⟨a_r, b_c⟩ of the entries.
type sddmmOp struct{ p *pattern }

func (sddmmOp) Name() string { return "sddmm" }
func (o sddmmOp) Infer(c *tensor.Call) {
	c.Output(tensor.ShapeOf(len(o.p.csr.Col)), c.SameDType())
}
func (sddmmOp) Reads() tensor.Reads { return tensor.ReadsIn(0, 1) }
func (o sddmmOp) VJP(b *tensor.Back) []*tensor.Tensor {
	g := b.Give(nil, nil)
	if b.Need(0) {
		g[0] = tensor.Apply1(spmmOp{o.p, false}, b.Dout(0), b.In(1))
	}
	if b.Need(1) {
		g[1] = tensor.Apply1(spmmOp{o.p, true}, b.Dout(0), b.In(0))
	}
	return g
}
func (o sddmmOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	f := c.Spec(0).Shape.Dim(1)
	if c.In[0].DType() == tensor.Float64 {
		cpu.SDDMM(&o.p.csr, f, tensor.Slice[float64](c.X(0)), tensor.Slice[float64](c.X(1)), tensor.Slice[float64](c.Y(0)))
	} else {
		cpu.SDDMM(&o.p.csr, f, tensor.Slice[float32](c.X(0)), tensor.Slice[float32](c.X(1)), tensor.Slice[float32](c.Y(0)))
	}
	return true
}
