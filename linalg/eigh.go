package linalg

import "github.com/hadal-go/hadal/tensor"

// Eigh returns the eigenvalues w (..., N) of symmetric matrices (..., N, N) in ascending order and orthonormal eigenvectors as the
// columns of V (..., N, N): A = V diag(w) Vᵀ. Only the lower triangle of A is read; the gradient is symmetric, that along
// symmetric changes. The signs of the eigenvectors, and their basis where eigenvalues are equal, are not specified: only
// functions that do not depend on them have a gradient. It has 1/(w_i - w_j) in it, which loses digits as eigenvalues come
// close; where they are equal but for rounding errors, the backward pass panics with tensor.ErrNumeric when the eigenvectors or
// a second derivative take part. Of w alone the first derivative always exists; SqrtM, LogM, Expm and Inv have no such limits.
func Eigh(a *tensor.Tensor) (w, v *tensor.Tensor, err error) {
	const op = "eigh"
	square(op, 0, a)
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, nil, err
	}
	r, err := try(op, eighOp{}, x[0])
	if err != nil {
		return nil, nil, err
	}
	return r[0].To(d), r[1].To(d), nil
}

// Eigvalsh returns the eigenvalues (..., N) of symmetric matrices in ascending order, as Eigh does, without vectors: faster, but
// the gradient then needs Eigh once more.
func Eigvalsh(a *tensor.Tensor) (*tensor.Tensor, error) {
	const op = "eigvalsh"
	square(op, 0, a)
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	w, err := apply1(op, eigvalshOp{}, x[0])
	if err != nil {
		return nil, err
	}
	return w.To(d), nil
}

// eighOp is the decomposition in float64.
type eighOp struct{}

func (eighOp) Name() string        { return "eigh" }
func (eighOp) Reads() tensor.Reads { return tensor.ReadsOut }
func (eighOp) Infer(c *tensor.Call) {
	s := c.Spec(0).Shape
	c.Output(s.Remove(-1), tensor.Float64)
	c.Output(s, tensor.Float64)
}

func (o eighOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	n := s.Dim(-1)
	x, w, v := data(c.X(0)), data(c.Y(0)), data(c.Y(1))
	eachMatrix(c, o.Name(), s, 9*n*n*n, func(i int) *failure {
		return symmetricEigen(n, append([]float64(nil), x[i*n*n:(i+1)*n*n]...), w[i*n:(i+1)*n], v[i*n*n:(i+1)*n*n])
	})
	return true
}

// VJP is dA = V (diag(dw) + F ∘ (Vᵀ dV)) Vᵀ with F_ij = 1/(w_j - w_i), symmetrized (M. Giles, "An extended collection of matrix
// derivative results for forward and reverse mode algorithmic differentiation", 2008).
func (o eighOp) VJP(b *tensor.Back) []*tensor.Tensor {
	w, v := b.Out(0), b.Out(1)
	if b.Dout(1) == nil {
		return b.Give(v.Mul(b.Dout(0).Unsqueeze(-2)).MatMul(t(v)))
	}
	k := t(v).MatMul(b.Dout(1)).Mul(inverseGaps(o.Name(), w))
	if dw := b.Dout(0); dw != nil {
		k = k.Add(dw.DiagEmbed(0))
	}
	return b.Give(symmetrize(v.MatMul(k).MatMul(t(v))))
}

// inverseGaps returns F with F_ij = 1/(x_j - x_i), zeros on the diagonal. It panics when values are equal but for rounding errors.
func inverseGaps(op string, x *tensor.Tensor) *tensor.Tensor {
	n := x.Dim(-1)
	gaps := x.Unsqueeze(-2).Sub(x.Unsqueeze(-1)).Add(tensor.With(tensor.Float64).On(x.Device()).Eye(n))
	if x.Device() == tensor.CPU {
		const eps = 0x1p-52
		values := tensor.Data[float64](x.Detach())
		for at := 0; at < len(values); at += n {
			row := values[at : at+n]
			largest := 0.0
			for _, v := range row {
				largest = max(largest, v, -v)
			}
			for i := 1; i < n; i++ {
				if d := row[i] - row[i-1]; max(d, -d) <= float64(n)*eps*largest {
					tensor.Fail(op, tensor.ErrNumeric, []tensor.Shape{x.Shape()}, "values %d and %d of matrix %d are equal but for rounding errors (%.6g): their vectors have no derivative", i-1, i, at/n, row[i])
				}
			}
		}
	}
	return gaps.Reciprocal().Sub(tensor.With(tensor.Float64).On(x.Device()).Eye(n))
}

// eigvalshOp gives the eigenvalues alone, in float64.
type eigvalshOp struct{}

func (eigvalshOp) Name() string         { return "eigvalsh" }
func (eigvalshOp) Reads() tensor.Reads  { return tensor.ReadsIn(0) }
func (eigvalshOp) Infer(c *tensor.Call) { c.Output(c.Spec(0).Shape.Remove(-1), tensor.Float64) }

func (o eigvalshOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.Spec(0).Shape
	n := s.Dim(-1)
	x, w := data(c.X(0)), data(c.Y(0))
	eachMatrix(c, o.Name(), s, 2*n*n*n, func(i int) *failure {
		return symmetricEigen(n, append([]float64(nil), x[i*n*n:(i+1)*n*n]...), w[i*n:(i+1)*n], nil)
	})
	return true
}

// VJP is dA = V diag(dw) Vᵀ.
func (eigvalshOp) VJP(b *tensor.Back) []*tensor.Tensor {
	v := tensor.Apply(eighOp{}, b.In(0))[1]
	return b.Give(v.Mul(b.Dout(0).Unsqueeze(-2)).MatMul(t(v)))
}
