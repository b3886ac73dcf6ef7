package linalg

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// ToleranceConfig says which singular values count as zero: those not above max(ATol, RTol · largest).
type ToleranceConfig struct {
	ATol float64
	RTol *float64 // default: max(M, N) times the machine epsilon of the input's type, or 0 when ATol is given
}

// relative returns the relative tolerance for matrices a.
func (c ToleranceConfig) relative(op string, a *tensor.Tensor) float64 {
	if c.ATol < 0 || c.RTol != nil && *c.RTol < 0 {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{a.Shape()}, "tolerances must not be negative")
	}
	switch {
	case c.RTol != nil:
		return *c.RTol
	case c.ATol > 0:
		return 0
	}
	eps := map[tensor.DType]float64{tensor.Float64: 0x1p-52, tensor.Float32: 0x1p-23, tensor.Float16: 0x1p-10, tensor.BFloat16: 0x1p-7}
	return float64(max(a.Dim(-2), a.Dim(-1))) * eps[a.DType()]
}

// Pinv returns the Moore-Penrose pseudo-inverses (..., N, M) of matrices (..., M, N), by the singular value decomposition. The
// gradient is that among matrices of the same rank (G. Golub, V. Pereyra, 1973), where alone there is one.
func Pinv(a *tensor.Tensor, cfg ToleranceConfig) (*tensor.Tensor, error) {
	const op = "pinv"
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	f, err := try(op, svdOp{}, x[0].Detach())
	if err != nil {
		return nil, err
	}
	return tensor.Apply1(pinvOp{cfg.ATol, cfg.relative(op, a)}, x[0], f[0], f[1], f[2]).To(d), nil
}

// MatrixRank returns the number of singular values of matrices (..., M, N) that do not count as zero, (...) Int64.
func MatrixRank(a *tensor.Tensor, cfg ToleranceConfig) (*tensor.Tensor, error) {
	const op = "matrix_rank"
	x, _, err := matrices(op, a.Detach())
	if err != nil {
		return nil, err
	}
	s, err := apply1(op, svdvalsOp{}, x[0])
	if err != nil {
		return nil, err
	}
	return rank(s, cfg.ATol, cfg.relative(op, a)), nil
}

func rank(s *tensor.Tensor, atol, rtol float64) *tensor.Tensor {
	if s.Dim(-1) == 0 {
		return tensor.With(tensor.Int64).On(s.Device()).FullShape(0, s.Shape().Remove(-1))
	}
	least := s.Narrow(-1, 0, 1).MulScalar(rtol).ClampMin(atol)
	return s.Gt(least).To(tensor.Int64).Sum(-1)
}

// LstsqResult is what Lstsq returns.
type LstsqResult struct {
	Solution       *tensor.Tensor // X (..., N, K)
	Residuals      *tensor.Tensor // Σ (A X - B)² over rows, (..., K), of the solution as it is: zero where it is exact
	Rank           *tensor.Tensor // of A, (...) Int64
	SingularValues *tensor.Tensor // of A, (..., min(M, N)), without gradient
}

// Lstsq returns the X (..., N, K) of least Frobenius norm among those that minimize ‖A X - B‖, for a (..., M, N) of any rank and b (...,
// M, K): X = A⁺ B. Batch dimensions broadcast.
func Lstsq(a, b *tensor.Tensor, cfg ToleranceConfig) (LstsqResult, error) {
	const op = "lstsq"
	var r LstsqResult
	if a.Rank() < 2 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{a.Shape(), b.Shape()}, "the first input must be matrices (..., M, N), 2 dimensions or more")
	}
	rowsFit(op, a, b)
	rtol := cfg.relative(op, a)
	x, d, err := matrices(op, a, b)
	if err != nil {
		return r, err
	}
	sameBatch(op, a, b) // that they fit
	f, err := try(op, svdOp{}, x[0].Detach())
	if err != nil {
		return r, err
	}
	y := tensor.Apply1(pinvOp{cfg.ATol, rtol}, x[0], f[0], f[1], f[2]).MatMul(x[1])
	r.Solution = y.To(d)
	r.Residuals = x[0].MatMul(y).Sub(x[1]).Square().Sum(-2).To(d)
	r.Rank = rank(f[1], cfg.ATol, rtol)
	r.SingularValues = f[1].To(d)
	return r, nil
}

// pinvOp takes A and its singular value decomposition, which is for speed alone, and gives the pseudo-inverse in float64.
type pinvOp struct{ atol, rtol float64 }

func (pinvOp) Name() string        { return "pinv" }
func (pinvOp) Reads() tensor.Reads { return tensor.ReadsIn(0) | tensor.ReadsOut }
func (pinvOp) Infer(c *tensor.Call) {
	s := c.Spec(0).Shape
	c.Output(s.With(-1, s.Dim(-2)).With(-2, s.Dim(-1)), tensor.Float64)
}

func (o pinvOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	m, n := s.Dim(-2), s.Dim(-1)
	k := min(m, n)
	us, values, vts, y := data(c.X(1)), data(c.X(2)), data(c.X(3)), data(c.Y(0))
	eachMatrix(c, o.Name(), s, 2*m*n*k, func(i int) *failure {
		u, sv, vt := us[i*m*k:(i+1)*m*k], values[i*k:(i+1)*k], append([]float64(nil), vts[i*k*n:(i+1)*k*n]...)
		r := 0
		for r < k && sv[r] > max(o.atol, o.rtol*sv[0]) {
			divide(vt[r*n:(r+1)*n], sv[r])
			r++
		}
		// V S⁻¹ Uᵀ of the first r
		cpu.GemmF64(n, m, r, vt, 1, n, u, 1, k, y[i*m*n:(i+1)*m*n], m, cpu.Epilogue[float64]{})
		return nil
	})
	return true
}

// VJP is dA = -Pᵀ dP Pᵀ + (I - A P) dPᵀ P Pᵀ + Pᵀ P dPᵀ (I - P A).
func (pinvOp) VJP(b *tensor.Back) []*tensor.Tensor {
	a, p, dp := b.In(0), b.Out(0), b.Dout(0)
	pt, dpt := t(p), t(dp)
	left := dpt.MatMul(p).MatMul(pt)
	right := pt.MatMul(p).MatMul(dpt)
	g := left.Sub(a.MatMul(p).MatMul(left)).Add(right.Sub(right.MatMul(p).MatMul(a)))
	return b.Give(g.Sub(pt.MatMul(dp).MatMul(pt)), nil, nil, nil)
}
