package linalg

import (
	"gonum.org/v1/gonum/lapack"
	impl "gonum.org/v1/gonum/lapack/gonum"

	"github.com/hadal-go/hadal/tensor"
)

// EigResult holds complex eigenvalues and eigenvectors as pairs of real tensors.
type EigResult struct {
	Real, Imag               *tensor.Tensor // of the eigenvalues, (..., N)
	VectorsReal, VectorsImag *tensor.Tensor // of the eigenvectors, the columns of (..., N, N); nil from Eigvals
}

// Eig returns the eigenvalues λ and right eigenvectors V of general square matrices (..., N, N): A V = V diag(λ). The order is LAPACK's:
// not sorted, but conjugate pairs are adjacent, positive imaginary part first. Vectors have Euclidean norm 1. There is no
// gradient: the backward pass panics with tensor.ErrGraph. Symmetric matrices have one through Eigh.
func Eig(a *tensor.Tensor) (EigResult, error) { return eig("eig", a, true) }

// Eigvals is Eig without vectors.
func Eigvals(a *tensor.Tensor) (EigResult, error) { return eig("eigvals", a, false) }

func eig(op string, a *tensor.Tensor, vectors bool) (r EigResult, err error) {
	square(op, 0, a)
	x, d, err := matrices(op, a)
	if err != nil {
		return r, err
	}
	out, err := try(op, eigOp{op, vectors}, x[0])
	if err != nil {
		return r, err
	}
	r.Real, r.Imag = out[0].To(d), out[1].To(d)
	if vectors {
		r.VectorsReal, r.VectorsImag = out[2].To(d), out[3].To(d)
	}
	return r, nil
}

// eigOp is the general eigenvalue problem in float64.
type eigOp struct {
	name    string
	vectors bool
}

func (o eigOp) Name() string      { return o.name }
func (eigOp) Reads() tensor.Reads { return tensor.ReadsNothing }
func (o eigOp) Infer(c *tensor.Call) {
	s := c.Spec(0).Shape
	for range 2 {
		c.Output(s.Remove(-1), tensor.Float64)
	}
	for i := 0; o.vectors && i < 2; i++ {
		c.Output(s, tensor.Float64)
	}
}

func (o eigOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	n := s.Dim(-1)
	x, wr, wi := data(c.X(0)), data(c.Y(0)), data(c.Y(1))
	var vr, vi []float64
	if o.vectors {
		vr, vi = data(c.Y(2)), data(c.Y(3))
	}
	eachMatrix(c, o.name, s, 25*n*n*n, func(i int) *failure {
		if n == 0 {
			return nil
		}
		a := append([]float64(nil), x[i*n*n:(i+1)*n*n]...)
		work := make([]float64, 64*n)
		job, v := lapack.RightEVNone, []float64(nil)
		if o.vectors {
			job, v = lapack.RightEVCompute, make([]float64, n*n)
		}
		re, im := wr[i*n:(i+1)*n], wi[i*n:(i+1)*n]
		if first := (impl.Implementation{}).Dgeev(lapack.LeftEVNone, job, n, a, n, re, im, nil, 1, v, max(1, n), work, len(work)); first > 0 {
			return fail(ErrNotConverged, "has eigenvalues before %d that did not converge", first)
		}
		if o.vectors {
			splitVectors(n, im, v, vr[i*n*n:(i+1)*n*n], vi[i*n*n:(i+1)*n*n])
		}
		return nil
	})
	return true
}

// splitVectors spreads LAPACK's columns, of which a conjugate pair shares two as real and imaginary part.
func splitVectors(n int, imag, v, re, im []float64) {
	clear(im)
	copy(re, v)
	for j := 0; j < n; j++ {
		if imag[j] == 0 {
			continue
		}
		for i := range n {
			at := i*n + j
			im[at], im[at+1] = v[at+1], -v[at+1]
			re[at+1] = v[at]
		}
		j++
	}
}

func (o eigOp) VJP(b *tensor.Back) []*tensor.Tensor {
	tensor.Fail(o.name, tensor.ErrGraph, []tensor.Shape{b.InSpec(0).Shape}, "general eigenvalues are not differentiable here; use Eigh for symmetric matrices, or Detach")
	return nil
}
