package cpu

import "github.com/hadal-go/hadal/internal/mem"

// packedB is a matrix B (k, n) in the panels that tile kernels read, for many products with it: a recurrent network
// multiplies by the same weights at every step.
type packedB[T Float] struct {
	product[T] // of the first row; B is kept for products that read it as it is
	blocking
	terms, cols even
	buf         []T // nil: not packed
	block       mem.Block
	panels      [][]T // for each block of columns, for each block of terms
}

// packB prepares B for products with at most m rows: copied into panels, unless the rows are so few that dot products with
// B itself are faster. The caller gives it back with free.
func packB[T Float](m, n, k int, b []T, brs, bcs int) *packedB[T] {
	p := &packedB[T]{product: product[T]{im: inUse(), m: 1, n: n, k: k, b: b, brs: brs, bcs: bcs}}
	if m <= dotMax || n == 0 || k == 0 {
		return p
	}
	p.blocking = blockingOf[T](p.im)
	p.terms, p.cols = evenly(k, p.kc), evenly((n+p.nr-1)/p.nr, maxCols/p.nr)
	size := func(c, t int) int {
		c0, c1 := p.cols.part(c)
		p0, p1 := p.terms.part(t)
		return (c1 - c0) * (p.nr*(p1-p0) + panelSlack)
	}
	total := 0
	for c := range p.cols.parts {
		for t := range p.terms.parts {
			total += size(c, t)
		}
	}
	p.buf, p.block = borrow[T](total)
	rest := p.buf
	j := p.newJob()
	defer j.free()
	own := j.bufB
	defer func() { j.bufB = own }()
	j.blocking, j.terms, j.packA, j.packB = p.blocking, p.terms, false, true
	for c := range p.cols.parts {
		c0, c1 := p.cols.part(c)
		for t := range p.terms.parts {
			n := size(c, t)
			p.panels = append(p.panels, rest[:n])
			j.t0, j.t1, j.bufB = t, t+1, rest[:n]
			j.block(0, 1, c0*p.nr, min(c1*p.nr, p.n))
			j.packBlock(true)
			rest = rest[n:]
		}
	}
	j.bufB = own
	return p
}

func (p *packedB[T]) free() {
	p.block.Put()
	p.buf, p.block = nil, mem.Block{}
}

// mul computes C (m, n) = ep(A B) for A (m, k), whose rows are lda apart, with the bits of GemmF32 and GemmF64
// but where those make dot products of at most 4 rows or columns.
func (p *packedB[T]) mul(m int, a []T, lda int, c []T, ldc int, ep Epilogue[T]) {
	g := p.product
	g.m, g.a, g.ars, g.acs, g.c, g.ldc, g.ep = m, a, lda, 1, c, ldc, ep
	if !g.check(1, 0, 0, 0) {
		return
	}
	if p.buf == nil {
		g.run()
		return
	}
	j := g.newJob()
	defer j.free()
	own := j.bufB
	defer func() { j.bufB = own }()
	j.blocking, j.terms, j.packA, j.packB = p.blocking, p.terms, true, true
	rows := evenly(m, maxRows)
	for i, panels := range p.panels {
		c0, c1 := p.cols.part(i / p.terms.parts)
		j.t0 = i % p.terms.parts
		j.t1, j.bufB = j.t0+1, panels
		p0, p1 := j.terms.part(j.t0)
		j.sizeB = j.nr*(p1-p0) + panelSlack
		for r := range rows.parts {
			r0, r1 := rows.part(r)
			j.block(r0, r1, c0*j.nr, min(c1*j.nr, j.n))
			j.packBlock(false)
			j.tasks()
		}
	}
}
