package adversarial

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// bound sets eps, lo and hi.
func (a *attack) bound() {
	a.eps = a.Eps
	dims := a.x.Shape().Dims()
	if a.x.DType() == tensor.Float64 {
		if a.Norm == Linf {
			lo, hi := limits(tensor.Data[float64](a.x), a.eps, a.Low, a.High, math.Nextafter)
			a.lo, a.hi = tensor.Of(lo, dims...), tensor.Of(hi, dims...)
		}
		return
	}
	eps := float32(a.Eps)
	if float64(eps) > a.Eps {
		eps = math.Nextafter32(eps, 0)
	}
	a.eps = float64(eps)
	if a.Norm == Linf {
		lo, hi := limits(tensor.Data[float32](a.x), a.eps, a.Low, a.High, math.Nextafter32)
		a.lo, a.hi = tensor.Of(lo, dims...), tensor.Of(hi, dims...)
	}
}

// limits returns the least and the largest number that lie within eps of each of x and in the box; rounding would take x ± eps
// further. next returns the number beside its first argument, towards the second.
func limits[T float32 | float64](x []T, eps, low, high float64, next func(T, T) T) (lo, hi []T) {
	lo, hi = make([]T, len(x)), make([]T, len(x))
	for i, v := range x {
		l, h := T(float64(v)-eps), T(float64(v)+eps)
		for float64(v)-float64(l) > eps {
			l = next(l, v)
		}
		for float64(h)-float64(v) > eps {
			h = next(h, v)
		}
		lo[i], hi[i] = max(l, T(low)), min(h, T(high))
	}
	return lo, hi
}

// project returns the pictures of the ball and the box that are nearest to x, for L2 the nearest of the ball put into the box.
func (a *attack) project(x *tensor.Tensor) *tensor.Tensor {
	if a.Norm == Linf {
		return x.Maximum(a.lo).Minimum(a.hi)
	}
	from := a.x.To(tensor.Float64)
	x = x.Clamp(a.Low, a.High)
	// Rounding may leave pictures just outside the ball: then a little more is taken off those.
	for slack := 0.0; ; slack = max(1e-7, 4*slack) {
		d := x.To(tensor.Float64).Sub(from)
		norm := d.NormKeepdim(2, allButFirst(d)...)
		inside := norm.LeScalar(a.eps)
		if inside.All().Item() != 0 {
			return x
		}
		if slack >= 0.5 { // no other number is that near
			return tensor.Where(inside, x, a.x)
		}
		shrink := norm.ClampMin(1e-300).Reciprocal().MulScalar(a.eps * (1 - slack)).ClampMax(1)
		x = tensor.Where(inside, x, from.Add(d.Mul(shrink)).To(a.x.DType()).Clamp(a.Low, a.High))
	}
}
