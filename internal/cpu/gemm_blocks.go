package cpu

import (
	"sync"
	"unsafe"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// blocking is how an implementation cuts a product up, after Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication" (2008), and Van Zee and van de Geijn, "BLIS" (2015): a tile of mr rows and nr columns of C stays in registers
// while it runs through kc terms; a panel of B (kc, nr) stays in the first-level cache while it meets the panels (mr, kc) of
// mc rows of A in the second-level one.
type blocking struct {
	mr, nr int // a tile: nr is two vectors
	wide   int // columns of a tile of one row
	kc     int // most terms in a block
	mc, nc int // most rows and columns in a task
}

// Most rows and columns in a block whose panels are packed at one time; they bound the workspace.
const (
	maxRows = 2048
	maxCols = 2048
)

// lateRows is how many rows a product has at most whose tasks pack B themselves.
const lateRows = 192

// minTasks is how many tasks a block is cut into, at the cost of the caches, unless they would be short.
const minTasks = 16

func blockingOf[T Float](im Impl) blocking {
	double := unsafe.Sizeof(T(0)) == 8
	switch im {
	case implAVX512, implAVX512BF16: // of BF16, elements are pairs
		if double {
			return blocking{mr: 14, nr: 16, wide: 64, kc: 512, mc: 112, nc: 128}
		}
		return blocking{mr: 14, nr: 32, wide: 128, kc: 512, mc: 224, nc: 256}
	case implAVX2:
		if double {
			return blocking{mr: 6, nr: 8, wide: 32, kc: 384, mc: 144, nc: 128}
		}
		return blocking{mr: 6, nr: 16, wide: 64, kc: 384, mc: 72, nc: 512}
	case implNEON:
		if double {
			return blocking{mr: 8, nr: 4, wide: 32, kc: 384, mc: 64, nc: 64}
		}
		return blocking{mr: 8, nr: 8, wide: 64, kc: 384, mc: 128, nc: 128}
	}
	return blocking{mr: 2, nr: 4, wide: 4, kc: 256, mc: 64, nc: 64}
}

// width returns the widest tile that a kernel does at once in n columns.
func (bl *blocking) width(im Impl, n int) int {
	switch {
	case n >= bl.wide && bl.mr == 1:
		return bl.wide
	case n >= bl.nr:
		return bl.nr
	case !im.portable() && n > bl.nr/2:
		return bl.nr / 2
	}
	return n
}

// grainFlops is worth about 5 us on one core: less work is not shared out.
func grainFlops(im Impl) int {
	return [...]int{20_000, 500_000, 1_000_000, 200_000, 1_000_000, 20_000}[im]
}

// even cuts n units into parts that differ by one at most.
type even struct{ parts, size, longer int }

func evenly(n, most int) even {
	parts := max(1, (n+most-1)/most)
	return even{parts, n / parts, n % parts}
}

// part returns where part i begins and ends.
func (e even) part(i int) (lo, hi int) {
	lo = i*e.size + min(i, e.longer)
	if hi = lo + e.size; i < e.longer {
		hi++
	}
	return lo, hi
}

// gemmJob is a product on its way through the blocks, or a batch of them.
type gemmJob[T Float] struct {
	product[T]
	sa, sb, sc int // from product to product of a batch

	// The bodies of parallel loops; as values of their own each loop would allocate them.
	runTasks, runPack, runDots, runBatch func(j *gemmJob[T], lo, hi int)

	blocking
	packA, packB bool
	turned       bool // C is computed transposed: each task turns its part over
	late         bool // each task packs its columns of B when it needs them
	bufA, bufB   []T  // packed panels, each padded to sizeA or sizeB elements
	sizeA, sizeB int
	blockA       mem.Block // what bufA lies in
	blockB       mem.Block
	freshB       bool // B is to be packed for the block at hand

	terms      even // blocks of terms
	t0, t1     int  // the blocks of terms that the tasks go through
	i0, i1     int  // the rows and columns of C at hand
	j0, j1     int
	rows, cols int  // tasks: a grid
	panelsA    even // of rows [i0, i1)
	panel      int  // columns in a panel: nr, or wide when there is one row
	panelsB    int  // of columns [j0, j1)
	taskA      even // panels of A in a task
	taskB      even
}

var (
	gemmJobs32 = sync.Pool{New: newGemmJob[float32]}
	gemmJobs64 = sync.Pool{New: newGemmJob[float64]}
)

func newGemmJob[T Float]() any {
	return &gemmJob[T]{runTasks: gemmTasks[T], runPack: gemmPack[T], runDots: gemmDots[T], runBatch: gemmItems[T]}
}

func gemmJobs[T Float]() *sync.Pool {
	if unsafe.Sizeof(T(0)) == 4 {
		return &gemmJobs32
	}
	return &gemmJobs64
}

// newJob takes a job with its workspace from a pool.
func (g *product[T]) newJob() *gemmJob[T] {
	j := gemmJobs[T]().Get().(*gemmJob[T])
	j.product = *g
	return j
}

// free gives the job and its memory back, without the caller's.
func (j *gemmJob[T]) free() {
	j.blockA.Put()
	j.blockB.Put()
	j.bufA, j.bufB, j.blockA, j.blockB = nil, nil, mem.Block{}, mem.Block{}
	j.product, j.turned, j.late = product[T]{}, false, false
	gemmJobs[T]().Put(j)
}

// run computes a product that has something to write.
func (g *product[T]) run() {
	// A stride that is never taken is whatever suits the kernels.
	if g.n == 1 {
		g.bcs = 1
	}
	if g.n == 1 && g.ars == 1 && g.acs != 1 && g.ldc == 1 {
		g.swap()
	}
	if g.dots() {
		return
	}
	bl := blockingOf[T](g.im)
	packA, packB := g.pack(&bl)
	if g.im == implGo && (g.m == 1 || g.m*g.n*g.k <= naiveTerms) && !packAlways {
		g.naive()
		return
	}
	if !packA && !packB && g.m <= bl.mr && g.k <= bl.kc && g.n == bl.width(g.im, g.n) {
		x := gemmTile[T]{a: g.a, b: g.b, c: g.c, ars: g.ars, acs: g.acs, brs: g.brs, ldc: g.ldc, m: g.m, n: g.n, k: g.k,
			rowBias: g.ep.RowBias, colBias: g.ep.ColBias, flags: g.ep.flags()}
		x.run(g.im)
		return
	}
	if !packA && !packB && g.flops() <= grainFlops(g.im) {
		j := gemmJob[T]{product: *g, blocking: bl, terms: evenly(g.k, bl.kc)}
		j.t1 = j.terms.parts
		j.block(0, g.m, 0, g.n)
		for i := range j.rows * j.cols {
			j.task(i)
		}
		return
	}
	j := g.newJob()
	defer j.free()
	j.blocking, j.packA, j.packB = bl, packA, packB
	if j.turned = g.turns(&bl); j.turned {
		j.a, j.ars, j.acs, j.b, j.brs, j.bcs = g.b, g.bcs, g.brs, g.a, g.acs, g.ars
		j.m, j.n, j.ep.RowBias, j.ep.ColBias = g.n, g.m, g.ep.ColBias, g.ep.RowBias
		j.packA, j.packB = false, true
	}
	j.blocks()
}

// wholeTerms says whether m rows of k terms may be packed at once: it bounds the workspace and how long a packing kernel runs.
func wholeTerms(m, k int) bool { return k <= 1<<13 && m*k <= 1<<20 }

// turns says whether to compute C^T = B^T A^T: where few rows meet the transpose of a large matrix, as in a dense layer, this
// saves copying the latter.
func (g *product[T]) turns(bl *blocking) bool {
	return !g.im.portable() && !packAlways && g.brs == 1 && g.bcs != 1 && g.acs == 1 && !g.ep.Accumulate && (g.ep.RowBias == nil || g.ep.ColBias == nil) &&
		g.m >= 2*bl.nr && g.n >= bl.nr && g.k >= bl.nr && wholeTerms(g.m, g.k) && g.m <= bl.nc && g.m*(g.k+2*g.n) < g.n*g.k
}

// swap makes a product with one column one with one row, C^T = B^T A^T.
func (g *product[T]) swap() {
	g.a, g.b, g.m, g.n = g.b, g.a, 1, g.m
	g.ars, g.acs, g.brs, g.bcs = 0, g.brs, g.acs, 1
	g.ep.RowBias, g.ep.ColBias = g.ep.ColBias, g.ep.RowBias
}

// packAlways makes small products take the way of large ones, for tests.
var packAlways bool

// pack says which matrices to copy into panels before use, and adapts the tile to one row.
func (g *product[T]) pack(bl *blocking) (a, b bool) {
	if g.im.portable() || packAlways {
		return true, true
	}
	if g.m == 1 && g.bcs == 1 {
		bl.mr = 1
		return false, false
	}
	// Measured: packing pays from so many uses of each element on; sooner where neighbours of a panel lie a page apart,
	// in one set of the cache.
	page := func(stride int) bool { return stride*int(unsafe.Sizeof(T(0)))%4096 == 0 }
	b = g.bcs != 1 || g.m >= 24*bl.mr && g.n*g.k >= 1<<15 || page(g.brs) && g.m >= 3*bl.mr && g.k >= 64
	a = g.n >= 512 || !b && (g.n >= 384 || g.n >= 192 && g.k > 320) || g.acs != 1 && g.n >= 96
	return a, b
}

// blocks goes through the product block by block.
func (j *gemmJob[T]) blocks() {
	j.terms = evenly(j.k, j.kc)
	// Where one task has all rows, what it packs of B just before use is still near.
	j.late = j.packB && !j.turned && j.m <= lateRows && wholeTerms(j.m, j.k) && !j.im.portable()
	if !j.packA && !j.packB || j.turned || j.late {
		j.t0, j.t1 = 0, j.terms.parts
		j.block(0, j.m, 0, j.n)
		j.packBlock(!j.late)
		j.tasks()
		return
	}
	rows, cols := evenly(j.m, j.m), evenly((j.n+j.nr-1)/j.nr, j.n)
	if j.packA {
		rows = evenly(j.m, maxRows)
	}
	if j.packB {
		cols = evenly((j.n+j.nr-1)/j.nr, maxCols/j.nr)
	}
	for c := range cols.parts {
		c0, c1 := cols.part(c)
		for t := range j.terms.parts {
			j.t0, j.t1 = t, t+1
			for r := range rows.parts {
				r0, r1 := rows.part(r)
				j.block(r0, r1, c0*j.nr, min(c1*j.nr, j.n))
				j.packBlock(r == 0)
				j.tasks()
			}
		}
	}
}

// block cuts rows [i0, i1) and columns [j0, j1) of C into panels and tasks.
func (j *gemmJob[T]) block(i0, i1, j0, j1 int) {
	j.i0, j.i1, j.j0, j.j1 = i0, i1, j0, j1
	j.panelsA = evenly(i1-i0, j.mr)
	if j.panel = j.nr; j.mr == 1 {
		j.panel = j.wide
	}
	j.panelsB = (j1 - j0 + j.panel - 1) / j.panel
	a, b := min(j.panelsA.parts, j.mc/j.mr), min(j.panelsB, max(1, j.nc/j.panel))
	if j.late {
		a = j.panelsA.parts
	}
	for want := min(minTasks, j.blockFlops()/(4*grainFlops(j.im))); (j.panelsA.parts/a)*(j.panelsB/b) < want && a*b > 1; {
		// Columns first: a panel of B is loaded for every task, the rows of A stay in the second-level cache.
		if b > 2 && !j.turned || a == 1 {
			b = (b + 1) / 2
		} else {
			a = (a + 1) / 2
		}
	}
	j.taskA, j.taskB = evenly(j.panelsA.parts, a), evenly(j.panelsB, b)
	j.rows, j.cols = j.taskA.parts, j.taskB.parts
}

// tasks computes the block at hand. Tasks that follow each other share rows of A.
func (j *gemmJob[T]) tasks() {
	n := j.rows * j.cols
	parallel.ForArg(n, grainFlops(j.im)/(j.blockFlops()/n+1)+1, j, j.runTasks)
}

// blockFlops counts the operations in the block at hand.
func (j *gemmJob[T]) blockFlops() int {
	return 2 * (j.i1 - j.i0) * (j.j1 - j.j0) * max(1, j.k/j.terms.parts*(j.t1-j.t0))
}

func gemmTasks[T Float](j *gemmJob[T], lo, hi int) {
	for i := lo; i < hi; i++ {
		j.task(i)
	}
}
