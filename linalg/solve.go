package linalg

import "github.com/hadal-go/hadal/tensor"

// Solve returns the X with A X = B for square a (..., N, N), by LU with partial pivoting; batch dimensions broadcast. As in
// torch.linalg.solve, b is a vector for each matrix, giving a vector, when it has one dimension or a's shape without the last,
// else (..., N, K). A matrix with a pivot that is exactly zero is an ErrSingular; one that is singular but for rounding errors is
// not noticed: see Cond. X A = B is Aᵀ Xᵀ = Bᵀ.
func Solve(a, b *tensor.Tensor) (*tensor.Tensor, error) {
	const op = "solve"
	square(op, 0, a, b)
	x, d, err := tensors(op, a, b)
	if err != nil {
		return nil, err
	}
	a, b = x[0], x[1]
	vector := b.Rank() == 1 || b.Rank() == a.Rank()-1 && b.Shape() == a.Shape().Remove(-1)
	if vector {
		b = b.Unsqueeze(-1)
	}
	rowsFit(op, a, b)
	y, err := sharing(a, b, func(b *tensor.Tensor) (*tensor.Tensor, error) { return solve(op, a, b) })
	if err != nil {
		return nil, err
	}
	if vector {
		y = y.Squeeze(-1)
	}
	return y.To(d), nil
}

// Inv returns the inverses of square matrices (..., N, N). A singular one is an ErrSingular, under the terms of Solve, which is
// faster and more accurate where the inverse only multiplies something.
func Inv(a *tensor.Tensor) (*tensor.Tensor, error) {
	const op = "inv"
	square(op, 0, a)
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	y, err := inverse(op, x[0])
	if err != nil {
		return nil, err
	}
	return y.To(d), nil
}

func inverse(op string, a *tensor.Tensor) (*tensor.Tensor, error) {
	return solve(op, a, eye(a, batchOf(a.Shape()), a.Dim(-1)))
}

// solve factors A once, for X and for all gradients.
func solve(op string, a, b *tensor.Tensor) (*tensor.Tensor, error) {
	f := tensor.Apply(luOp{}, a.Detach())
	lu := f[0]
	order := f[2]
	if s, ok := tensor.Broadcast(batchOf(a.Shape()), batchOf(b.Shape())); ok && s != batchOf(a.Shape()) {
		lu = lu.ExpandTo(matrixShape(s, lu.Dim(-2), lu.Dim(-1)))
		order = order.ExpandTo(s.Insert(s.Rank(), order.Dim(-1)))
	}
	a, b = sameBatch(op, a, b)
	return apply1(op, luSolveOp{}, a, b, lu, order)
}

// luSolveOp solves A X = B or, when trans, Aᵀ X = B in float64. It takes A, B and A's factors: these are for speed alone, the
// gradient by A is complete without them.
type luSolveOp struct{ trans bool }

func (luSolveOp) Name() string         { return "solve" }
func (luSolveOp) Reads() tensor.Reads  { return tensor.ReadsIn(0, 2, 3) | tensor.ReadsOut }
func (luSolveOp) Infer(c *tensor.Call) { c.Output(c.Spec(1).Shape, tensor.Float64) }

func (o luSolveOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(1).Shape
	n, k := s.Dim(-2), s.Dim(-1)
	b, f, x := data(c.X(1)), data(c.X(2)), data(c.Y(0))
	orders := tensor.Slice[int64](c.X(3))
	eachMatrix(c, o.Name(), s, 2*n*n*k, func(i int) *failure {
		lu, order := f[i*n*n:(i+1)*n*n], orders[i*n:(i+1)*n]
		for j := range n {
			if lu[j*(n+1)] == 0 {
				return singular(j)
			}
		}
		from, to := b[i*n*k:(i+1)*n*k], x[i*n*k:(i+1)*n*k]
		if !o.trans {
			for r, p := range order {
				copy(to[r*k:(r+1)*k], from[int(p)*k:])
			}
			solveLower(n, k, lu, n, 1, true, to, k)
			solveUpper(n, k, lu, n, 1, false, to, k)
			return nil
		}
		y := append([]float64(nil), from...)
		solveLower(n, k, lu, 1, n, false, y, k)
		solveUpper(n, k, lu, 1, n, true, y, k)
		for r, p := range order {
			copy(to[int(p)*k:(int(p)+1)*k], y[r*k:])
		}
		return nil
	})
	return true
}

// VJP is dB = A⁻ᵀ dX, dA = -dB Xᵀ.
func (o luSolveOp) VJP(b *tensor.Back) (g []*tensor.Tensor) {
	g = b.Give(nil, nil, nil, nil)
	db := tensor.Apply1(luSolveOp{!o.trans}, b.In(0), b.Dout(0), b.In(2), b.In(3))
	if b.Need(0) {
		if x := b.Out(0); o.trans {
			g[0] = x.MatMul(t(db)).Neg()
		} else {
			g[0] = db.MatMul(t(x)).Neg()
		}
	}
	g[1] = db
	return g
}
