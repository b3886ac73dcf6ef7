package cpu

import "github.com/hadal-go/hadal/internal/parallel"

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

// SpMM computes the rows of Y = A X: y_r = Σ_e v_e x_{col e}, rows of width f, four entries at a time.
func SpMM[T float32 | float64](p *CSR, f int, v, x, y []T) {
	p.blocks(f, func(lo, hi int) {
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
