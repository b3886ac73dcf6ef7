package cpu

//go:generate sh -c "cd _asm && go run ./sparse -out ../sparse_amd64.s -stubs ../sparse_stubs_amd64.go -pkg cpu"

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/parallel"
)

// CSR is the pattern of a sparse matrix by rows: row r has the columns Col[Ptr[r]:Ptr[r+1]], and value Place[e] is entry e's, or
// value e where Place is nil.
type CSR struct {
	Ptr   []int
	Col   []int32
	Place []int32
}

// blocks calls f for runs of rows with about equal work, of width operations an entry.
func (p *CSR) blocks(width int, f func(lo, hi int)) {
	rows := len(p.Ptr) - 1
	mean := width * (len(p.Col)/max(1, rows) + 1)
	parallel.For(rows, max(1, grainCheap/max(1, mean)), f)
}

// SpMM computes the rows of Y = A X: y_r = Σ_e v_e x_{col e}, rows of width f, four entries at a time; in assembly one after the
// other, with sums in registers.
//
// Of 2708 rows with 13,500 entries and f 16, on one thread of Zen 3: 0.03 ms, in Go 0.19, PyTorch 1.13 0.27.
func SpMM[T float32 | float64](p *CSR, f int, v, x, y []T) {
	fast := unsafe.Sizeof(T(0)) == 4 && sparseKernels(inUse()) && f > 0
	p.blocks(f, func(lo, hi int) {
		if fast {
			p.rows(lo, hi, f, as32(v), as32(x), as32(y))
			return
		}
		for r := lo; r < hi; r++ {
			out := y[r*f:][:f]
			clear(out)
			e, end := p.Ptr[r], p.Ptr[r+1]
			value := func(e int) T {
				if p.Place != nil {
					e = int(p.Place[e])
				}
				return v[e]
			}
			row := func(e int) []T { return x[int(p.Col[e])*f:][:len(out)] }
			for ; e+4 <= end; e += 4 {
				a, b, c, d := value(e), value(e+1), value(e+2), value(e+3)
				xa, xb, xc, xd := row(e), row(e+1), row(e+2), row(e+3)
				for i := range out {
					out[i] += (a*xa[i] + b*xb[i]) + (c*xc[i] + d*xd[i])
				}
			}
			for ; e < end; e++ {
				a, xa := value(e), row(e)
				for i := range out {
					out[i] += a * xa[i]
				}
			}
		}
	})
}

// rows is SpMM for rows lo to hi in pieces, so that a call is short.
func (p *CSR) rows(lo, hi, f int, v, x, y []float32) {
	const most, columns = 1 << 15, 1 << 12 // terms, and columns of a row
	for c := 0; c < f; c += columns {
		n := min(columns, f-c)
		for r := lo; r < hi; {
			first, end := p.Ptr[r], r+1
			if (p.Ptr[end]-first)*n > most { // a long row: the sums of its pieces
				for e, step := first, most/n; e < p.Ptr[end]; e += step {
					sparseRows(y[r*f+c:], x[min(c, len(x)):], v, []int{e, min(e+step, p.Ptr[end])}, p.Col, p.Place, 1, n, f, f, e > first)
				}
				r = end
				continue
			}
			for end < hi && (p.Ptr[end+1]-first+end-r)*n <= most {
				end++
			}
			sparseRows(y[r*f+c:], x[min(c, len(x)):], v, p.Ptr[r:], p.Col, p.Place, end-r, n, f, f, false)
			r = end
		}
	}
}

// SDDMM computes, for each entry (r, c) of the pattern, v_e = ⟨a_r, b_c⟩ over rows of width f.
func SDDMM[T float32 | float64](p *CSR, f int, a, b, v []T) {
	p.blocks(f, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			x := a[r*f:][:f]
			for e := p.Ptr[r]; e < p.Ptr[r+1]; e++ {
				y := b[int(p.Col[e])*f:][:len(x)]
				var s0, s1, s2, s3 T
				i := 0
				for ; i+4 <= len(x); i += 4 {
					s0 += x[i] * y[i]
					s1 += x[i+1] * y[i+1]
					s2 += x[i+2] * y[i+2]
					s3 += x[i+3] * y[i+3]
				}
				for ; i < len(x); i++ {
					s0 += x[i] * y[i]
				}
				at := e
				if p.Place != nil {
					at = int(p.Place[e])
				}
				v[at] = (s0 + s1) + (s2 + s3)
			}
		}
	})
}
