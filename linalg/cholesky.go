package linalg

import "github.com/hadal-go/hadal/tensor"

// Cholesky returns the lower triangular L with a positive diagonal and A = L Lᵀ, for symmetric positive definite matrices
// (..., N, N). Only the lower triangle of A is read; the gradient is symmetric, that along symmetric changes. The factor of
// torch.linalg.cholesky(upper=True) is L.Transpose(-1, -2). A matrix that is not positive definite is an
// ErrNotPositiveDefinite that names the leading minor.
func Cholesky(a *tensor.Tensor) (*tensor.Tensor, error) {
	const op = "cholesky"
	square(op, 0, a)
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	l, err := apply1(op, choleskyOp{}, x[0])
	if err != nil {
		return nil, err
	}
	return l.To(d), nil
}

// CholeskySolve returns the X with L Lᵀ X = B, for b (..., N, K) and lower triangular l (..., N, N), as torch.cholesky_solve
// does. Only the lower triangle of l is read. A zero on its diagonal is an ErrSingular.
func CholeskySolve(b, l *tensor.Tensor) (*tensor.Tensor, error) {
	const op = "cholesky_solve"
	square(op, 1, b, l)
	rowsFit(op, l, b)
	x, d, err := matrices(op, b, l)
	if err != nil {
		return nil, err
	}
	lower, rhs := sameBatch(op, x[1], x[0])
	y, err := apply1(op, solveTriangularOp{}, lower, rhs)
	if err != nil {
		return nil, err
	}
	if y, err = apply1(op, solveTriangularOp{trans: true}, lower, y); err != nil {
		return nil, err
	}
	return y.To(d), nil
}

// choleskyOp is the factorization of the lower triangles in float64.
type choleskyOp struct{}

func (choleskyOp) Name() string         { return "cholesky" }
func (choleskyOp) Reads() tensor.Reads  { return tensor.ReadsOut }
func (choleskyOp) Infer(c *tensor.Call) { c.Output(c.Spec(0).Shape, tensor.Float64) }

func (o choleskyOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	n := s.Dim(-1)
	x, y := data(c.X(0)), data(c.Y(0))
	eachMatrix(c, o.Name(), s, n*n*n/3, func(i int) *failure {
		l := y[i*n*n : (i+1)*n*n]
		copy(l, x[i*n*n:(i+1)*n*n])
		if p := choleskyLower(n, l, n); p >= 0 {
			return fail(ErrNotPositiveDefinite, "is not positive definite: the leading minor of order %d is not positive; add a small multiple of the identity, or use Eigh", p+1)
		}
		zeroUpper(n, l)
		return nil
	})
	return true
}

// VJP is dA = L⁻ᵀ Φ(Lᵀ dL) L⁻¹, symmetrized, where Φ keeps the lower triangle with half the diagonal (I. Murray,
// "Differentiation of the Cholesky decomposition", 2016).
func (choleskyOp) VJP(b *tensor.Back) []*tensor.Tensor {
	l := b.Out(0)
	phi := halfLower(t(l).MatMul(b.Dout(0)))
	left := tensor.Apply1(solveTriangularOp{trans: true}, l, phi)        // L⁻ᵀ Φ
	both := t(tensor.Apply1(solveTriangularOp{trans: true}, l, t(left))) // (L⁻ᵀ (L⁻ᵀ Φ)ᵀ)ᵀ = L⁻ᵀ Φ L⁻¹
	return b.Give(symmetrize(both))
}

// halfLower keeps the lower triangle, with half the diagonal.
func halfLower(a *tensor.Tensor) *tensor.Tensor { return a.Tril(0).Add(a.Tril(-1)).MulScalar(0.5) }
