package linalg

import (
	"github.com/hadal-go/hadal/tensor"
)

// LU returns the factors of A = P L U with partial pivoting, for matrices (..., M, N) and K = min(M, N): permutations P (..., M, M),
// L (..., M, K) lower triangular with ones on the diagonal and U (..., K, N) upper triangular. A singular matrix has factors,
// but no gradient: the backward pass panics with tensor.ErrNumeric.
func LU(a *tensor.Tensor) (p, l, u *tensor.Tensor, err error) {
	const op = "lu"
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, nil, nil, err
	}
	r := tensor.Apply(luOp{}, x[0])
	l, u = unpack(r[0])
	return permutation(r[2]).To(d), l.To(d), u.To(d), nil
}

// LUFactor returns L without its diagonal and U in one (..., M, N) tensor and the pivots (..., K) as Int32: row i was swapped with
// row pivots[i] - 1, for i in order, counted from 1 as LAPACK and torch.linalg.lu_factor do.
func LUFactor(a *tensor.Tensor) (lu, pivots *tensor.Tensor, err error) {
	x, d, err := matrices("lu_factor", a)
	if err != nil {
		return nil, nil, err
	}
	r := tensor.Apply(luOp{}, x[0])
	return r[0].To(d), r[1], nil
}

// LUSolve returns the X with A X = B from what LUFactor returned for square A (..., N, N), for b (..., N, K); all have the same batch
// dimensions. A zero pivot is an ErrSingular. It panics with ErrValue when the pivots are not LUFactor's.
func LUSolve(lu, pivots, b *tensor.Tensor) (*tensor.Tensor, error) {
	const op = "lu_solve"
	square(op, 0, lu, b)
	rowsFit(op, lu, b)
	ls := lu.Shape()
	if pivots.DType() != tensor.Int32 || pivots.Shape() != ls.Remove(-1) || batchOf(b.Shape()) != batchOf(ls) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{ls, pivots.Shape(), b.Shape()}, "want (..., N, N), Int32 pivots (..., N) from LUFactor and (..., N, K) with the same batch dimensions")
	}
	x, d, err := matrices(op, lu, b)
	if err != nil {
		return nil, err
	}
	y := t(permutation(rowOrder(pivots))).MatMul(x[1])
	if y, err = apply1(op, solveTriangularOp{unit: true}, x[0], y); err != nil {
		return nil, err
	}
	if y, err = apply1(op, solveTriangularOp{upper: true}, x[0], y); err != nil {
		return nil, err
	}
	return y.To(d), nil
}

// unpack returns L and U of a packed factorization.
func unpack(lu *tensor.Tensor) (l, u *tensor.Tensor) {
	m, n := lu.Dim(-2), lu.Dim(-1)
	k := min(m, n)
	one := tensor.With(tensor.Float64).On(lu.Device()).Eye(max(m, k)).Narrow(1, 0, k)
	return lu.Narrow(-1, 0, k).Tril(-1).Add(one), lu.Narrow(-2, 0, k).Triu(0)
}

// permutation returns the float64 matrices P with P[order[i], i] = 1.
func permutation(order *tensor.Tensor) *tensor.Tensor {
	return t(order.Detach().OneHot(order.Dim(-1)).To(tensor.Float64))
}

// rowOrder returns the order of rows, Int64, that the pivots (..., N) lead to.
func rowOrder(pivots *tensor.Tensor) *tensor.Tensor {
	s := pivots.Shape()
	if pivots.Device() == tensor.Meta {
		return pivots.To(tensor.Int64)
	}
	p, n := tensor.Data[int32](pivots), s.Dim(-1)
	order := make([]int64, len(p))
	for at := 0; at < len(p); at += n {
		for i := range n {
			order[at+i] = int64(i)
		}
		for i, j := range p[at : at+n] {
			if int(j) < i+1 || int(j) > n {
				tensor.Fail("lu_solve", tensor.ErrValue, []tensor.Shape{s}, "pivot %d is %d, not in [%d, %d]; pass those of LUFactor", i, j, i+1, n)
			}
			order[at+i], order[at+int(j)-1] = order[at+int(j)-1], order[at+i]
		}
	}
	return tensor.OfShape(order, s)
}

// luOp gives the packed factors in float64, the pivots and the order of rows: row order[i] of A is row i of L U.
type luOp struct{}

func (luOp) Name() string        { return "lu" }
func (luOp) Reads() tensor.Reads { return tensor.ReadsOut }
func (luOp) Infer(c *tensor.Call) {
	s := c.Spec(0).Shape
	m, n := s.Dim(-2), s.Dim(-1)
	c.Output(s, tensor.Float64)
	c.Output(s.Remove(-1).With(-1, min(m, n)), tensor.Int32)
	c.Output(s.Remove(-1).With(-1, m), tensor.Int64)
}

func (o luOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	m, n := s.Dim(-2), s.Dim(-1)
	k := min(m, n)
	x, lu := data(c.X(0)), data(c.Y(0))
	pivots, order := tensor.Slice[int32](c.Y(1)), tensor.Slice[int64](c.Y(2))
	eachMatrix(c, o.Name(), s, m*n*k, func(i int) *failure {
		a, piv, ord := lu[i*m*n:(i+1)*m*n], pivots[i*k:(i+1)*k], order[i*m:(i+1)*m]
		copy(a, x[i*m*n:(i+1)*m*n])
		for r := range ord {
			ord[r] = int64(r)
		}
		if k == 0 {
			return nil
		}
		luFactor(m, n, a, n, piv)
		for r, p := range piv {
			ord[r], ord[p] = ord[p], ord[r]
			piv[r] = p + 1
		}
		return nil
	})
	return true
}

// VJP is dA = P L⁻ᵀ (tril(Lᵀ dL, -1) + triu(dU Uᵀ)) U⁻ᵀ for square A. What is wider, U₂ = L⁻¹ A₂, or taller, L₂ = A₂ U⁻¹, than a square
// leads to it by the rules of solving (F. de Hoog, R. Anderssen, M. Lukas, "Differentiation of matrix functionals using
// triangular factorization", 2011).
func (luOp) VJP(b *tensor.Back) []*tensor.Tensor {
	lu, dlu := b.Out(0), b.DoutOrZeros(0)
	m, n := lu.Dim(-2), lu.Dim(-1)
	k := min(m, n)
	corner := func(x *tensor.Tensor) *tensor.Tensor { return x.Narrow(-2, 0, k).Narrow(-1, 0, k) }
	l, u := unpack(corner(lu))
	dl, du := corner(dlu).Tril(-1), corner(dlu).Triu(0)
	var right, low *tensor.Tensor
	if n > k {
		right = tensor.Apply1(solveTriangularOp{trans: true, unit: true}, l, dlu.Narrow(-1, k, n-k))
		dl = dl.Sub(right.MatMul(t(lu.Narrow(-1, k, n-k))).Tril(-1))
	}
	if m > k {
		// dL₂ U⁻ᵀ, by U⁻¹ dL₂ᵀ
		low = t(tensor.Apply1(solveTriangularOp{upper: true}, u, t(dlu.Narrow(-2, k, m-k))))
		du = du.Sub(t(lu.Narrow(-2, k, m-k)).MatMul(low).Triu(0))
	}
	phi := t(l).MatMul(dl).Tril(-1).Add(du.MatMul(t(u)).Triu(0))
	g := tensor.Apply1(solveTriangularOp{trans: true, unit: true}, l, phi)
	g = t(tensor.Apply1(solveTriangularOp{upper: true}, u, t(g)))
	if right != nil {
		g = tensor.Concat(-1, g, right)
	}
	if low != nil {
		g = tensor.Concat(-2, g, low)
	}
	return b.Give(permutation(b.Out(2)).MatMul(g))
}
