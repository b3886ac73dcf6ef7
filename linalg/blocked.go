package linalg

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// The routines here are recursive: they halve a matrix until its parts are small, so that nearly all work is in matrix products
// (F. G. Gustavson, "Recursion leads to automatic variable blocking", 1997). Matrices are row-major with a leading dimension;
// those that are only read may have any two strides, so that a transpose is a swap.

// leaf is the size below which a matrix is not halved.
const leaf = 24

// gemmSub computes C -= A B for A (m, k) and B (k, n).
func gemmSub(m, n, k int, a []float64, ars, acs int, b []float64, brs, bcs int, c []float64, ldc int) {
	if m == 0 || n == 0 || k == 0 {
		return
	}
	// The kernel only adds, so the smaller factor is negated.
	if m <= n {
		neg := negated(m, k, a, ars, acs)
		cpu.GemmF64(m, n, k, neg, k, 1, b, brs, bcs, c, ldc, cpu.Epilogue[float64]{Accumulate: true})
		return
	}
	neg := negated(k, n, b, brs, bcs)
	cpu.GemmF64(m, n, k, a, ars, acs, neg, n, 1, c, ldc, cpu.Epilogue[float64]{Accumulate: true})
}

func negated(m, n int, a []float64, rs, cs int) []float64 {
	r := make([]float64, m*n)
	for i := range m {
		row := r[i*n : i*n+n]
		for j := range row {
			row[j] = -a[i*rs+j*cs]
		}
	}
	return r
}

// solveLower solves L X = B in place of B (n, k). Only the lower triangle of L is read, without the diagonal when unit.
func solveLower(n, k int, l []float64, rs, cs int, unit bool, b []float64, ldb int) {
	if n > leaf {
		h := n / 2
		solveLower(h, k, l, rs, cs, unit, b, ldb)
		gemmSub(n-h, k, h, l[h*rs:], rs, cs, b, ldb, 1, b[h*ldb:], ldb)
		solveLower(n-h, k, l[h*(rs+cs):], rs, cs, unit, b[h*ldb:], ldb)
		return
	}
	for i := range n {
		row := b[i*ldb : i*ldb+k]
		for p := range i {
			axpy(-l[i*rs+p*cs], b[p*ldb:p*ldb+k], row)
		}
		if !unit {
			divide(row, l[i*(rs+cs)])
		}
	}
}

// solveUpper solves U X = B in place of B (n, k). Only the upper triangle of U is read, without the diagonal when unit.
func solveUpper(n, k int, u []float64, rs, cs int, unit bool, b []float64, ldb int) {
	if n > leaf {
		h := n / 2
		solveUpper(n-h, k, u[h*(rs+cs):], rs, cs, unit, b[h*ldb:], ldb)
		gemmSub(h, k, n-h, u[h*cs:], rs, cs, b[h*ldb:], ldb, 1, b, ldb)
		solveUpper(h, k, u, rs, cs, unit, b, ldb)
		return
	}
	for i := n - 1; i >= 0; i-- {
		row := b[i*ldb : i*ldb+k]
		for p := i + 1; p < n; p++ {
			axpy(-u[i*rs+p*cs], b[p*ldb:p*ldb+k], row)
		}
		if !unit {
			divide(row, u[i*(rs+cs)])
		}
	}
}

// solveRight solves X Lᵀ = B in place of B (m, n), for a lower triangular L with leading dimension ldl.
func solveRight(m, n int, l []float64, ldl int, b []float64, ldb int) {
	if n > leaf {
		h := n / 2
		solveRight(m, h, l, ldl, b, ldb)
		gemmSub(m, n-h, h, b, ldb, 1, l[h*ldl:], 1, ldl, b[h:], ldb)
		solveRight(m, n-h, l[h*(ldl+1):], ldl, b[h:], ldb)
		return
	}
	for i := range m {
		row := b[i*ldb : i*ldb+n]
		for j := range row {
			row[j] = (row[j] - dot(l[j*ldl:j*ldl+j], row)) / l[j*(ldl+1)]
		}
	}
}

// choleskyLower computes L Lᵀ = A in place of the lower triangle of A (n, n); the rest is overwritten. It returns the first pivot
// that is not positive, or -1.
func choleskyLower(n int, a []float64, lda int) int {
	if n > leaf {
		h := n / 2
		if p := choleskyLower(h, a, lda); p >= 0 {
			return p
		}
		low, rest := a[h*lda:], a[h*(lda+1):]
		solveRight(n-h, h, a, lda, low, lda)
		rankSub(n-h, h, low, lda, rest, lda)
		if p := choleskyLower(n-h, rest, lda); p >= 0 {
			return h + p
		}
		return -1
	}
	for i := range n {
		row := a[i*lda : i*lda+i+1]
		for j := range i {
			row[j] = (row[j] - dot(a[j*lda:j*lda+j], row)) / a[j*(lda+1)]
		}
		d := row[i] - dot(row[:i], row)
		if !(d > 0) {
			return i
		}
		row[i] = math.Sqrt(d)
	}
	return -1
}

// rankSub computes C -= A Aᵀ for A (n, k) in the lower triangle of C (n, n); some of the rest is overwritten.
func rankSub(n, k int, a []float64, lda int, c []float64, ldc int) {
	if n <= 64 {
		gemmSub(n, n, k, a, lda, 1, a, 1, lda, c, ldc)
		return
	}
	h := n / 2
	rankSub(h, k, a, lda, c, ldc)
	gemmSub(n-h, h, k, a[h*lda:], lda, 1, a, 1, lda, c[h*ldc:], ldc)
	rankSub(n-h, k, a[h*lda:], lda, c[h*(ldc+1):], ldc)
}

// luFactor computes P L U = A in place of A (m, n), with partial pivoting: row i was swapped with row pivots[i] >= i, for i in
// order. An exact zero on the diagonal of U is left there.
func luFactor(m, n int, a []float64, lda int, pivots []int32) {
	k := min(m, n)
	if k <= 8 {
		luUnblocked(m, n, a, lda, pivots)
		return
	}
	h := k / 2
	luFactor(m, h, a, lda, pivots[:h])
	swapRows(a[h:], lda, n-h, pivots[:h], 0)
	solveLower(h, n-h, a, lda, 1, true, a[h:], lda)
	gemmSub(m-h, n-h, h, a[h*lda:], lda, 1, a[h:], lda, 1, a[h*lda+h:], lda)
	luFactor(m-h, n-h, a[h*lda+h:], lda, pivots[h:k])
	for i := h; i < k; i++ {
		pivots[i] += int32(h)
	}
	swapRows(a, lda, h, pivots[h:k], h)
}

func luUnblocked(m, n int, a []float64, lda int, pivots []int32) {
	for j := range min(m, n) {
		p := j
		for i := j + 1; i < m; i++ {
			if math.Abs(a[i*lda+j]) > math.Abs(a[p*lda+j]) {
				p = i
			}
		}
		pivots[j] = int32(p)
		swapRows(a, lda, n, pivots[j:j+1], j)
		top := a[j*lda : j*lda+n]
		if top[j] == 0 {
			continue
		}
		for i := j + 1; i < m; i++ {
			row := a[i*lda : i*lda+n]
			f := row[j] / top[j]
			row[j] = f
			axpy(-f, top[j+1:], row[j+1:])
		}
	}
}

// swapRows swaps row from+i of A, n wide, with row pivots[i], for i in order.
func swapRows(a []float64, lda, n int, pivots []int32, from int) {
	for i, p := range pivots {
		if j := from + i; int(p) != j {
			x, y := a[j*lda:j*lda+n], a[int(p)*lda:int(p)*lda+n]
			for k := range x {
				x[k], y[k] = y[k], x[k]
			}
		}
	}
}

// axpy computes y += alpha x; x is as long as y.
func axpy(alpha float64, x, y []float64) {
	x = x[:len(y)]
	for i := range y {
		y[i] += alpha * x[i]
	}
}

func divide(x []float64, by float64) {
	for i := range x {
		x[i] /= by
	}
}

// dot returns the sum of x[i] y[i] over x, in order.
func dot(x, y []float64) (s float64) {
	y = y[:len(x)]
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

// zeroUpper clears what is above the diagonal of A (n, n).
func zeroUpper(n int, a []float64) {
	for i := range n {
		clear(a[i*n+i+1 : i*n+n])
	}
}
