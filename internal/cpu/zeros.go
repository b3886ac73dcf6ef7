package cpu

import (
	"math"
	"unsafe"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// A product of matrices one of which is nearly all zeros, such as bags of words, one-hot rows or the labels of a graph's nodes, is
// computed from the other elements alone: what is left is to read the matrix once. The bits are those of the full product: blocks
// of terms are the same, and a term of 0 changes a sum only where the other factor is infinite or NaN, which is looked for, or the sign of a 0 that an underflow left.
//
// (2708, 1433) with 1.27% of its elements times (1433, 16), one thread of Zen 3 where reading the matrix takes 0.62 ms: 0.60 ms, in full 1.8; its
// transpose times (2708, 16): 0.65 and 2.9.

// zeroTerms is the number of multiplications from which on it is worth to look at a matrix.
const zeroTerms = 1 << 22

// fullest is how many in 256 elements that are looked at may differ from 0: with a tenth the product in full is as fast.
const fullest = 12

// skipsZeros computes the product from the elements of A or B that are not 0, if it finds that to be fast.
func (g *product[T]) skipsZeros() bool {
	if g.m*g.n*g.k < zeroTerms || min(g.m, g.n) <= 4 || unsafe.Sizeof(T(0)) != 4 || !sparseKernels(g.im) ||
		g.ep.Accumulate || g.ep.ReLU || g.ep.RowBias != nil {
		return false
	}
	const widest = 1024
	z := zerosJob{k: g.k, c: as32(g.c), ldc: g.ldc, terms: evenly(g.k, blockingOf[T](g.im).kc), bias: as32(g.ep.ColBias)}
	a, b := as32(g.a), as32(g.b)
	left, right := g.n <= widest, g.m <= widest && g.ep.ColBias == nil
	switch {
	case left && g.acs == 1 && nearlyZero(a, g.m, g.k, g.ars):
		z.x, z.ldx, z.rows, z.n = a, g.ars, g.m, g.n
		return z.with(b, g.brs, g.bcs, z.gather)
	case left && g.ars == 1 && g.ep.ColBias == nil && nearlyZero(a, g.k, g.m, g.acs):
		z.x, z.ldx, z.rows, z.n = a, g.acs, g.m, g.n
		return z.with(b, g.brs, g.bcs, z.scatter)
	case right && g.bcs == 1 && nearlyZero(b, g.k, g.n, g.brs):
		z.x, z.ldx, z.rows, z.n, z.turned = b, g.brs, g.n, g.m, true
		return z.with(a, g.acs, g.ars, z.scatter)
	}
	return false
}

// nearlyZero looks at some elements of x (rows, n).
func nearlyZero(x []float32, rows, n, ld int) bool {
	if rows*n < 1<<14 || ld < n {
		return false
	}
	found := 0
	for i := range 256 {
		at := i * (rows*n - 1) / 255
		if x[at/n*ld+at%n] != 0 {
			if found++; found > fullest {
				return false
			}
		}
	}
	return true
}

// zerosJob is the product of a matrix with few elements other than 0, X, and one of k rows of n elements, D:
// C (rows, n) = X D of X (rows, k), with a bias, or C (rows, n) = Xᵀ D of X (k, rows), turned Cᵀ (n, rows).
type zerosJob struct {
	x, d, c    []float32
	ldx, ldc   int
	rows, n, k int
	terms      even
	bias       []float32
	turned     bool
}

// with calls f with D, element (p, j) of which is b[p*brs+j*bcs], as contiguous rows, unless it has elements that are not finite.
func (z *zerosJob) with(b []float32, brs, bcs int, f func()) bool {
	z.d = b[:min(len(b), z.k*z.n)]
	if bcs != 1 || brs != z.n {
		buf, block := borrow[float32](z.k * z.n)
		defer block.Put()
		z.d = buf
		if brs == 1 {
			inSteps(z.k, vectorBlock/8, func(lo, hi int) { transposeInto(inUse(), buf[lo*z.n:], z.n, b[lo:], bcs, z.n, hi-lo) })
		} else {
			packStrided(buf, z.n, b, bcs, brs, z.n, z.k)
		}
	}
	lo, hi, ok := Extremes(z.d)
	if !ok || math.IsInf(float64(lo), 0) || math.IsInf(float64(hi), 0) {
		return false
	}
	f()
	return true
}

// found are the elements other than 0 of some rows of X.
type found struct {
	ptr   []int
	col   []int32
	v     []float32
	block mem.Block
}

func newFound(rows, n int) found {
	size := rows * n
	buf, block := borrow[float32](2*size + 2*(rows+1))
	ptr := unsafe.Slice((*int)(unsafe.Pointer(unsafe.SliceData(buf))), rows+1)
	col := unsafe.Slice((*int32)(unsafe.Pointer(&buf[2*(rows+1)])), size)
	ptr[0] = 0
	return found{ptr, col, buf[2*(rows+1)+size:], block}
}

// look finds the elements of x (rows, n).
func (f *found) look(x []float32, rows, n, ldx int) {
	sparseFind(f.ptr[1:], f.col, f.v, x, rows, n, ldx)
}

// few is how many rows of X are looked through at one time.
const few = 32

// gather adds up rows of D for each row of X.
func (z *zerosJob) gather() {
	parallel.For(z.rows, few, func(lo, hi int) {
		_, most := z.terms.part(0)
		f := newFound(few, most)
		defer f.block.Put()
		c := z.c[lo*z.ldc:]
		for t := range z.terms.parts {
			p0, p1 := z.terms.part(t)
			f.look(z.x[lo*z.ldx+p0:], hi-lo, p1-p0, z.ldx)
			inSteps(hi-lo, max(1, 1<<21/(most*z.n)), func(i, j int) {
				sparseRows(c[i*z.ldc:], z.d[p0*z.n:], f.v, f.ptr[i:], f.col, nil, j-i, z.n, z.n, z.ldc, t > 0)
			})
		}
		if z.bias == nil {
			return
		}
		for i := range hi - lo {
			row := c[i*z.ldc:][:z.n]
			for j, b := range z.bias[:z.n] {
				row[j] += b
			}
		}
	})
}

// scatter adds multiples of each row of D to rows of C.
func (z *zerosJob) scatter() {
	ldt := (z.n + 7) &^ 7
	if z.terms.parts > 1 && z.terms.parts*z.rows*ldt <= 1<<20 {
		z.scatterBlocks(ldt)
		return
	}
	parts := evenly(z.rows, max(few, min(384, 1<<14/ldt)))
	parallel.For(z.rows, (z.rows+parts.parts-1)/parts.parts, func(lo, hi int) {
		w := hi - lo
		buf, block := borrow[float32](2 * w * ldt)
		defer block.Put()
		sum, part := buf[:w*ldt], buf[w*ldt:]
		f := newFound(few, w)
		defer f.block.Put()
		for t := range z.terms.parts {
			p0, p1 := z.terms.part(t)
			to := part
			if t == 0 {
				to = sum
			}
			clear(to)
			z.spread(to, f, p0, p1, lo, w, ldt)
			if t > 0 {
				addTo(sum, part)
			}
		}
		z.write(sum, lo, w, ldt)
	})
}

// scatterBlocks is scatter with memory for the sums of all blocks of terms: X is read as it lies, a block by each worker.
func (z *zerosJob) scatterBlocks(ldt int) {
	size := z.rows * ldt
	sums, block := borrow[float32](z.terms.parts * size)
	defer block.Put()
	parallel.For(z.terms.parts, 1, func(lo, hi int) {
		f := newFound(few, z.rows)
		defer f.block.Put()
		for t := lo; t < hi; t++ {
			to := sums[t*size : (t+1)*size]
			clear(to)
			p0, p1 := z.terms.part(t)
			z.spread(to, f, p0, p1, 0, z.rows, ldt)
		}
	})
	parallel.For(z.rows, max(few, 1<<12/ldt), func(lo, hi int) {
		sum := sums[lo*ldt : hi*ldt]
		for t := 1; t < z.terms.parts; t++ {
			addTo(sum, sums[t*size+lo*ldt:t*size+hi*ldt])
		}
		z.write(sum, lo, hi-lo, ldt)
	})
}

// spread adds multiples of rows p0 to p1 of D to rows of t, by w columns of X from the first on.
func (z *zerosJob) spread(t []float32, f found, p0, p1, first, w, ldt int) {
	for p := p0; p < p1; p += few {
		rows := min(few, p1-p)
		f.look(z.x[p*z.ldx+first:], rows, w, z.ldx)
		inSteps(rows, max(1, 1<<21/(w*z.n)), func(i, j int) {
			sparseSpread(t, z.d[(p+i)*z.n:], f.v, f.ptr[i:], f.col, j-i, z.n, ldt, z.n)
		})
	}
}

// write writes w rows of C from the first on.
func (z *zerosJob) write(sum []float32, first, w, ldt int) {
	if z.turned {
		transposeInto(inUse(), z.c[first:], z.ldc, sum, ldt, w, z.n)
		return
	}
	for i := range w {
		copy(z.c[(first+i)*z.ldc:][:z.n], sum[i*ldt:])
	}
}

// addTo adds x to y.
func addTo(y, x []float32) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += v
	}
}
