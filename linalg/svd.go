package linalg

import (
	"gonum.org/v1/gonum/blas"
	lapack "gonum.org/v1/gonum/lapack/gonum"

	"github.com/hadal-go/hadal/tensor"
)

// SVD returns the singular value decomposition A = U diag(S) Vh of matrices (..., M, N), K = min(M, N): orthonormal columns U (..., M,
// K), values S (..., K) in descending order and orthonormal rows Vh (..., K, N); when full, U is (..., M, M) and Vh (..., N, N). The
// signs of the pairs of vectors, and their basis where values are equal, are not specified: only functions that do not depend
// on them have a gradient, and that by the further vectors of full is ignored, as in PyTorch. It has 1/(s_i² - s_j²) in it, and
// 1/s_i where M ≠ N, which lose digits as values come close to each other or to zero; where they are equal but for rounding
// errors the backward pass panics with tensor.ErrNumeric when vectors or a second derivative take part. By S alone there always is
// a first derivative, U diag(dS) Vh.
func SVD(a *tensor.Tensor, full bool) (u, s, vh *tensor.Tensor, err error) {
	const op = "svd"
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, nil, nil, err
	}
	r, err := try(op, svdOp{full}, x[0])
	if err != nil {
		return nil, nil, nil, err
	}
	return r[0].To(d), r[1].To(d), r[2].To(d), nil
}

// SVDVals returns the singular values (..., min(M, N)) of matrices (..., M, N) in descending order: faster than SVD, but the gradient
// then needs SVD once more.
func SVDVals(a *tensor.Tensor) (*tensor.Tensor, error) {
	const op = "svdvals"
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	s, err := apply1(op, svdvalsOp{}, x[0])
	if err != nil {
		return nil, err
	}
	return s.To(d), nil
}

// svdOp is the decomposition in float64.
type svdOp struct{ full bool }

func (svdOp) Name() string        { return "svd" }
func (svdOp) Reads() tensor.Reads { return tensor.ReadsOut }
func (o svdOp) Infer(c *tensor.Call) {
	s := c.Spec(0).Shape
	m, n := s.Dim(-2), s.Dim(-1)
	k := min(m, n)
	uc, vr := k, k
	if o.full {
		uc, vr = m, n
	}
	c.Output(s.With(-1, uc), tensor.Float64)
	c.Output(s.Remove(-1).With(-1, k), tensor.Float64)
	c.Output(s.With(-2, vr), tensor.Float64)
}

func (o svdOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	m, n := s.Dim(-2), s.Dim(-1)
	k := min(m, n)
	uc, vr := c.Y(0).Shape.Dim(-1), c.Y(2).Shape.Dim(-2)
	x, u, sv, vt := data(c.X(0)), data(c.Y(0)), data(c.Y(1)), data(c.Y(2))
	eachMatrix(c, o.Name(), s, 20*m*n*k, func(i int) *failure {
		a := append([]float64(nil), x[i*m*n:(i+1)*m*n]...)
		return svdFactor(m, n, a, u[i*m*uc:(i+1)*m*uc], uc, sv[i*k:(i+1)*k], vt[i*vr*n:(i+1)*vr*n], vr)
	})
	return true
}

// VJP is dA = U ((skew(Uᵀ dU) ∘ E) S + S (skew(Vᵀ dV) ∘ E) + diag(dS)) Vᵀ with E_ij = 1/(s_j² - s_i²) and skew(X) = X - Xᵀ, plus what lies
// outside of the span of U, (I - U Uᵀ) dU S⁻¹ Vᵀ, or of V (J. Townsend, "Differentiating the singular value decomposition", 2016).
func (o svdOp) VJP(b *tensor.Back) []*tensor.Tensor {
	sp := b.InSpec(0).Shape
	m, n := sp.Dim(-2), sp.Dim(-1)
	k := min(m, n)
	u, s, v := b.Out(0).Narrow(-1, 0, k), b.Out(1), t(b.Out(2).Narrow(-2, 0, k))
	du, dv := b.Dout(0), b.Dout(2)
	row := s.Unsqueeze(-2)
	var core *tensor.Tensor
	add := func(x, y *tensor.Tensor) *tensor.Tensor {
		if x == nil {
			return y
		}
		return x.Add(y)
	}
	if b.Dout(1) != nil {
		core = b.Dout(1).DiagEmbed(0)
	}
	var e *tensor.Tensor
	if du != nil || dv != nil {
		e = inverseGaps(o.Name(), s).Div(row.Add(s.Unsqueeze(-1)).Add(tensor.With(tensor.Float64).On(s.Device()).Eye(k)))
		if m != n {
			o.needRank(s)
		}
	}
	var udu, vdv *tensor.Tensor
	if du != nil {
		du = du.Narrow(-1, 0, k)
		udu = t(u).MatMul(du)
		core = add(core, udu.Sub(t(udu)).Mul(e).Mul(row))
	}
	if dv != nil {
		dv = t(dv.Narrow(-2, 0, k))
		vdv = t(v).MatMul(dv)
		core = add(core, vdv.Sub(t(vdv)).Mul(e).Mul(s.Unsqueeze(-1)))
	}
	if core == nil {
		return b.Give(nil)
	}
	g := u.MatMul(core).MatMul(t(v))
	if du != nil && m > k {
		g = g.Add(du.Sub(u.MatMul(udu)).Div(row).MatMul(t(v)))
	}
	if dv != nil && n > k {
		g = g.Add(u.MatMul(t(dv.Sub(v.MatMul(vdv)).Div(row))))
	}
	return b.Give(g)
}

// needRank panics when a singular value is zero but for rounding errors.
func (svdOp) needRank(s *tensor.Tensor) {
	k := s.Dim(-1)
	if s.Device() != tensor.CPU || k == 0 {
		return
	}
	const eps = 0x1p-52
	values := tensor.Data[float64](s.Detach())
	for at := 0; at < len(values); at += k {
		if values[at+k-1] <= float64(k)*eps*values[at] {
			tensor.Fail("svd", tensor.ErrNumeric, []tensor.Shape{s.Shape()}, "matrix %d does not have full rank: its singular vectors have no derivative", at/k)
		}
	}
}

// svdvalsOp gives the singular values alone, in float64.
type svdvalsOp struct{}

func (svdvalsOp) Name() string        { return "svdvals" }
func (svdvalsOp) Reads() tensor.Reads { return tensor.ReadsIn(0) }
func (svdvalsOp) Infer(c *tensor.Call) {
	s := c.Spec(0).Shape
	c.Output(s.Remove(-1).With(-1, min(s.Dim(-2), s.Dim(-1))), tensor.Float64)
}

func (o svdvalsOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	m, n := s.Dim(-2), s.Dim(-1)
	k := min(m, n)
	x, sv := data(c.X(0)), data(c.Y(0))
	eachMatrix(c, o.Name(), s, 4*m*n*k, func(i int) *failure {
		a := append([]float64(nil), x[i*m*n:(i+1)*m*n]...)
		return svdFactor(m, n, a, nil, 0, sv[i*k:(i+1)*k], nil, 0)
	})
	return true
}

// VJP is dA = U diag(dS) Vh.
func (svdvalsOp) VJP(b *tensor.Back) []*tensor.Tensor {
	r := tensor.Apply(svdOp{}, b.In(0))
	return b.Give(r[0].Mul(b.Dout(0).Unsqueeze(-2)).MatMul(r[2]))
}

// svdFactor writes U (m, uc), S and Vᵀ (vr, n) of A (m, n), which is overwritten; uc = vr = 0 leaves the vectors out.
func svdFactor(m, n int, a, u []float64, uc int, s, vt []float64, vr int) *failure {
	scale := normalize(a)
	ok := true
	ut := make([]float64, uc*m)
	if m >= n {
		ok = svdTall(m, n, a, ut, uc, s, vt)
	} else { // Aᵀ = V S Uᵀ
		at := make([]float64, m*n)
		transpose(m, n, a, at)
		ok = svdTall(n, m, at, vt, vr, s, ut)
	}
	if !ok {
		return fail(ErrNotConverged, "has singular values that did not converge")
	}
	for i := range s {
		s[i] *= scale
	}
	transpose(uc, m, ut, u)
	return nil
}

// svdTall is svdFactor for m >= n, with Uᵀ (uc, m) in place of U: all rotations then turn rows.
func svdTall(m, n int, a, ut []float64, uc int, s, vt []float64) bool {
	im := lapack.Implementation{}
	if n == 0 {
		for i := range uc {
			ut[i*(m+1)] = 1
		}
		return true
	}
	e, tauQ, tauP := make([]float64, n), make([]float64, n), make([]float64, n)
	work := make([]float64, 64*(m+n))
	im.Dgebrd(m, n, a, n, s, e[:n-1], tauQ, tauP, work, len(work))
	if uc == 0 {
		return im.Dbdsqr(blas.Upper, n, 0, 0, 0, s, e[:n-1], nil, 1, nil, 1, nil, 1, work)
	}
	// Q's vectors lie below the diagonal, P's to the right of the super-diagonal.
	q, p := make([]float64, m*uc), make([]float64, n*n)
	formQ(m, uc, collect(m, n, 0, a, n, 1, tauQ), q)
	transpose(m, uc, q, ut)
	formQ(n, n, collect(n, n, 1, a, 1, n, tauP), p)
	transpose(n, n, p, vt)
	return bidiagonalSVD(s, e[:n-1], ut, m, vt)
}

// collect gathers reflections from where LAPACK leaves them: vector j in column j of A, of n, from row j + shift on, with an implied
// 1 first. A has m rows of any strides.
func collect(m, n, shift int, a []float64, rs, cs int, tau []float64) (all []reflections) {
	for j0 := 0; j0+shift < n; j0 += panel {
		k, from := min(panel, n-shift-j0), j0+shift
		rows := m - from
		v := make([]float64, rows*k)
		for j := range k {
			v[j*(k+1)] = 1
			for i := j + 1; i < rows; i++ {
				v[i*k+j] = a[(from+i)*rs+(j0+j)*cs]
			}
		}
		all = append(all, newReflections(from, rows, k, v, tau[j0:]))
	}
	return all
}
