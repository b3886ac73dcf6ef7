package cpu

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/mem"
)

// gemmTile is the arguments of a tile kernel:
//
//	c[i*ldc+j] = ep(sum over p < k of a[i*ars+p*acs] * b[p*brs+j])   for i < m, j < n
//
// and then the same for as many blocks of m rows below it, whose rows of A begin down elements further each.
type gemmTile[T Float] struct {
	a, b, c            []T
	ars, acs, brs, ldc int
	m, n, k            int
	rowBias, colBias   []T // nil for none
	flags              int
	below, down        int
	next               []T // what to bring to the second-level cache meanwhile: a line every step bytes for four terms,
	step, jump         int // and for each block jump bytes further
}

const (
	tileAccumulate = 1 << iota
	tileReLU
)

func (e *Epilogue[T]) flags() (f int) {
	if e.Accumulate {
		f = tileAccumulate
	}
	if e.ReLU {
		f |= tileReLU
	}
	return f
}

// task computes some panels of rows times some panels of columns.
func (j *gemmJob[T]) task(i int) {
	ip0, ip1 := j.taskA.part(i / j.cols)
	jp0, jp1 := j.taskB.part(i % j.cols)
	x := gemmTile[T]{ars: j.ars, acs: j.acs, brs: j.brs, ldc: j.ldc}
	if j.packA {
		x.ars, x.acs = 1, j.mr
	}
	if j.packB {
		x.brs = j.nr
	}
	cs, ci, cj := j.c, 0, 0 // the part of C that begins at row ci and column cj
	if j.turned {
		ci, _ = j.panelsA.part(ip0)
		cj = jp0 * j.panel
		x.ldc = (jp1 - jp0) * j.panel
		var block mem.Block
		cs, block = borrow[T]((ip1 - ip0) * j.mr * x.ldc)
		defer block.Put()
	}
	var bufB []T
	var sizeB int
	if j.late {
		var block mem.Block
		bufB, block = borrow[T](packGroup * (j.nr*j.kc + panelSlack))
		defer block.Put()
	}
	at0, _ := j.span()
	for t := j.t0; t < j.t1; t++ {
		p0, p1 := j.terms.part(t)
		first, last := t == 0, t == j.terms.parts-1
		x.k = p1 - p0
		ep := Epilogue[T]{Accumulate: j.ep.Accumulate || !first, ReLU: j.ep.ReLU && last}
		x.flags = ep.flags()
		for jp := jp0; jp < jp1; jp++ {
			if j.late && (jp-jp0)%packGroup == 0 && x.k > 0 {
				sizeB = j.nr*x.k + panelSlack
				for i, end := jp, min(jp1, jp+packGroup); i < end; {
					i += j.packColumns(bufB[(i-jp)*sizeB:], sizeB, i, end, p0, x.k)
				}
			}
			c0 := j.j0 + jp*j.panel
			for c, c1 := c0, min(c0+j.panel, j.j1); c < c1; c += x.n {
				x.n = j.width(j.im, c1-c)
				if j.late && x.k > 0 {
					x.b = bufB[(jp-jp0)%packGroup*sizeB+c-c0:]
				} else if j.packB && x.k > 0 {
					x.b = j.bufB[jp*j.sizeB+(p0-at0)*j.nr+c-c0:]
				} else if x.k > 0 {
					x.b = j.b[p0*j.brs+c:]
				}
				if last && j.ep.ColBias != nil {
					x.colBias = j.ep.ColBias[c:]
				}
				j.ahead(&x, t, ip0, ip1, jp-jp0, jp)
				for ip, end := ip0, 0; ip < ip1; ip = end {
					end = ip1
					if ip < j.panelsA.longer {
						end = min(ip1, j.panelsA.longer) // those below have a row less
					}
					r0, r1 := j.panelsA.part(ip)
					r0, r1 = r0+j.i0, r1+j.i0
					x.m, x.below = r1-r0, end-ip-1
					if x.down = j.sizeA; !j.packA {
						x.down = x.m * j.ars
					}
					x.c = cs[(r0-ci)*x.ldc+c-cj:]
					if j.packA && x.k > 0 {
						x.a = j.bufA[ip*j.sizeA+(p0-at0)*j.mr:]
					} else if x.k > 0 {
						x.a = j.a[r0*j.ars+p0*j.acs:]
					}
					if last && j.ep.RowBias != nil {
						x.rowBias = j.ep.RowBias[r0:]
					}
					x.run(j.im)
				}
			}
		}
	}
	if j.turned {
		_, i1 := j.panelsA.part(ip1 - 1)
		transposeInto(j.im, j.c[cj*j.ldc+ci:], j.ldc, cs, x.ldc, i1-ci, min(jp1*j.panel, j.n)-cj)
	}
}

// ahead says what is brought to the cache meanwhile: the next panel of B, or in a product that is computed transposed,
// where A is large and lies as it is, a row for each block of those that come next.
func (j *gemmJob[T]) ahead(x *gemmTile[T], t, ip0, ip1, call, jp int) {
	size := int(unsafe.Sizeof(T(0)))
	x.next, x.step, x.jump = x.b, 0, 0
	switch p0, _ := j.span(); {
	case x.k == 0 || j.late:
	case j.turned:
		row, _ := j.panelsA.part(ip0)
		p, _ := j.terms.part((t + 1) % j.terms.parts)
		if t == j.terms.parts-1 {
			row, _ = j.panelsA.part(ip1 % j.panelsA.parts)
		}
		row = min(row+call*(ip1-ip0), j.m-1)
		x.next, x.step, x.jump = j.a[row*j.ars+p:], 4*size, j.ars*size
	case j.packB:
		p, _ := j.terms.part(t)
		x.next = j.bufB[(jp+1)%j.panelsB*j.sizeB+(p-p0)*j.nr:] // the next task may follow here
		x.step = j.nr * x.k * size / ((ip1-ip0)*(x.k/4) + 1)
		x.jump = x.step * (x.k / 4)
	}
}
