package linalg

import "github.com/hadal-go/hadal/tensor"

// SolveTriangularConfig are the options of SolveTriangular.
type SolveTriangularConfig struct {
	Upper         bool // A is upper triangular; default: lower
	Right         bool // solve X A = B; default: A X = B
	UniTriangular bool // the diagonal of A counts as ones and is not read
	Transposed    bool // solve with Aᵀ in place of A
}

// SolveTriangular returns the X with A X = B for triangular a (..., N, N) and b (..., N, K), or X A = B for b (..., K, N); batch
// dimensions broadcast. The other triangle of A is not read. A zero on the diagonal is an ErrSingular.
func SolveTriangular(a, b *tensor.Tensor, cfg SolveTriangularConfig) (*tensor.Tensor, error) {
	const op = "solve_triangular"
	square(op, 0, a, b)
	x, d, err := matrices(op, a, b)
	if err != nil {
		return nil, err
	}
	tri, rhs := x[0], x[1]
	if cfg.Right { // X A = B is Aᵀ Xᵀ = Bᵀ
		if b.Dim(-1) != a.Dim(-1) {
			tensor.Fail(op, tensor.ErrShape, []tensor.Shape{a.Shape(), b.Shape()}, "b must be (..., K, N) for a (..., N, N): X A = B")
		}
		cfg.Transposed, rhs = !cfg.Transposed, t(rhs)
	} else {
		rowsFit(op, a, b)
	}
	solve := func(rhs *tensor.Tensor) (*tensor.Tensor, error) {
		tri, rhs := sameBatch(op, tri, rhs)
		return apply1(op, solveTriangularOp{cfg.Upper, cfg.Transposed, cfg.UniTriangular}, tri, rhs)
	}
	y, err := sharing(tri, rhs, solve)
	if err != nil {
		return nil, err
	}
	if cfg.Right {
		y = t(y)
	}
	return y.To(d), nil
}

// rowsFit panics unless b has as many rows as a.
func rowsFit(op string, a, b *tensor.Tensor) {
	if b.Rank() < 2 || a.Dim(-2) != b.Dim(-2) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{a.Shape(), b.Shape()}, "the right-hand sides must be (..., %d, K): as many rows as the matrix", a.Dim(-2))
	}
}

// sharing calls solve(b); when one matrix a meets a batch of right-hand sides, with all of them side by side.
func sharing(a, b *tensor.Tensor, solve func(b *tensor.Tensor) (*tensor.Tensor, error)) (*tensor.Tensor, error) {
	r := b.Rank()
	if a.Rank() > 2 || r == 2 {
		return solve(b)
	}
	// (batch..., N, K) -> (N, batch... K)
	axes, back := []int{r - 2}, []int{}
	for i := range r - 2 {
		axes, back = append(axes, i), append(back, i+1)
	}
	wide := b.Permute(append(axes, r-1)...)
	x, err := solve(wide.Reshape(b.Dim(-2), batchOf(b.Shape()).Numel()*b.Dim(-1)))
	if err != nil {
		return nil, err
	}
	s := wide.Shape().With(0, x.Dim(0))
	return x.ReshapeTo(s).Permute(append(back, 0, r-1)...), nil
}

// solveTriangularOp solves T X = B or, when trans, Tᵀ X = B in float64.
type solveTriangularOp struct{ upper, trans, unit bool }

func (solveTriangularOp) Name() string         { return "solve_triangular" }
func (solveTriangularOp) Reads() tensor.Reads  { return tensor.ReadsIn(0) | tensor.ReadsOut }
func (solveTriangularOp) Infer(c *tensor.Call) { c.Output(c.Spec(1).Shape, tensor.Float64) }

func (o solveTriangularOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(1).Shape
	n, k := s.Dim(-2), s.Dim(-1)
	a, b, x := data(c.X(0)), data(c.X(1)), data(c.Y(0))
	rs, cs := n, 1
	if o.trans {
		rs, cs = 1, n
	}
	eachMatrix(c, o.Name(), s, n*n*k, func(i int) *failure {
		tri, y := a[i*n*n:(i+1)*n*n], x[i*n*k:(i+1)*n*k]
		copy(y, b[i*n*k:(i+1)*n*k])
		for j := range n {
			if !o.unit && tri[j*(n+1)] == 0 {
				return singular(j)
			}
		}
		if o.upper == o.trans {
			solveLower(n, k, tri, rs, cs, o.unit, y, k)
		} else {
			solveUpper(n, k, tri, rs, cs, o.unit, y, k)
		}
		return nil
	})
	return true
}

func singular(pivot int) *failure {
	return fail(ErrSingular, "is singular: pivot %d is zero; use Lstsq or Pinv", pivot)
}

// VJP is dB = T⁻ᵀ dX, dT = -dB Xᵀ within the triangle.
func (o solveTriangularOp) VJP(b *tensor.Back) (g []*tensor.Tensor) {
	g = b.Give(nil, nil)
	back := o
	back.trans = !o.trans
	db := tensor.Apply1(back, b.In(0), b.Dout(0))
	if b.Need(0) {
		da := db.MatMul(t(b.Out(0)))
		if o.trans {
			da = b.Out(0).MatMul(t(db))
		}
		k := 0
		if o.unit {
			k = 1
		}
		if o.upper {
			g[0] = da.Neg().Triu(k)
		} else {
			g[0] = da.Neg().Tril(-k)
		}
	}
	g[1] = db
	return g
}
