package losses

import (
	"math"
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// MMD returns the squared maximum mean discrepancy of the samples x (N, D) and y (M, D), which is small when both come from one
// distribution: the biased estimate with a Gaussian kernel as wide as the median distance between points (Gretton et al.,
// 2012).
func MMD(x, y *tensor.Tensor) *tensor.Tensor { return MMDLoss{}.Of(x, y) }

// MMDLoss is the maximum mean discrepancy with options.
type MMDLoss struct {
	Bandwidths []float64 // the σ of each Gaussian, whose mean is the kernel; nil: one, the median of the distances between all points
	Unbiased   bool      // leave out the pairs of a point with itself; the estimate may then be negative
}

// Of returns the scalar
//
//	1/N² Σ_ij k(x_i, x_j) + 1/M² Σ_ij k(y_i, y_j) − 2/NM Σ_ij k(x_i, y_j),  k(a, b) = mean over σ of exp(−‖a − b‖²/2σ²)
//
// or, if Unbiased, with the sums over i ≠ j and 1/N(N−1) and 1/M(M−1) in the first two terms. The median counts as a
// constant; where it is 0, σ is 1. It panics with ErrShape unless x and y are (N, D) and (M, D), of at least one sample each,
// two if Unbiased, and with ErrValue unless every σ is positive.
func (l MMDLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	const op = "mmd"
	shapes := []tensor.Shape{x.Shape(), y.Shape()}
	if x.Rank() != 2 || y.Rank() != 2 || x.Dim(1) != y.Dim(1) {
		tensor.Fail(op, tensor.ErrShape, shapes, "the samples must be (N, D) and (M, D)")
	}
	if least := min(x.Dim(0), y.Dim(0)); least == 0 || l.Unbiased && least == 1 {
		tensor.Fail(op, tensor.ErrShape, shapes, "there are %d and %d samples; the biased estimate needs 1 of each, the unbiased one 2", x.Dim(0), y.Dim(0))
	}
	if !x.DType().IsFloat() {
		tensor.Fail(op, tensor.ErrDType, shapes, "the samples are %v; convert them with To(tensor.Float32)", x.DType())
	}
	y = y.To(x.DType())
	xx, yy, xy := squaredDistances(x, x), squaredDistances(y, y), squaredDistances(x, y)
	widths := l.Bandwidths
	if widths == nil {
		widths = []float64{medianDistance(xx, yy, xy)}
	}
	var sum *tensor.Tensor
	for _, s := range widths {
		if !(s > 0) {
			tensor.Fail(op, tensor.ErrValue, shapes, "the bandwidth %v must be positive", s)
		}
		kernel := func(d *tensor.Tensor) *tensor.Tensor { return d.MulScalar(-1 / (2 * s * s)).Exp() }
		term := l.within(kernel(xx)).Add(l.within(kernel(yy))).Sub(kernel(xy).Mean().MulScalar(2))
		if sum == nil {
			sum = term
		} else {
			sum = sum.Add(term)
		}
	}
	if sum == nil {
		tensor.Fail(op, tensor.ErrValue, shapes, "Bandwidths is empty; nil means the median distance")
	}
	return sum.DivScalar(float64(len(widths)))
}

// within returns the mean of a kernel matrix, without its diagonal if unbiased.
func (l MMDLoss) within(k *tensor.Tensor) *tensor.Tensor {
	if !l.Unbiased {
		return k.Mean()
	}
	n := float64(k.Dim(0))
	return k.Sum().Sub(k.Diagonal(0, 0, 1).Sum()).DivScalar(n * (n - 1))
}

// squaredDistances returns ‖x_i − y_j‖² (N, M).
func squaredDistances(x, y *tensor.Tensor) *tensor.Tensor {
	// They do not depend on the origin, but their rounding errors grow with the points' distance from it.
	middle := x.Detach().Mean(0).Add(y.Detach().Mean(0)).MulScalar(0.5)
	x, y = x.Sub(middle), y.Sub(middle)
	cross := x.MatMul(y.Transpose(0, 1)).MulScalar(-2)
	return cross.Add(x.Square().SumKeepdim(1)).Add(y.Square().Sum(1)).ClampMin(0)
}

// medianDistance returns the median of the distances between all different points, of both samples together.
func medianDistance(xx, yy, xy *tensor.Tensor) float64 {
	if xx.Device() == tensor.Meta || yy.Device() == tensor.Meta {
		return 1
	}
	all := xy.Floats()
	for _, d := range []*tensor.Tensor{xx, yy} {
		n, v := d.Dim(0), d.Floats()
		for i := range n {
			all = append(all, v[i*n+i+1:(i+1)*n]...)
		}
	}
	slices.Sort(all)
	m := len(all) / 2
	median := math.Sqrt(all[m])
	if len(all)%2 == 0 {
		median = (math.Sqrt(all[m-1]) + median) / 2
	}
	if median == 0 {
		return 1
	}
	return median
}
