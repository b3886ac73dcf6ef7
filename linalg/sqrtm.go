package linalg

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// SqrtM returns the symmetric positive semidefinite square roots of symmetric positive semidefinite matrices (..., N, N), by Eigh.
// Only the lower triangle of A is read. An eigenvalue below zero by more than rounding errors is an ErrNotPositiveDefinite. The
// gradient, a Lyapunov equation, does not mind equal eigenvalues; it does not exist for a singular matrix, where the backward
// pass panics with tensor.ErrNumeric.
func SqrtM(a *tensor.Tensor) (*tensor.Tensor, error) {
	const op = "sqrtm"
	square(op, 0, a)
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	y, err := sqrtm(op, x[0])
	if err != nil {
		return nil, err
	}
	return y.To(d), nil
}

func sqrtm(op string, a *tensor.Tensor) (*tensor.Tensor, error) {
	e, err := try(op, eighOp{}, a.Detach())
	if err != nil {
		return nil, err
	}
	return apply1(op, sqrtmOp{}, a, e[0], e[1])
}

// LogM returns the symmetric principal logarithms of symmetric positive definite matrices (..., N, N): square roots are taken until the
// matrix is near the identity, where 7 points of Gauss's quadrature of log(I + X) = ∫₀¹ X (I + t X)⁻¹ dt are exact to float64 (N. Higham,
// "Functions of Matrices", 2008, chapter 11). Its gradients of all orders do not mind equal eigenvalues. Only the lower triangle
// of A is read. A matrix that is not positive definite is an ErrNotPositiveDefinite.
func LogM(a *tensor.Tensor) (*tensor.Tensor, error) {
	const op = "logm"
	square(op, 0, a)
	in, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	x := in[0]
	n := x.Dim(-1)
	roots, err := logmRoots(x)
	if err != nil {
		return nil, err
	}
	for range max(roots, 1) { // at least one, so that the lower triangle alone is read
		if x, err = sqrtm(op, x); err != nil {
			return nil, err
		}
	}
	id := eye(x, batchOf(x.Shape()), n)
	y := x.Sub(id)
	var sum *tensor.Tensor
	for i, p := range gauss7 {
		// A solution of (I + t X) Z = X, symmetric because it is a function of X.
		z, err := solve(op, y.MulScalar((1+p)/2).Add(id), y)
		if err != nil {
			return nil, err
		}
		if z = z.MulScalar(gauss7Weights[i] / 2); sum == nil {
			sum = z
		} else {
			sum = sum.Add(z)
		}
	}
	return symmetrize(sum).MulScalar(math.Ldexp(1, max(roots, 1))).To(d), nil
}

// The points and weights of Gauss-Legendre quadrature on [-1, 1].
var (
	gauss7        = []float64{-0.9491079123427585, -0.7415311855993945, -0.4058451513773972, 0, 0.4058451513773972, 0.7415311855993945, 0.9491079123427585}
	gauss7Weights = []float64{0.1294849661688697, 0.2797053914892767, 0.3818300505051189, 0.4179591836734694, 0.3818300505051189, 0.2797053914892767, 0.1294849661688697}
)

// logmRoots returns how many square roots bring all eigenvalues of the batch within 0.264 of 1.
func logmRoots(a *tensor.Tensor) (int, error) {
	if a.Device() != tensor.CPU || a.Numel() == 0 {
		return 0, nil
	}
	w, err := apply1("logm", eigvalshOp{}, a.Detach())
	if err != nil {
		return 0, err
	}
	most := 0
	n := w.Dim(-1)
	for i, v := range tensor.Data[float64](w) {
		if v <= 0 {
			return 0, matrixError("logm", ErrNotPositiveDefinite, a.Shape(), i/n, "is not positive definite: its smallest eigenvalue is not above 0")
		}
		roots := 0
		for ; math.Abs(v-1) > 0.264; roots++ {
			v = math.Sqrt(v)
		}
		most = max(most, roots)
	}
	return most, nil
}

// sqrtmOp takes A and its eigenvalues and vectors, which are for speed alone, and gives V √w Vᵀ in float64.
type sqrtmOp struct{}

func (sqrtmOp) Name() string         { return "sqrtm" }
func (sqrtmOp) Reads() tensor.Reads  { return tensor.ReadsIn(1, 2) | tensor.ReadsOut }
func (sqrtmOp) Infer(c *tensor.Call) { c.Output(c.Spec(0).Shape, tensor.Float64) }

func (o sqrtmOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	n := s.Dim(-1)
	values, vectors, y := data(c.X(1)), data(c.X(2)), data(c.Y(0))
	eachMatrix(c, o.Name(), s, 2*n*n*n, func(i int) *failure {
		if n == 0 {
			return nil
		}
		w, v := values[i*n:(i+1)*n], vectors[i*n*n:(i+1)*n*n]
		const eps = 0x1p-52
		if w[0] < -float64(n)*eps*max(w[n-1], -w[0]) {
			return fail(ErrNotPositiveDefinite, "is not positive semidefinite: its smallest eigenvalue is %.6g", w[0])
		}
		scaled := make([]float64, n*n)
		for r := range n {
			for j, x := range v[r*n : (r+1)*n] {
				scaled[r*n+j] = x * math.Sqrt(max(w[j], 0))
			}
		}
		cpu.GemmF64(n, n, n, scaled, n, 1, v, 1, n, y[i*n*n:], n, cpu.Epilogue[float64]{})
		return nil
	})
	return true
}

// VJP is the X with S X + X S = dS, symmetrized, for S² = A.
func (sqrtmOp) VJP(b *tensor.Back) []*tensor.Tensor {
	x := tensor.Apply1(lyapunovOp{}, b.Out(0), symmetrize(b.Dout(0)), b.In(1), b.In(2))
	return b.Give(x, nil, nil)
}

// lyapunovOp solves S X + X S = Q for a symmetric positive definite S in float64. It takes S, Q and the eigenvalues and vectors
// of S², which are for speed alone.
type lyapunovOp struct{}

func (lyapunovOp) Name() string         { return "sqrtm" }
func (lyapunovOp) Reads() tensor.Reads  { return tensor.ReadsIn(0, 2, 3) | tensor.ReadsOut }
func (lyapunovOp) Infer(c *tensor.Call) { c.Output(c.Spec(1).Shape, tensor.Float64) }

func (o lyapunovOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	n := s.Dim(-1)
	q, values, vectors, y := data(c.X(1)), data(c.X(2)), data(c.X(3)), data(c.Y(0))
	eachMatrix(c, o.Name(), s, 8*n*n*n, func(i int) *failure {
		if n == 0 {
			return nil
		}
		w, v, out := values[i*n:(i+1)*n], vectors[i*n*n:(i+1)*n*n], y[i*n*n:(i+1)*n*n]
		const eps = 0x1p-52
		if w[0] <= float64(n)*eps*w[n-1] {
			return fail(ErrSingular, "is singular: its square root has no derivative; add a small multiple of the identity")
		}
		// X = V ((Vᵀ Q V) / (√w_i + √w_j)) Vᵀ
		tmp, inner := make([]float64, n*n), make([]float64, n*n)
		ep := cpu.Epilogue[float64]{}
		cpu.GemmF64(n, n, n, v, 1, n, q[i*n*n:], n, 1, tmp, n, ep)
		multiply(n, tmp, v, inner)
		for r := range n {
			for j := range n {
				inner[r*n+j] /= math.Sqrt(w[r]) + math.Sqrt(w[j])
			}
		}
		multiply(n, v, inner, tmp)
		cpu.GemmF64(n, n, n, tmp, n, 1, v, 1, n, out, n, ep)
		return nil
	})
	return true
}

// VJP is dQ = Y with S Y + Y S = dX, dS = -(Y Xᵀ + Xᵀ Y), symmetrized.
func (o lyapunovOp) VJP(b *tensor.Back) (g []*tensor.Tensor) {
	y := tensor.Apply1(o, b.In(0), b.Dout(0), b.In(2), b.In(3))
	g = b.Give(nil, y, nil, nil)
	if b.Need(0) {
		xt := t(b.Out(0))
		g[0] = symmetrize(y.MatMul(xt).Add(xt.MatMul(y))).Neg()
	}
	return g
}
