package linalg

import (
	"errors"
	"fmt"
	"sync"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
)

// matrices panics unless each input is a batch of matrices of one floating-point type. It returns them in float64, that type, and
// an error when an element is not finite.
func matrices(op string, in ...*tensor.Tensor) ([]*tensor.Tensor, tensor.DType, error) {
	for i, t := range in {
		if t.Rank() < 2 {
			tensor.Fail(op, tensor.ErrShape, shapes(in), "input %d must be matrices (..., M, N), 2 dimensions or more", i)
		}
	}
	return tensors(op, in...)
}

// tensors is matrices for inputs of any rank.
func tensors(op string, in ...*tensor.Tensor) ([]*tensor.Tensor, tensor.DType, error) {
	d := sameFloat(op, in...)
	r := make([]*tensor.Tensor, len(in))
	for i, t := range in {
		r[i] = t.To(tensor.Float64)
		if err := finite(op, i, r[i]); err != nil {
			return nil, d, err
		}
	}
	return r, d, nil
}

// sameFloat panics unless the inputs have one floating-point type, which it returns.
func sameFloat(op string, in ...*tensor.Tensor) tensor.DType {
	d := in[0].DType()
	for _, t := range in {
		if t.DType() != d {
			tensor.Fail(op, tensor.ErrDType, shapes(in), "inputs are %v and %v; convert one with To", d, t.DType())
		}
	}
	if !d.IsFloat() {
		tensor.Fail(op, tensor.ErrDType, shapes(in), "%v is not floating-point; convert with To(tensor.Float32)", d)
	}
	return d
}

func shapes(in []*tensor.Tensor) (s []tensor.Shape) {
	for _, t := range in {
		s = append(s, t.Shape())
	}
	return s
}

// finite returns an error that names the first element of a float64 input that is NaN or infinite.
func finite(op string, input int, t *tensor.Tensor) error {
	if t.Device() != tensor.CPU {
		return nil
	}
	bad := -1
	tensor.Read(t.Detach(), func(d []float64) { bad = firstNonFinite(d) })
	if bad < 0 {
		return nil
	}
	s := t.Shape()
	if s.Rank() < 2 {
		return &Error{Op: op, Reason: ErrNotFinite, Msg: fmt.Sprintf("element %d of input %d is NaN or infinite", bad, input)}
	}
	m, n := s.Dim(-2), s.Dim(-1)
	return matrixError(op, ErrNotFinite, s, bad/(m*n), fmt.Sprintf("of input %d has an element that is NaN or infinite, at [%d, %d]", input, bad%(m*n)/n, bad%n))
}

func firstNonFinite(d []float64) int {
	for i, v := range d {
		if v-v != 0 {
			return i
		}
	}
	return -1
}

// square panics unless input i holds square matrices.
func square(op string, i int, in ...*tensor.Tensor) {
	if t := in[i]; t.Rank() < 2 || t.Dim(-1) != t.Dim(-2) {
		tensor.Fail(op, tensor.ErrShape, shapes(in), "input %d must be square matrices (..., N, N)", i)
	}
}

// batchOf returns the dimensions before the last two.
func batchOf(s tensor.Shape) tensor.Shape { return s.Remove(-1).Remove(-1) }

// matrixShape returns the shape of a batch of m by n matrices.
func matrixShape(batch tensor.Shape, m, n int) tensor.Shape {
	r := batch.Rank()
	return batch.Insert(r, m).Insert(r+1, n)
}

// sameBatch expands a and b to their common batch dimensions, and panics when there are none.
func sameBatch(op string, a, b *tensor.Tensor) (*tensor.Tensor, *tensor.Tensor) {
	s, ok := tensor.Broadcast(batchOf(a.Shape()), batchOf(b.Shape()))
	if !ok {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{a.Shape(), b.Shape()}, "the batch dimensions do not broadcast: sizes must be equal, or 1, aligned at the last one")
	}
	return a.ExpandTo(matrixShape(s, a.Dim(-2), a.Dim(-1))), b.ExpandTo(matrixShape(s, b.Dim(-2), b.Dim(-1)))
}

// t returns the transposed matrices.
func t(a *tensor.Tensor) *tensor.Tensor { return a.Transpose(-1, -2) }

// eye returns identity matrices (batch..., n, n) like a.
func eye(a *tensor.Tensor, batch tensor.Shape, n int) *tensor.Tensor {
	return tensor.With(a.DType()).On(a.Device()).Eye(n).ExpandTo(matrixShape(batch, n, n))
}

// symmetrize returns (A + Aᵀ)/2.
func symmetrize(a *tensor.Tensor) *tensor.Tensor { return a.Add(t(a)).MulScalar(0.5) }

// failure is what a kernel says of a matrix that it cannot work on.
type failure struct {
	reason error
	fault  string // what follows "the matrix"
}

func fail(reason error, format string, args ...any) *failure {
	return &failure{reason, fmt.Sprintf(format, args...)}
}

// eachMatrix calls f for every matrix of a batch of shape s, in parallel over matrices of about flops operations each. The first
// failure becomes the call's error.
func eachMatrix(c *tensor.Call, op string, s tensor.Shape, flops int, f func(i int) *failure) {
	n := batchOf(s).Numel()
	const flopsPerChunk = 20_000
	var mu sync.Mutex
	at, first := n, (*failure)(nil)
	parallel.For(n, flopsPerChunk/max(flops, 1)+1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			bad := f(i)
			if bad == nil {
				continue
			}
			mu.Lock()
			if i < at {
				at, first = i, bad
			}
			mu.Unlock()
			return
		}
	})
	if first != nil {
		c.SetErr(matrixError(op, first.reason, s, at, first.fault))
	}
}

// data returns the elements of a call's view.
func data(v tensor.View) []float64 { return tensor.Slice[float64](v) }

// try is tensor.TryApply for the function of that name, which an error then carries.
func try(name string, op tensor.Op, in ...*tensor.Tensor) ([]*tensor.Tensor, error) {
	r, err := tensor.TryApply(op, in...)
	var e *Error
	if errors.As(err, &e) {
		e.Op = name
	}
	return r, err
}

// apply1 is try for an op with one result.
func apply1(name string, op tensor.Op, in ...*tensor.Tensor) (*tensor.Tensor, error) {
	r, err := try(name, op, in...)
	if err != nil {
		return nil, err
	}
	return r[0], nil
}
