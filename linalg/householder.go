package linalg

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// panel is how many reflections are applied at once, as matrix products.
const panel = 32

// reflect turns x into the vector v, v[0] = 1, of the reflection I - tau v vᵀ that maps x to (beta, 0, ..., 0), with LAPACK's signs.
func reflect(x []float64) (beta, tau float64) {
	alpha, rest := x[0], dot(x[1:], x[1:])
	x[0] = 1
	if rest == 0 {
		return alpha, 0
	}
	beta = -math.Copysign(math.Sqrt(alpha*alpha+rest), alpha)
	divide(x[1:], alpha-beta)
	return beta, (beta - alpha) / beta
}

// reflections is a product of k reflections of the rows from on: H₁ H₂ ... = I - V T Vᵀ, with the vectors as columns of V (rows, k) and an
// upper triangular T (R. Schreiber, C. Van Loan, "A storage-efficient WY representation for products of Householder
// transformations", 1989).
type reflections struct {
	from, rows, k int
	v, t          []float64
}

func newReflections(from, rows, k int, v, tau []float64) reflections {
	r := reflections{from, rows, k, v, make([]float64, k*k)}
	gram := make([]float64, k*k)
	cpu.GemmF64(k, k, rows, v, 1, k, v, k, 1, gram, k, cpu.Epilogue[float64]{})
	for j := range k {
		for i := range j {
			s := 0.0
			for p := i; p < j; p++ {
				s += r.t[i*k+p] * gram[p*k+j]
			}
			r.t[i*k+j] = -tau[j] * s
		}
		r.t[j*(k+1)] = tau[j]
	}
	return r
}

// apply multiplies C (rows, n), whose first row is row from, by the product from the left; by its transpose when trans.
func (r reflections) apply(n int, c []float64, ldc int, trans bool) {
	if n == 0 {
		return
	}
	w, tw := make([]float64, r.k*n), make([]float64, r.k*n)
	cpu.GemmF64(r.k, n, r.rows, r.v, 1, r.k, c, ldc, 1, w, n, cpu.Epilogue[float64]{})
	rs, cs := r.k, 1
	if trans {
		rs, cs = 1, r.k
	}
	cpu.GemmF64(r.k, n, r.k, r.t, rs, cs, w, n, 1, tw, n, cpu.Epilogue[float64]{})
	gemmSub(r.rows, n, r.k, r.v, r.k, 1, tw, n, 1, c, ldc)
}

// formQ writes the first k columns of the product of all reflections to q (m, k).
func formQ(m, k int, all []reflections, q []float64) {
	clear(q)
	for i := range k {
		q[i*(k+1)] = 1
	}
	for i := len(all) - 1; i >= 0; i-- {
		// The columns before are still those of the identity, zero in these rows.
		from := all[i].from
		all[i].apply(k-from, q[from*(k+1):], k, false)
	}
}

// householderQR turns A (m, n) into R, above and on the diagonal, and returns the reflections of Q. What is below the diagonal is
// of no use.
func householderQR(m, n int, a []float64) (all []reflections) {
	x, tau, w := make([]float64, m), make([]float64, panel), make([]float64, panel)
	for j0 := 0; j0 < min(m, n); j0 += panel {
		k, rows := min(panel, min(m, n)-j0), m-j0
		v := make([]float64, rows*k)
		for j := range k {
			col := x[:rows-j]
			for i := range col {
				col[i] = a[(j0+j+i)*n+j0+j]
			}
			beta, tj := reflect(col)
			tau[j] = tj
			for i, f := range col {
				v[(j+i)*k+j] = f
			}
			a[(j0+j)*n+j0+j] = beta
			// The rest of the panel: P -= tau v (vᵀ P).
			sum := w[:k-j-1]
			clear(sum)
			for i, f := range col {
				axpy(f, a[(j0+j+i)*n+j0+j+1:], sum)
			}
			for i, f := range col {
				at := (j0+j+i)*n + j0 + j + 1
				axpy(-tj*f, sum, a[at:at+len(sum)])
			}
		}
		r := newReflections(j0, rows, k, v, tau)
		r.apply(n-j0-k, a[j0*n+min(j0+k, n-1):], n, true)
		all = append(all, r)
	}
	return all
}

// tridiagonalize turns the symmetric A (n, n), both triangles, into Qᵀ A Q, with the diagonal d (n) and the sub-diagonal e (n-1), and returns
// the reflections of Q (J. Dongarra, D. Sorensen, S. Hammarling, "Block reduction of matrices to condensed forms for eigenvalue
// computations", 1989). A is overwritten.
func tridiagonalize(n int, a, d, e []float64) (all []reflections) {
	x, p, tau := make([]float64, n), make([]float64, n), make([]float64, panel)
	for k0 := 0; k0 < n-1; k0 += panel {
		k, r0 := min(panel, n-1-k0), k0+1
		rows := n - r0
		v, w := make([]float64, rows*k), make([]float64, rows*k)
		for j := range k {
			c := k0 + j
			// Column c, brought up to date by the reflections before it: A -= V Wᵀ + W Vᵀ.
			col := x[:n-c]
			copy(col, a[c*n+c:(c+1)*n])
			if j > 0 {
				vc, wc := v[(j-1)*k:(j-1)*k+j], w[(j-1)*k:(j-1)*k+j]
				for i := range col {
					at := (j - 1 + i) * k
					col[i] -= dot(vc, w[at:at+j]) + dot(wc, v[at:at+j])
				}
			}
			d[c] = col[0]
			vec := col[1:]
			e[c], tau[j] = reflect(vec)
			// w = tau (A v - V (Wᵀ v) - W (Vᵀ v)), less half of its part along v.
			y := p[:len(vec)]
			cpu.GemmF64(len(vec), 1, len(vec), a[(c+1)*(n+1):], n, 1, vec, 1, 1, y, 1, cpu.Epilogue[float64]{})
			gv, gw := make([]float64, j), make([]float64, j)
			for i, f := range vec {
				axpy(f, v[(j+i)*k:], gv)
				axpy(f, w[(j+i)*k:], gw)
			}
			for i := range y {
				at := (j + i) * k
				y[i] = tau[j] * (y[i] - dot(gw, v[at:at+j]) - dot(gv, w[at:at+j]))
			}
			axpy(-0.5*tau[j]*dot(y, vec), vec, y)
			for i, f := range vec {
				v[(j+i)*k+j], w[(j+i)*k+j] = f, y[i]
			}
		}
		all = append(all, newReflections(r0, rows, k, v, tau))
		// The rest of A, from row k0+k on, which is row k-1 of V and W.
		m, corner := n-k0-k, a[(k0+k)*(n+1):]
		v, w = v[(k-1)*k:], w[(k-1)*k:]
		gemmSub(m, m, k, v, k, 1, w, 1, k, corner, n)
		gemmSub(m, m, k, w, k, 1, v, 1, k, corner, n)
	}
	d[n-1] = a[n*n-1]
	return all
}
