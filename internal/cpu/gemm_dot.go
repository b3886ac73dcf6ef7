package cpu

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/parallel"
)

const (
	dotMax   = 4    // rows or columns of C up to which dot products beat packing
	dotGroup = 64   // rows in one call of a kernel
	dotTerms = 1024 // terms in one call
)

// dotProduct is a product of few vectors x (m, k) and many rows b (n, k), y[i*yrs+j*ycs] = x[i] . b[j], contiguous in k.
type dotProduct[T Float] struct {
	im       Impl
	m, n, k  int
	x        []T
	ldx      int
	b        []T
	ldb      int
	y        []T
	yrs, ycs int
	ep       Epilogue[T] // rows and columns as in x and b

	halves []uint16 // b, if it is of halves
	half   Half
}

// dots computes a product with few rows or columns by dot products, if A's rows and B's columns are contiguous.
func (g *product[T]) dots() bool {
	if g.acs != 1 || g.brs != 1 || g.k < 8 || min(g.m, g.n) > dotMax {
		return false
	}
	d := g.asDots()
	if chunk := d.chunk(); chunk >= d.n {
		d.rows(0, d.n)
	} else {
		j := g.newJob()
		defer j.free()
		parallel.ForArg(d.n, chunk, j, j.runDots)
	}
	return true
}

func (g *product[T]) asDots() dotProduct[T] {
	d := dotProduct[T]{im: g.im, m: g.m, n: g.n, k: g.k, x: g.a, ldx: g.ars, b: g.b, ldb: g.bcs, y: g.c, yrs: g.ldc, ycs: 1, ep: g.ep}
	if g.m > g.n {
		d.m, d.n, d.x, d.ldx, d.b, d.ldb, d.yrs, d.ycs = d.n, d.m, d.b, d.ldb, d.x, d.ldx, d.ycs, d.yrs
		d.ep.RowBias, d.ep.ColBias = d.ep.ColBias, d.ep.RowBias
	}
	return d
}

// chunk is how many rows of b to share out at a time. Such a product reads each element once or a few times: memory bounds it, not
// arithmetic.
func (d *dotProduct[T]) chunk() int { return max(4, grainFlops(d.im)/4/(d.m*d.k)&^3) }

func gemmDots[T Float](j *gemmJob[T], lo, hi int) {
	d := j.asDots()
	d.rows(lo, hi)
}

// rows multiplies all vectors with rows [lo, hi) of b.
func (d *dotProduct[T]) rows(lo, hi int) {
	var sum, more [dotGroup]T
	group := dotGroup
	if d.m > 1 { // rows that stay in the first-level cache for all vectors
		group = min(group, max(4, 4096/d.k&^3))
	}
	for j := lo; j < hi; j += group {
		n := min(group, hi-j)
		for i := range d.m {
			for p := 0; p < d.k; p += dotTerms {
				to := &sum
				if p > 0 {
					to = &more
				}
				if x, k := d.x[i*d.ldx+p:], min(dotTerms, d.k-p); d.halves != nil {
					dotRowsHalf(d.im, d.half, as32(x), d.halves[j*d.ldb+p:], d.ldb, n, k, (*[dotGroup]float32)(unsafe.Pointer(to)))
				} else {
					dotRows(d.im, x, d.b[j*d.ldb+p:], d.ldb, n, k, to)
				}
				if p == 0 {
					continue
				}
				for q := range sum[:n] {
					sum[q] += more[q]
				}
			}
			y := d.y[i*d.yrs+j*d.ycs:]
			for q, s := range sum[:n] {
				if d.ep.Accumulate {
					s += y[q*d.ycs]
				}
				y[q*d.ycs] = d.ep.apply(s, i, j+q)
			}
		}
	}
}

// dotRowsGo is dotRows in Go, with four partial sums each.
func dotRowsGo[T Float](im Impl, x, b []T, ldb, n, k int, sum *[dotGroup]T) {
	if im == implGoBF16 {
		for j := range n {
			sum[j] = T(dotPairs(as32(x[:k]), as32(b[j*ldb:][:k])))
		}
		return
	}
	for j := range n {
		x, b := x[:k], b[j*ldb:][:k]
		var s0, s1, s2, s3 T
		for len(x) >= 4 && len(b) >= 4 {
			s0 += x[0] * b[0]
			s1 += x[1] * b[1]
			s2 += x[2] * b[2]
			s3 += x[3] * b[3]
			x, b = x[4:], b[4:]
		}
		for i, v := range x {
			s0 += v * b[i]
		}
		sum[j] = (s0 + s1) + (s2 + s3)
	}
}
