package linalg

import (
	"math"
	"sort"

	lapack "gonum.org/v1/gonum/lapack/gonum"
)

// bidiagonalSVD turns the diagonal d (n) and the super-diagonal e (n-1) of B = U S Vᵀ into its singular values, in descending order,
// by the QR method with implicit shifts (G. Golub, C. Reinsch, 1970), and multiplies the first n rows of ut (..., m) by Uᵀ and of vt
// (n, n) by Vᵀ. It reports whether all converged.
func bidiagonalSVD(d, e, ut []float64, m int, vt []float64) bool {
	const eps = 0x1p-53
	n := len(d)
	norm := maxAbs(d, e)
	left, right := sweeps{z: ut, width: m}, sweeps{z: vt, width: n}
	for hi, count := n-1, 0; hi > 0; count++ {
		lo := hi
		for lo > 0 && math.Abs(e[lo-1]) > max(eps*(math.Abs(d[lo-1])+math.Abs(d[lo])), eps/16*norm) {
			lo--
		}
		if lo > 0 {
			e[lo-1] = 0
		}
		if lo == hi {
			hi, count = hi-1, 0
			continue
		}
		if count == 100 {
			return false
		}
		left.begin()
		right.begin()
		f, g := d[lo], e[lo] // a zero shift, which also brings a zero on the diagonal to the end
		if shift := bidiagonalShift(d[lo:hi+1], e[lo:hi], eps*norm); shift != 0 {
			f = (math.Abs(f) - shift) * (math.Copysign(1, f) + shift/f)
		}
		for i := lo; i < hi; i++ {
			c, s, r := givens(f, g)
			if i > lo {
				e[i-1] = r
			}
			f, e[i] = c*d[i]+s*e[i], c*e[i]-s*d[i]
			g, d[i+1] = s*d[i+1], c*d[i+1]
			right.add(c, s, i)
			c, s, r = givens(f, g)
			d[i] = r
			f, d[i+1] = c*e[i]+s*d[i+1], c*d[i+1]-s*e[i]
			if i+1 < hi {
				g, e[i+1] = s*e[i+1], c*e[i+1]
			}
			left.add(c, s, i)
		}
		e[hi-1] = f
	}
	left.flush()
	right.flush()
	for i, v := range d {
		if v < 0 {
			d[i] = -v
			for j := i * n; j < (i+1)*n; j++ {
				vt[j] = -vt[j]
			}
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return d[order[i]] > d[order[j]] })
	permuteRows(order, d, 1)
	permuteRows(order, ut, m)
	permuteRows(order, vt, n)
	return true
}

// bidiagonalShift returns the smaller singular value of the last 2 by 2 block, or 0 where that would make no difference or where a
// value on the diagonal is as good as zero.
func bidiagonalShift(d, e []float64, zero float64) float64 {
	for _, v := range d {
		if math.Abs(v) <= zero {
			return 0
		}
	}
	k := len(d) - 1
	shift, _ := lapack.Implementation{}.Dlas2(d[k-1], e[k-1], d[k])
	if r := shift / d[0]; r*r < 0x1p-53 {
		return 0
	}
	return shift
}

// givens returns the rotation that maps (f, g) to (r, 0).
func givens(f, g float64) (c, s, r float64) {
	if g == 0 {
		return 1, 0, f
	}
	r = math.Sqrt(f*f + g*g)
	if r == 0 { // both are negligible
		return 1, 0, f
	}
	return f / r, g / r, r
}

// permuteRows puts row order[i], width wide, into place i.
func permuteRows(order []int, a []float64, width int) {
	b := append([]float64(nil), a[:len(order)*width]...)
	for to, from := range order {
		copy(a[to*width:(to+1)*width], b[from*width:(from+1)*width])
	}
}
