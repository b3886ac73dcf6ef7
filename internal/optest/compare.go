package optest

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// tolerance bounds |got-want| by rel*|want| + norm*max|want| + abs, max over the tensor: a sum may cancel in one element,
// and its rounding errors are then those of the largest.
type tolerance struct{ rel, norm, abs float64 }

// forwardTolerance is for results against the naive reference. Integers are exact.
func forwardTolerance(d tensor.DType) tolerance {
	switch d {
	case tensor.Float32:
		return tolerance{1e-5, 2e-6, 1e-7}
	case tensor.Float64:
		return tolerance{1e-11, 1e-12, 1e-14}
	}
	return tolerance{}
}

// gradTolerance is for two ways of computing the same gradient.
func gradTolerance(d tensor.DType) tolerance {
	switch d {
	case tensor.Float32:
		return tolerance{1e-5, 1e-5, 1e-6}
	case tensor.Float64:
		return tolerance{1e-10, 1e-11, 1e-13}
	}
	return tolerance{}
}

// near reports the first element that is off; NaN and infinities must be equal. It returns the worst |got-want| of
// the others, relative to max|want| unless that is below 1e-6.
func (s *suite) near(d tensor.DType, layout, what string, got, want []float64, tol tolerance) float64 {
	s.t.Helper()
	s.checks++
	if len(got) != len(want) {
		s.fail(d, layout, "%s has %d elements, want %d", what, len(got), len(want))
		return 0
	}
	k := s.c.Tol
	if k == 0 {
		k = 1
	}
	scale := 0.0
	for _, w := range want {
		if a := math.Abs(w); a <= math.MaxFloat64 {
			scale = max(scale, a)
		}
	}
	worst, bad := 0.0, -1
	for i, w := range want {
		g := got[i]
		if g == w || g != g && w != w {
			continue
		}
		e := math.Abs(g - w)
		if !(e <= k*(tol.rel*math.Abs(w)+tol.norm*scale+tol.abs)) || math.IsInf(w, 0) {
			if bad < 0 {
				bad = i
			}
			continue
		}
		worst = max(worst, e)
	}
	if bad >= 0 {
		s.fail(d, layout, "%s: element %d is %v, want %v", what, bad, got[bad], want[bad])
	}
	if scale > 1e-6 { // below, it is a zero but for rounding
		worst /= scale
	}
	return worst
}

// firstDifference returns the first place where a and b have different values, or -1; NaN equals NaN.
func firstDifference(a, b []float64) int {
	for i := range a {
		if a[i] != b[i] && (a[i] == a[i] || b[i] == b[i]) {
			return i
		}
	}
	return -1
}
