package linalg

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// Det returns the determinants of square matrices, (..., N, N) -> (...). That of a 0 by 0 matrix is 1. The first derivative is
// right for singular matrices too; further ones panic with tensor.ErrNumeric there. SlogDet does not overflow.
func Det(a *tensor.Tensor) (*tensor.Tensor, error) {
	const op = "det"
	square(op, 0, a)
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	return tensor.Apply1(detOp{}, x[0]).To(d), nil
}

// SlogDet returns the sign (-1, 0 or 1) and the natural logarithm of the magnitude of the determinants of square matrices, (..., N, N) ->
// (...), (...); 0 and -Inf where it is zero. The gradient flows through the logarithm, and panics with tensor.ErrNumeric for a
// singular matrix.
func SlogDet(a *tensor.Tensor) (sign, logabs *tensor.Tensor, err error) {
	const op = "slogdet"
	square(op, 0, a)
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, nil, err
	}
	f := tensor.Apply(luOp{}, x[0].Detach())
	r := tensor.Apply(slogdetOp{}, x[0], f[0], f[2])
	return r[0].Detach().To(d), r[1].To(d), nil
}

// detOp is the determinant in float64.
type detOp struct{}

func (detOp) Name() string         { return "det" }
func (detOp) Reads() tensor.Reads  { return tensor.ReadsIn(0) }
func (detOp) Infer(c *tensor.Call) { c.Output(batchOf(c.Spec(0).Shape), tensor.Float64) }

func (o detOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	n := s.Dim(-1)
	x, y := data(c.X(0)), data(c.Y(0))
	eachMatrix(c, o.Name(), s, n*n*n*2/3, func(i int) *failure {
		y[i], _, _ = determinant(n, append([]float64(nil), x[i*n*n:(i+1)*n*n]...))
		return nil
	})
	return true
}

// determinant factors A in place and returns its determinant and the factors' pivots.
func determinant(n int, a []float64) (det float64, lu []float64, pivots []int32) {
	pivots = make([]int32, n)
	if n > 0 {
		luFactor(n, n, a, n, pivots)
	}
	det = 1
	for j, p := range pivots {
		det *= a[j*(n+1)]
		if int(p) != j {
			det = -det
		}
	}
	return det, a, pivots
}

// VJP is dA = ddet C with the cofactors C (Jacobi's formula).
func (detOp) VJP(b *tensor.Back) []*tensor.Tensor {
	return b.Give(tensor.Apply1(cofactorOp{}, b.In(0)).Mul(b.Dout(0).Unsqueeze(-1).Unsqueeze(-1)))
}

// cofactorOp gives the matrices of cofactors, det(A) A⁻ᵀ where that exists, in float64.
type cofactorOp struct{}

func (cofactorOp) Name() string         { return "det" }
func (cofactorOp) Reads() tensor.Reads  { return tensor.ReadsIn(0) | tensor.ReadsOut }
func (cofactorOp) Infer(c *tensor.Call) { c.Output(c.Spec(0).Shape, tensor.Float64) }

func (o cofactorOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	n := s.Dim(-1)
	x, y := data(c.X(0)), data(c.Y(0))
	eachMatrix(c, o.Name(), s, 2*n*n*n, func(i int) *failure {
		return cofactors(n, x[i*n*n:(i+1)*n*n], y[i*n*n:(i+1)*n*n])
	})
	return true
}

// cofactors writes the cofactors of A to y, by LU or, when a pivot is small beside the largest, by A = U S Vᵀ: they are
// det(U) det(V) U diag(Π_{j≠i} s_j) Vᵀ, which need not divide by a small s_i.
func cofactors(n int, a, y []float64) *failure {
	if n == 0 {
		return nil
	}
	det, lu, pivots := determinant(n, append([]float64(nil), a...))
	small, large := math.Inf(1), 0.0
	for j := range n {
		p := math.Abs(lu[j*(n+1)])
		small, large = min(small, p), max(large, p)
	}
	if small > 1e-6*large {
		// A⁻ᵀ = P L⁻ᵀ U⁻ᵀ, for A = P L U.
		clear(y)
		for j := range n {
			y[j*(n+1)] = det
		}
		solveLower(n, n, lu, 1, n, false, y, n)
		solveUpper(n, n, lu, 1, n, true, y, n)
		for j := n - 1; j >= 0; j-- {
			swapRows(y, n, n, pivots[j:j+1], j)
		}
		return nil
	}
	u, sv, vt := make([]float64, n*n), make([]float64, n), make([]float64, n*n)
	if bad := svdFactor(n, n, append([]float64(nil), a...), u, n, sv, vt, n); bad != nil {
		return bad
	}
	du, _, _ := determinant(n, append([]float64(nil), u...))
	dv, _, _ := determinant(n, append([]float64(nil), vt...))
	clear(y)
	for k := range n {
		f := math.Round(du) * math.Round(dv)
		for j, v := range sv {
			if j != k {
				f *= v
			}
		}
		for i := range n {
			axpy(f*u[i*n+k], vt[k*n:(k+1)*n], y[i*n:(i+1)*n])
		}
	}
	return nil
}

// VJP is dA = <dC, C> A⁻ᵀ - C dCᵀ A⁻ᵀ.
func (cofactorOp) VJP(b *tensor.Back) []*tensor.Tensor {
	a, c, dc := b.In(0), b.Out(0), b.Dout(0)
	it, err := inverse("det", t(a))
	if err != nil {
		tensor.Fail("det", tensor.ErrNumeric, []tensor.Shape{a.Shape()}, "no second derivative here: %v", err)
	}
	inner := c.Mul(dc).SumKeepdim(-1, -2)
	return b.Give(inner.Mul(it).Sub(c.MatMul(t(dc)).MatMul(it)))
}

// slogdetOp takes A and its factors, which are for speed alone, and gives the sign and log |det A| in float64.
type slogdetOp struct{}

func (slogdetOp) Name() string        { return "slogdet" }
func (slogdetOp) Reads() tensor.Reads { return tensor.ReadsIn(0, 1, 2) }
func (slogdetOp) Infer(c *tensor.Call) {
	s := batchOf(c.Spec(0).Shape)
	c.Output(s, tensor.Float64)
	c.Output(s, tensor.Float64)
}

func (o slogdetOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	n := s.Dim(-1)
	f, orders := data(c.X(1)), tensor.Slice[int64](c.X(2))
	sign, logabs := data(c.Y(0)), data(c.Y(1))
	eachMatrix(c, o.Name(), s, n*20, func(i int) *failure {
		sign[i], logabs[i] = parity(orders[i*n:(i+1)*n]), 0
		for j := range n {
			switch p := f[i*n*n+j*(n+1)]; {
			case p == 0:
				sign[i] = 0
			case p < 0:
				sign[i] = -sign[i]
			}
			logabs[i] += math.Log(math.Abs(f[i*n*n+j*(n+1)]))
		}
		return nil
	})
	return true
}

// parity returns the sign of a permutation.
func parity(order []int64) float64 {
	sign, seen := 1.0, make([]bool, len(order))
	for i := range order {
		for j := int(order[i]); !seen[i] && j != i; j = int(order[j]) { // a cycle is one swap shorter than it is long
			seen[j] = true
			sign = -sign
		}
		seen[i] = true
	}
	return sign
}

// VJP is dA = dlog A⁻ᵀ.
func (slogdetOp) VJP(b *tensor.Back) []*tensor.Tensor {
	g := b.Give(nil, nil, nil)
	if d := b.Dout(1); d != nil {
		a := b.In(0)
		rhs := eye(a, batchOf(a.Shape()), a.Dim(-1)).Mul(d.Unsqueeze(-1).Unsqueeze(-1))
		g[0] = tensor.Apply1(luSolveOp{true}, a, rhs, b.In(1), b.In(2))
	}
	return g
}
