package tensor

import "math"

// AllClose reports whether |a - b| <= atol + rtol |b| in every element, broadcast and computed in float64 (PyTorch's
// defaults are rtol 1e-5 and atol 1e-8). Infinities are close to themselves; NaNs are, if equalNaN is set. It panics with
// ErrShape when the shapes do not broadcast.
func AllClose(a, b *Tensor, rtol, atol float64, equalNaN bool) bool {
	s, ok := Broadcast(a.shape, b.shape)
	if !ok {
		Fail("allclose", ErrShape, []Shape{a.shape, b.shape}, "the shapes do not broadcast: sizes must be equal, or 1, aligned at the last dimension")
	}
	all := true
	Read(a.Detach().To(Float64).ExpandTo(s), func(x []float64) {
		Read(b.Detach().To(Float64).ExpandTo(s), func(y []float64) {
			for i, v := range x {
				w := y[i]
				d := math.Abs(v - w)
				if !(v == w || d <= atol+rtol*math.Abs(w) && !math.IsInf(w, 0) || equalNaN && v != v && w != w) {
					all = false
					return
				}
			}
		})
	})
	return all
}

// Equal reports whether a and b have the same shape, dtype and elements; NaN equals nothing.
func Equal(a, b *Tensor) bool {
	if a.shape != b.shape || a.dtype != b.dtype {
		return false
	}
	equal := true
	Read(a.Ne(b), func(ne []bool) {
		for _, n := range ne {
			equal = equal && !n
		}
	})
	return equal
}
