package linear

import (
	"errors"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/tensor"
)

// The reasons why data cannot be fitted; errors.Is(err, linear.ErrNotFinite) asks for one.
var (
	ErrNoSamples    = errors.New("too few samples")
	ErrOneClass     = errors.New("one class only")
	ErrNotFinite    = linalg.ErrNotFinite
	ErrSingular     = linalg.ErrSingular
	ErrNotConverged = linalg.ErrNotConverged
)

var nan = math.NaN()

// orDefault returns p, or a pointer to v where p is nil.
func orDefault(p *float64, v float64) *float64 {
	if p == nil {
		return &v
	}
	return p
}

// fitError returns the error that op could not use the data.
func fitError(op string, reason error, format string, args ...any) error {
	return fmt.Errorf("%s: %w: %s", op, reason, fmt.Sprintf(format, args...))
}

// samples returns x (N, D) as float64, contiguous and detached, or an error when there are no samples or one is not finite. It panics
// unless x is floating-point and (N, D) with D at least 1.
func samples(op string, x *tensor.Tensor) (*tensor.Tensor, error) {
	checkSamples(op, x)
	n, d := x.Dim(0), x.Dim(1)
	if n == 0 {
		return nil, fitError(op, ErrNoSamples, "x has no rows")
	}
	x = x.Detach().To(tensor.Float64).Contiguous()
	var err error
	tensor.Read(x, func(v []float64) {
		if i := notFinite(v); i >= 0 {
			err = fitError(op, ErrNotFinite, "x is %v at row %d, column %d: leave the row out or fill it in", v[i], i/d, i%d)
		}
	})
	return x, err
}

// targets returns y (N,), a number for each of n samples, as float64, or an error when one is not finite.
func targets(op string, y *tensor.Tensor, n int) (*tensor.Tensor, error) {
	checkTargets(op, y, n)
	y = y.Detach().To(tensor.Float64).Contiguous()
	var err error
	tensor.Read(y, func(v []float64) {
		if i := notFinite(v); i >= 0 {
			err = fitError(op, ErrNotFinite, "y is %v at row %d: leave the row out", v[i], i)
		}
	})
	return y, err
}

// affine returns x wᵀ + b in x's dtype: for w (D,) and b () of (N,), for w (K, D) and b (K,) of (N, K). It panics unless the model is
// fitted and x has its D columns.
func affine(op string, x, w, b *tensor.Tensor) *tensor.Tensor {
	checkFitted(op, x, w)
	if w.Rank() == 1 {
		return x.To(tensor.Float64).MatMul(w).Add(b).To(x.DType())
	}
	return tensor.Linear(x.To(tensor.Float64), w, b).To(x.DType())
}

// checkSamples panics unless x can be samples.
func checkSamples(op string, x *tensor.Tensor) {
	checkFloat(op, x)
	if x.Rank() != 2 || x.Dim(1) == 0 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "x must be (N, D), one row a sample, with at least one column; Reshape(-1, 1) makes one of a vector")
	}
}

// checkFitted panics unless there is what Fit learns, (D,) or (K, D), and x has its columns.
func checkFitted(op string, x, learned *tensor.Tensor) {
	checkSamples(op, x)
	if learned == nil {
		tensor.Fail(op, tensor.ErrValue, nil, "nothing is fitted yet: call Fit first")
	}
	checkColumns(op, x, learned.Dim(-1))
}

// checkColumns panics unless x has d columns.
func checkColumns(op string, x *tensor.Tensor, d int) {
	if x.Dim(1) != d {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "x must have the %d columns that were fitted", d)
	}
}

// checkTargets panics unless y is n numbers.
func checkTargets(op string, y *tensor.Tensor, n int) {
	checkFloat(op, y)
	if y.Shape() != tensor.ShapeOf(n) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{y.Shape()}, "y must be (%d,), a number for each row of x", n)
	}
}

func checkFloat(op string, t *tensor.Tensor) {
	if d := t.DType(); d != tensor.Float32 && d != tensor.Float64 {
		tensor.Fail(op, tensor.ErrDType, []tensor.Shape{t.Shape()}, "samples must be float32 or float64, not %v; convert with To(tensor.Float64)", d)
	}
}

// notFinite returns the place of the first NaN or infinity, or -1.
func notFinite(v []float64) int {
	for i, a := range v {
		if math.IsNaN(a) || math.IsInf(a, 0) {
			return i
		}
	}
	return -1
}
