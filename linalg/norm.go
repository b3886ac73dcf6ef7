package linalg

import (
	"errors"
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// VectorNorm returns (Σ |x|^ord)^(1/ord) over the axes (all when none are given), which are removed, as torch.linalg.vector_norm
// does: for ord = 0 the number of non-zero elements, for math.Inf(1) and math.Inf(-1) the largest and smallest magnitude. It is
// tensor.Norm for floats.
func VectorNorm(x *tensor.Tensor, ord float64, axes ...int) *tensor.Tensor {
	return x.Norm(ord, axes...)
}

// NormOrder names a matrix norm.
type NormOrder int

// The matrix norms.
const (
	Frobenius     NormOrder = iota // √Σ a²
	Nuclear                        // Σ of the singular values
	OneNorm                        // largest column sum of magnitudes
	MinusOneNorm                   // smallest column sum
	TwoNorm                        // largest singular value
	MinusTwoNorm                   // smallest singular value
	InfNorm                        // largest row sum of magnitudes
	MinusInfNorm                   // smallest row sum
	numNormOrders = iota
)

// MatrixNorm returns a norm of matrices (..., M, N) -> (...), or of those that two other axes, rows and columns, span. Those of singular
// values have the gradients of SVDVals. It panics with ErrShape where the largest or smallest of nothing is asked for.
func MatrixNorm(a *tensor.Tensor, ord NormOrder, axes ...int) (*tensor.Tensor, error) {
	const op = "matrix_norm"
	if ord < 0 || ord >= numNormOrders {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{a.Shape()}, "unknown norm %d; use Frobenius, Nuclear, ...", ord)
	}
	if len(axes) != 0 && len(axes) != 2 {
		tensor.Fail(op, tensor.ErrAxis, []tensor.Shape{a.Shape()}, "a matrix has two axes, not %d", len(axes))
	}
	if len(axes) == 2 {
		a = matrixAxesLast(op, a, axes[0], axes[1])
	}
	x, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	y, err := matrixNorm(op, x[0], ord)
	if err != nil {
		return nil, err
	}
	return y.To(d), nil
}

func matrixAxesLast(op string, a *tensor.Tensor, rows, cols int) *tensor.Tensor {
	r := a.Rank()
	if rows < -r || rows >= r || cols < -r || cols >= r || (rows+r)%r == (cols+r)%r {
		tensor.Fail(op, tensor.ErrAxis, []tensor.Shape{a.Shape()}, "axes %d and %d are not two of the %d dimensions", rows, cols, r)
	}
	rows, cols = (rows+r)%r, (cols+r)%r
	var order []int
	for i := range r {
		if i != rows && i != cols {
			order = append(order, i)
		}
	}
	return a.Permute(append(order, rows, cols)...)
}

func matrixNorm(op string, a *tensor.Tensor, ord NormOrder) (*tensor.Tensor, error) {
	switch ord {
	case Frobenius:
		return a.Norm(2, -1, -2), nil
	case OneNorm:
		return a.Abs().Sum(-2).Max(-1), nil
	case MinusOneNorm:
		return a.Abs().Sum(-2).Min(-1), nil
	case InfNorm:
		return a.Abs().Sum(-1).Max(-1), nil
	case MinusInfNorm:
		return a.Abs().Sum(-1).Min(-1), nil
	}
	s, err := apply1(op, svdvalsOp{}, a)
	if err != nil {
		return nil, err
	}
	switch ord {
	case Nuclear:
		return s.Sum(-1), nil
	case TwoNorm:
		return s.Max(-1), nil
	}
	return s.Min(-1), nil
}

// Cond returns the condition numbers ‖A‖ ‖A⁻¹‖ of matrices (..., M, N) -> (...) in a norm. TwoNorm, s_max/s_min, and MinusTwoNorm, s_min/s_max, take any
// shape, the others square matrices. That of a singular matrix is +Inf (s_min/s_max: 0), that of an empty one 0.
func Cond(a *tensor.Tensor, ord NormOrder) (*tensor.Tensor, error) {
	const op = "cond"
	if ord < 0 || ord >= numNormOrders {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{a.Shape()}, "unknown norm %d; use TwoNorm, Frobenius, ...", ord)
	}
	if ord != TwoNorm && ord != MinusTwoNorm {
		square(op, 0, a)
	}
	in, d, err := matrices(op, a)
	if err != nil {
		return nil, err
	}
	x := in[0]
	switch {
	case x.Dim(-1) == 0 || x.Dim(-2) == 0:
		return x.Sum(-1, -2).To(d), nil
	case ord == TwoNorm || ord == MinusTwoNorm:
		s, err := apply1(op, svdvalsOp{}, x)
		if err != nil {
			return nil, err
		}
		k := s.Dim(-1)
		large, small := s.Select(-1, 0), s.Select(-1, k-1)
		zero := small.EqScalar(0)
		if ord == MinusTwoNorm {
			return small.Div(large).MaskedFill(zero, 0).To(d), nil
		}
		return large.Div(small).MaskedFill(zero, math.Inf(1)).To(d), nil
	}
	// Singular matrices give way to the identity, and their results to +Inf.
	pivots := tensor.Apply(luOp{}, x.Detach())[0].Diagonal(0, -2, -1)
	bad := pivots.EqScalar(0).Any(-1)
	x = tensor.Where(bad.Unsqueeze(-1).Unsqueeze(-1), eye(x, batchOf(x.Shape()), x.Dim(-1)), x)
	inv, err := inverse(op, x)
	if err != nil {
		return nil, err
	}
	n1, err1 := matrixNorm(op, x, ord)
	n2, err2 := matrixNorm(op, inv, ord)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return n1.Mul(n2).MaskedFill(bad, math.Inf(1)).To(d), nil
}
