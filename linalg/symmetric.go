package linalg

import (
	"math"
	"sort"

	lapack "gonum.org/v1/gonum/lapack/gonum"
)

// symmetricEigen writes the eigenvalues of the symmetric A (n, n), of which the lower triangle is read, in ascending order to w and,
// unless it is nil, the eigenvectors to the columns of v (n, n). A is overwritten.
func symmetricEigen(n int, a, w, v []float64) *failure {
	if n == 0 {
		return nil
	}
	for i := range n {
		for j := range i {
			a[j*n+i] = a[i*n+j]
		}
	}
	scale := normalize(a)
	e := make([]float64, n)
	q := tridiagonalize(n, a, w, e)
	ok := true
	if v == nil {
		ok = lapack.Implementation{}.Dsterf(n, w, e[:n-1])
	} else {
		formQ(n, n, q, v)
		transpose(n, n, v, a)
		reverseRows(n, a)
		ok = tridiagonalQL(w, e, a)
		reverseRows(n, a)
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		sort.SliceStable(order, func(i, j int) bool { return w[order[i]] < w[order[j]] })
		permuteRows(order, w, 1)
		permuteRows(order, a, n)
		transpose(n, n, a, v)
	}
	for i := range w {
		w[i] *= scale
	}
	if !ok {
		return fail(ErrNotConverged, "has eigenvalues that did not converge")
	}
	return nil
}

// normalize divides a by a power of two near its largest magnitude, which it returns, so that squares neither overflow nor vanish.
func normalize(a []float64) float64 {
	_, exp := math.Frexp(maxAbs(a))
	scale := math.Ldexp(1, max(min(exp, 1023), -1000))
	if scale != 1 {
		for i := range a {
			a[i] /= scale
		}
	}
	return scale
}

// maxAbs returns the largest magnitude.
func maxAbs(lists ...[]float64) float64 {
	largest := 0.0
	for _, a := range lists {
		for _, v := range a {
			largest = max(largest, math.Abs(v))
		}
	}
	return largest
}

// transpose writes Aᵀ of A (m, n) to b, in blocks.
func transpose(m, n int, a, b []float64) {
	const block = 16
	for i0 := 0; i0 < m; i0 += block {
		for j0 := 0; j0 < n; j0 += block {
			for i := i0; i < min(i0+block, m); i++ {
				for j := j0; j < min(j0+block, n); j++ {
					b[j*m+i] = a[i*n+j]
				}
			}
		}
	}
}

// tridiagonalQL turns the diagonal d and the sub-diagonal e, of as many elements with room for one more, of a symmetric tridiagonal matrix
// into its eigenvalues, not sorted, by the implicit QL method (A. Dubrulle, R. Martin, J. Wilkinson, 1968), and applies the
// rotations to the rows of z (n, n), which are in reverse order: sweeps go downwards there. It reports whether all converged.
func tridiagonalQL(d, e, z []float64) bool {
	const eps = 0x1p-53
	n := len(d)
	rows := sweeps{z: z, width: n}
	e[n-1] = 0
	norm := maxAbs(d, e)
	for l := range n {
		for sweep := 0; ; sweep++ {
			m := l
			for m < n-1 && math.Abs(e[m]) > max(eps*(math.Abs(d[m])+math.Abs(d[m+1])), eps/16*norm) {
				m++
			}
			if m == l {
				break
			}
			if sweep == 60 {
				return false
			}
			g := (d[l+1] - d[l]) / (2 * e[l])
			g = d[m] - d[l] + e[l]/(g+math.Copysign(math.Hypot(g, 1), g))
			s, c, p := 1.0, 1.0, 0.0
			i := m - 1
			rows.begin()
			for ; i >= l; i-- {
				f, b := s*e[i], c*e[i]
				r := math.Sqrt(f*f + g*g)
				e[i+1] = r
				if r == 0 { // it falls apart here
					d[i+1] -= p
					e[m] = 0
					break
				}
				s, c = f/r, g/r
				g = d[i+1] - p
				r = (d[i]-g)*s + 2*c*b
				p = s * r
				d[i+1] = g + p
				g = c*r - b
				rows.add(c, s, n-2-i)
			}
			if i < l {
				d[l] -= p
				e[l], e[m] = g, 0
			}
		}
	}
	rows.flush()
	return true
}

func reverseRows(n int, a []float64) {
	for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
		x, y := a[i*n:(i+1)*n], a[j*n:(j+1)*n]
		for k := range x {
			x[k], y[k] = y[k], x[k]
		}
	}
}
