package cpu

import (
	"fmt"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Float lists the element types of matrix products.
type Float interface{ float32 | float64 }

// Epilogue is what happens to a product before it is written, in this order.
type Epilogue[T Float] struct {
	Accumulate bool // C is added
	RowBias    []T  // element i is added to row i; nil for none
	ColBias    []T  // element j is added to column j; nil for none
	ReLU       bool // what is below 0 becomes 0; NaN stays
}

// GemmF32 computes the matrix product C = ep(A B) of A (m, k) and B (k, n), both with any strides that are not negative:
//
//	C[i*ldc+j] = ep(sum over p < k of A[i*ars+p*acs] * B[p*brs+j*bcs])   for i < m, j < n
//
// A transpose is a pair of swapped strides, a broadcast one a stride of 0; neither is copied as a whole. k = 0 is a sum of
// zero. C must not overlap A, B or the biases, nor its rows each other. It panics when a slice is shorter than its strides reach.
//
// Terms are added in the order of p, in blocks of nearly equal length (at most 256 to 512) whose sums are then added in
// order. The blocks depend on k and the implementation alone, so an element of C has the same bits whatever m, n, the
// strides and the number of workers are. The exception: with at most 4 rows or columns, acs = 1, brs = 1 and k >= 8, products
// are dot products with several partial sums each. They, too, do not depend on the number of workers.
func GemmF32(m, n, k int, a []float32, ars, acs int, b []float32, brs, bcs int, c []float32, ldc int, ep Epilogue[float32]) {
	gemm(m, n, k, a, ars, acs, b, brs, bcs, c, ldc, ep)
}

// GemmF64 is GemmF32 in float64.
func GemmF64(m, n, k int, a []float64, ars, acs int, b []float64, brs, bcs int, c []float64, ldc int, ep Epilogue[float64]) {
	gemm(m, n, k, a, ars, acs, b, brs, bcs, c, ldc, ep)
}

// GemmBatchF32 computes batch products as GemmF32 does. Matrix i begins at A[i*sa], B[i*sb] and C[i*sc]; sa and sb may
// be 0, so that all products share a matrix. All share the epilogue's biases.
func GemmBatchF32(batch, m, n, k int, a []float32, sa, ars, acs int, b []float32, sb, brs, bcs int, c []float32, sc, ldc int, ep Epilogue[float32]) {
	gemmBatch(batch, m, n, k, a, sa, ars, acs, b, sb, brs, bcs, c, sc, ldc, ep)
}

// GemmBatchF64 is GemmBatchF32 in float64.
func GemmBatchF64(batch, m, n, k int, a []float64, sa, ars, acs int, b []float64, sb, brs, bcs int, c []float64, sc, ldc int, ep Epilogue[float64]) {
	gemmBatch(batch, m, n, k, a, sa, ars, acs, b, sb, brs, bcs, c, sc, ldc, ep)
}

// product is the arguments of one matrix product.
type product[T Float] struct {
	im       Impl
	m, n, k  int
	a        []T
	ars, acs int
	b        []T
	brs, bcs int
	c        []T
	ldc      int
	ep       Epilogue[T]
}

func gemm[T Float](m, n, k int, a []T, ars, acs int, b []T, brs, bcs int, c []T, ldc int, ep Epilogue[T]) {
	g := product[T]{inUse(), m, n, k, a, ars, acs, b, brs, bcs, c, ldc, ep}
	if g.check(1, 0, 0, 0) && !g.skipsZeros() {
		g.run()
	}
}

func gemmBatch[T Float](batch, m, n, k int, a []T, sa, ars, acs int, b []T, sb, brs, bcs int, c []T, sc, ldc int, ep Epilogue[T]) {
	g := product[T]{inUse(), m, n, k, a, ars, acs, b, brs, bcs, c, ldc, ep}
	g.batch(batch, sa, sb, sc)
}

func (g *product[T]) batch(batch, sa, sb, sc int) {
	if !g.check(batch, sa, sb, sc) {
		return
	}
	if batch > 1 && sb == 0 && sa == g.m*g.ars && sc == g.m*g.ldc && g.ep.RowBias == nil {
		// The matrices are one tall matrix.
		g.m, batch = g.m*batch, 1
	}
	if batch == 1 && g.skipsZeros() {
		return
	}
	flops := g.flops()
	if batch == 1 || batch*flops <= grainFlops(g.im) {
		for i := range batch {
			g.item(i, sa, sb, sc)
		}
		return
	}
	j := g.newJob()
	defer j.free()
	j.sa, j.sb, j.sc = sa, sb, sc
	parallel.ForArg(batch, grainFlops(g.im)/flops+1, j, j.runBatch)
}

func gemmItems[T Float](j *gemmJob[T], lo, hi int) {
	for i := lo; i < hi; i++ {
		j.item(i, j.sa, j.sb, j.sc)
	}
}

// item computes product i of a batch.
func (g product[T]) item(i, sa, sb, sc int) {
	if g.k > 0 {
		g.a, g.b = g.a[i*sa:], g.b[i*sb:]
	}
	g.c = g.c[i*sc:]
	g.run()
}

// flops counts a multiplication and an addition for each term.
func (g *product[T]) flops() int { return 2 * g.m * g.n * max(g.k, 1) }

// check panics on a bad argument, and reports whether there is anything to write.
func (g *product[T]) check(batch, sa, sb, sc int) bool {
	switch {
	case min(batch, g.m, g.n, g.k) < 0:
		g.bad("a size is negative: batch %d", batch)
	case min(g.ars, g.acs, g.brs, g.bcs, g.ldc, sa, sb, sc) < 0:
		g.bad("a stride is negative")
	case g.ep.RowBias != nil && len(g.ep.RowBias) < g.m:
		g.bad("the row bias has %d elements", len(g.ep.RowBias))
	case g.ep.ColBias != nil && len(g.ep.ColBias) < g.n:
		g.bad("the column bias has %d elements", len(g.ep.ColBias))
	}
	if batch == 0 || g.m == 0 || g.n == 0 {
		return false
	}
	if g.m > 1 && g.ldc < g.n {
		g.bad("rows of C overlap: ldc is %d", g.ldc)
	}
	size := (g.m-1)*g.ldc + g.n
	if batch > 1 && sc < size {
		g.bad("matrices of C overlap: its batch stride is %d", sc)
	}
	g.fits("C", len(g.c), size+(batch-1)*sc)
	if g.k > 0 {
		g.fits("A", len(g.a), (batch-1)*sa+(g.m-1)*g.ars+(g.k-1)*g.acs+1)
		g.fits("B", len(g.b), (batch-1)*sb+(g.k-1)*g.brs+(g.n-1)*g.bcs+1)
	}
	return true
}

func (g *product[T]) fits(name string, have, need int) {
	if have < need {
		g.bad("%s has %d elements, its strides reach %d", name, have, need)
	}
}

func (g *product[T]) bad(format string, args ...any) {
	panic(fmt.Sprintf("cpu: product of (%d, %d) and (%d, %d): ", g.m, g.k, g.k, g.n) + fmt.Sprintf(format, args...))
}
