package linalg

import (
	"github.com/hadal-go/hadal/tensor"
)

// QRMode says how much of Q and R is returned.
type QRMode int

// The modes of torch.linalg.qr that have a Q.
const (
	QRReduced  QRMode = iota // Q (..., M, K), R (..., K, N), K = min(M, N)
	QRComplete               // Q (..., M, M), R (..., M, N)
)

// QR returns Q with orthonormal columns and the upper triangular R with A = Q R, for matrices (..., M, N). Signs are LAPACK's
// (Householder reflections): elements of R's diagonal may be negative, and the factors are unique up to the signs where the
// columns of A are independent. The gradient needs the first min(M, N) columns to be so, else the backward pass panics with
// tensor.ErrNumeric, and there is none in QRComplete for M > N, where it panics with tensor.ErrGraph.
func QR(a *tensor.Tensor, mode QRMode) (q, r *tensor.Tensor, err error) {
	const op = "qr"
	if mode != QRReduced && mode != QRComplete {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{a.Shape()}, "unknown mode %d; use QRReduced or QRComplete", mode)
	}
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, nil, err
	}
	f := tensor.Apply(qrOp{mode == QRComplete && a.Dim(-2) > a.Dim(-1)}, x[0])
	return f[0].To(d), f[1].To(d), nil
}

// qrOp is the factorization in float64; complete with all M columns of Q.
type qrOp struct{ complete bool }

func (qrOp) Name() string        { return "qr" }
func (qrOp) Reads() tensor.Reads { return tensor.ReadsIn(0) | tensor.ReadsOut }
func (o qrOp) Infer(c *tensor.Call) {
	s := c.Spec(0).Shape
	k := min(s.Dim(-2), s.Dim(-1))
	if o.complete {
		k = s.Dim(-2)
	}
	c.Output(s.With(-1, k), tensor.Float64)
	c.Output(s.With(-2, k), tensor.Float64)
}

func (o qrOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	m, n := s.Dim(-2), s.Dim(-1)
	k := c.Y(0).Shape.Dim(-1)
	x, q, r := data(c.X(0)), data(c.Y(0)), data(c.Y(1))
	eachMatrix(c, o.Name(), s, 4*m*n*k, func(i int) *failure {
		qrFactor(m, n, x[i*m*n:(i+1)*m*n], k, q[i*m*k:(i+1)*m*k], r[i*k*n:(i+1)*k*n])
		return nil
	})
	return true
}

// qrFactor writes Q (m, k) and R (k, n) of A (m, n), for k = min(m, n) or m.
func qrFactor(m, n int, a []float64, k int, q, r []float64) {
	if m == 0 || k == 0 {
		return
	}
	w := append([]float64(nil), a...)
	scale := normalize(w)
	formQ(m, k, householderQR(m, n, w), q)
	for i := range k {
		row := r[i*n : (i+1)*n]
		clear(row)
		for j := i; j < n; j++ {
			row[j] = w[i*n+j] * scale
		}
	}
}

// VJP is dA = (dQ + Q copyltu(M)) R⁻ᵀ with M = R dRᵀ - dQᵀ Q for M >= N, where copyltu mirrors the lower triangle; a wide A = [X Y]
// has R = [U QᵀY], which leads to that (S. Walter, L. Lehmann, "Algorithmic differentiation of linear algebra functions", 2010;
// D. Roberts, L. Roberts, "QR and LQ decomposition matrix backpropagation algorithms", 2020).
func (o qrOp) VJP(b *tensor.Back) []*tensor.Tensor {
	q, r, dq, dr := b.Out(0), b.Out(1), b.DoutOrZeros(0), b.DoutOrZeros(1)
	m, n := b.InSpec(0).Shape.Dim(-2), b.InSpec(0).Shape.Dim(-1)
	if o.complete {
		tensor.Fail("qr", tensor.ErrGraph, []tensor.Shape{b.InSpec(0).Shape}, "the complete factors of a matrix with more rows than columns are not differentiable; use QRReduced")
	}
	var dy *tensor.Tensor
	if m < n {
		dv := dr.Narrow(-1, m, n-m)
		dy = q.MatMul(dv)
		dq = dq.Add(b.In(0).Narrow(-1, m, n-m).MatMul(t(dv)))
		r, dr = r.Narrow(-1, 0, m), dr.Narrow(-1, 0, m)
	}
	mm := r.MatMul(t(dr)).Sub(t(dq).MatMul(q))
	g := dq.Add(q.MatMul(mm.Tril(0).Add(t(mm.Tril(-1)))))
	g = t(tensor.Apply1(solveTriangularOp{upper: true}, r, t(g))) // g R⁻ᵀ
	if dy != nil {
		g = tensor.Concat(-1, g, dy)
	}
	return b.Give(g)
}
