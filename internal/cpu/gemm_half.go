package cpu

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// GemmHalf computes batch products of halves in float32 as GemmBatchF32 does, with its bits where A and B are contiguous or
// transposed: they are widened without the gaps that strides leave, as a whole or where that is slower in parts or in registers.
//
// Where AVX512_BF16 is in use (HADAL_CPU=avx512bf16), products of bfloat16 add up pairs of terms (dotPair) in the order of p, in blocks
// of at most 1024 terms whose sums are added in order, or with few rows or columns as dot products. A result then differs from float32's
// by the order of summation, and subnormal numbers count as zero.
func GemmHalf(h Half, batch, m, n, k int, a []uint16, sa, ars, acs int, b []uint16, sb, brs, bcs int, c []float32, sc, ldc int, ep Epilogue[float32]) {
	im := inUse()
	if p := productsInUse(); h == BFloat16 && p.pairs() {
		im = p
	}
	x, y := halfMatrix{h, im.pairs(), a, batch, m, k, sa, ars, acs}, halfMatrix{h, im.pairs(), b, batch, n, k, sb, bcs, brs}
	g := product[float32]{im: im, m: m, n: n, k: x.terms(), c: c, ldc: ldc, ep: ep}
	if k == 0 || batch == 0 || m == 0 || n == 0 {
		g.batch(batch, 0, 0, sc)
		return
	}
	c0 := g
	c0.k = 0 // A and B are not there yet
	c0.check(batch, 0, 0, sc)
	g.fits("A", len(a), (batch-1)*sa+(m-1)*ars+(k-1)*acs+1)
	g.fits("B", len(b), (batch-1)*sb+(k-1)*brs+(n-1)*bcs+1)
	if batch == 1 && !x.pairs && (halfDots(g, &x, &y) || halfParts(g, &x, &y)) {
		return
	}
	wa, wb := x.wide(), y.wide()
	defer wa.Put()
	defer wb.Put()
	g = wa.times(&wb, g)
	g.batch(batch, wa.ss, wb.ss, sc)
}

// times returns product g with A and, transposed, B.
func (a *wideMatrix) times(b *wideMatrix, g product[float32]) product[float32] {
	g.a, g.ars, g.acs = a.data, a.rs, a.ks
	g.b, g.bcs, g.brs = b.data, b.rs, b.ks
	return g
}

// halfDots computes a product of few rows, or few columns, that GemmF32 computes by dot products, and returns false for others. Such a
// product takes as long as reading the other matrix does, so that one is read as halves: it is widened in registers, or where there is no
// kernel some rows at a time.
func halfDots(g product[float32], x, y *halfMatrix) bool {
	few, many := x, y
	if few.rows > many.rows {
		few, many = many, few
	}
	if few.rows > dotMax || x.ks != 1 || y.ks != 1 || many.rs == 0 || g.k < 8 {
		return false
	}
	f := few.wide()
	defer f.Put()
	if dotHalves(g.im, x.Half, g.k) {
		d := dotProduct[float32]{im: g.im, m: g.m, n: g.n, k: g.k, x: f.data, ldx: f.rs, ldb: many.rs, y: g.c, yrs: g.ldc, ycs: 1, ep: g.ep, halves: many.data, half: x.Half}
		if few == y {
			d.m, d.n, d.yrs, d.ycs = d.n, d.m, d.ycs, d.yrs
			d.ep.RowBias, d.ep.ColBias = d.ep.ColBias, d.ep.RowBias
		}
		parallel.For(d.n, d.chunk(), d.rows)
		return true
	}
	return inParts(g, x, y, &f, evenly(g.k, g.k))
}

// halfPart is the number of elements of a large matrix that are widened at a time for few rows or columns: the next pass finds them in
// the last cache. It is a variable for tests.
var halfPart = 1 << 20

// halfParts computes a product of few rows, or few columns, and a matrix that is too large for the caches and whose terms are not side by
// side, and returns false for others.
func halfParts(g product[float32], x, y *halfMatrix) bool {
	few, many := x, y
	if few.rows > many.rows {
		few, many = many, few
	}
	if few.rows > lateRows || many.rows*g.k < 4*halfPart || many.rs != 1 || many.ks == 1 {
		return false
	}
	f := few.wide()
	defer f.Put()
	// The blocks of terms that the product would have, so that the order of additions is the same.
	return inParts(g, x, y, &f, evenly(g.k, blockingOf[float32](g.im).kc))
}

// inParts widens the larger matrix part by part, and adds up its products with few, the other one. It returns true.
func inParts(g product[float32], x, y *halfMatrix, few *wideMatrix, terms even) bool {
	many := y
	if x.rows > y.rows {
		many = x
	}
	bands := evenly(many.rows, max(64, halfPart/(terms.size+1)&^63))
	buf, block := borrow[float32]((bands.size + 1) * (terms.size + 1))
	defer block.Put()
	for i := range bands.parts * terms.parts {
		r0, r1 := bands.part(i / terms.parts)
		t := i % terms.parts
		p0, p1 := terms.part(t)
		band, rest, part := *many, *few, g
		band.data, band.rows, band.k = many.data[r0*many.rs+p0*many.ks:], r1-r0, p1-p0
		w := band.widen(buf)
		rest.data = few.data[p0*few.ks:]
		part.k = band.k
		if part.ep.Accumulate = g.ep.Accumulate || t > 0; t < terms.parts-1 {
			part.ep = Epilogue[float32]{Accumulate: part.ep.Accumulate}
		}
		if many == y {
			part = rest.times(&w, part)
			part.n, part.c = band.rows, g.c[r0:]
			if part.ep.ColBias != nil {
				part.ep.ColBias = g.ep.ColBias[r0:]
			}
		} else {
			part = w.times(&rest, part)
			part.m, part.c = band.rows, g.c[r0*g.ldc:]
			if part.ep.RowBias != nil {
				part.ep.RowBias = g.ep.RowBias[r0:]
			}
		}
		part.batch(1, 0, 0, 0)
	}
	return true
}

// halfMatrix is a batch of matrices (rows, k) of halves: element (s, i, p) is data[s*ss+i*rs+p*ks]. An operand B is one
// transposed.
type halfMatrix struct {
	Half
	pairs          bool // terms 2p and 2p+1 are to share an element
	data           []uint16
	batch, rows, k int
	ss, rs, ks     int
}

// wideMatrix is a halfMatrix in float32, or of pairs under the name of float32.
type wideMatrix struct {
	data       []float32
	ss, rs, ks int
	mem.Block
}

func (x *halfMatrix) terms() int {
	if x.pairs {
		return (x.k + 1) / 2
	}
	return x.k
}

// wide returns the matrices in float32; the caller gives the memory back. Pairs that lie side by side stay where they are.
func (x *halfMatrix) wide() (w wideMatrix) {
	if x.pairs && x.ks == 1 && x.k%2 == 0 && x.rs%2 == 0 && x.ss%2 == 0 && uintptr(unsafe.Pointer(unsafe.SliceData(x.data)))%4 == 0 {
		n := ((x.batch-1)*x.ss + (x.rows-1)*x.rs + x.k) / 2
		return wideMatrix{data: unsafe.Slice((*float32)(unsafe.Pointer(&x.data[:2*n][0])), n), ss: x.ss / 2, rs: x.rs / 2, ks: 1}
	}
	buf, block := borrow[float32](x.batch * x.rows * x.terms())
	w = x.widen(buf)
	w.Block = block
	return w
}

// widen writes the matrices to dst as they lie, rows or columns, without gaps. What is broadcast stays so.
func (x *halfMatrix) widen(dst []float32) wideMatrix {
	batch, rows, terms := x.batch, x.rows, x.terms()
	if x.ss == 0 {
		batch = 1
	}
	if x.rs == 0 {
		rows = 1
	}
	w := wideMatrix{data: dst[:batch*rows*terms], ss: rows * terms, rs: terms, ks: 1}
	n, out, step, lines := x.k, terms, x.ks, batch*rows // of a line: elements, in dst, and how far apart they are
	columns := rows > 1 && (x.rs < x.ks || x.k == 1)
	if columns {
		w.rs, w.ks = 1, rows
		n, out, step, lines = rows, rows, x.rs, batch*terms
	}
	if batch == 1 {
		w.ss = 0
	}
	if rows == 1 && x.rows > 1 {
		w.rs = 0
	}
	dense := !x.pairs && step == 1 && lines*n <= len(x.data) && (batch == 1 || x.ss == rows*x.k)
	if dense && (!columns && (rows == 1 || x.rs == x.k) || columns && x.ks == rows) {
		x.Widen(w.data, x.data)
		return w
	}
	parallel.For(lines, max(1, grainCheap/out), func(lo, hi int) {
		var gathered [2][]uint16
		for l := lo; l < hi; l++ {
			d := dst[l*out : (l+1)*out]
			line := func(i, at int) []uint16 {
				if step == 1 {
					return x.data[at : at+n]
				}
				if gathered[i] == nil {
					gathered[i] = make([]uint16, n)
				}
				for j := range gathered[i] {
					gathered[i][j] = x.data[at+j*step]
				}
				return gathered[i]
			}
			switch {
			case columns && x.pairs:
				at, p := l/terms*x.ss, 2*(l%terms)
				var odd []uint16
				if p+1 < x.k {
					odd = line(1, at+(p+1)*x.ks)
				}
				pairUp(d, line(0, at+p*x.ks), odd)
			case columns:
				x.Half.widen(d, line(0, l/terms*x.ss+l%terms*x.ks), false)
			case x.pairs:
				d16 := unsafe.Slice((*uint16)(unsafe.Pointer(&d[0])), 2*out)
				d16[2*out-1] = 0
				copy(d16, line(0, l/rows*x.ss+l%rows*x.rs))
			default:
				x.Half.widen(d, line(0, l/rows*x.ss+l%rows*x.rs), false)
			}
		}
	})
	return w
}
