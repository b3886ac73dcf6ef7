package cpu

import (
	"sync"
	"unsafe"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/parallel"
)

// Reducer folds elements of type T into an accumulator A. Partial results are merged in a fixed order, so that a
// reduction gives the same bits however many workers share it.
type Reducer[T, A any] struct {
	Init  A
	Run   func(acc A, x []T, at int) A                // folds a run of elements; at is the place of x[0] in the reduced range
	Cols  func(acc []A, x []T, at int)                // folds x[i] into acc[i], all at the same place; nil: Run on single elements
	Rows  func(acc []A, x []T, rows, stride int) bool // Cols for rows that are stride apart; false, or nil: Cols
	Merge func(a, b A) A                              // a precedes b
}

// reduceChunk is the number of elements that one worker folds at a time when there are too few results to share out.
const reduceChunk = 32 * tile

// Reduce folds x over the dimensions marked in reduce. out(i, a) receives the accumulator of the i-th kept element in
// row-major order; it is called once for each, from several goroutines.
func Reduce[T, A any](dims []int, x Operand[T], reduce [8]bool, r Reducer[T, A], out func(i int, a A)) {
	var kept, red axes
	for i, d := range dims {
		if reduce[i] {
			red.add(d, x.Strides[i])
		} else {
			kept.add(d, x.Strides[i])
		}
	}
	nk, nr := kept.numel(), red.numel()
	if nk == 0 {
		return
	}
	if nr == 0 {
		for i := range nk {
			out(i, r.Init)
		}
		return
	}
	// Neighbouring results side by side in memory: walk rows and fold them into a row of accumulators.
	if n := kept.n; n > 0 && kept.stride[n-1] == 1 && kept.dim[n-1] > 4 && (red.n == 0 || red.stride[red.n-1] != 1) && r.Cols != nil {
		width := kept.dim[n-1]
		cols := min(width, 512)
		per := (width + cols - 1) / cols
		parallel.For(nk/width*per, max(1, reduceChunk/(cols*nr)), func(lo, hi int) {
			acc, block := accumulators[A](cols)
			defer block.Put()
			for t := lo; t < hi; t++ {
				row, c := t/per, t%per*cols
				n := min(cols, width-c)
				base := kept.offset(row*width) + c
				fill(acc[:n], r.Init)
				red.each(0, nr, func(at, off, run int) {
					st := red.runStride()
					if r.Rows != nil && r.Rows(acc[:n], x.Data[base+off:], run, st) {
						return
					}
					for i := range run {
						o := base + off + i*st
						r.Cols(acc[:n], x.Data[o:o+n], at+i)
					}
				})
				for i := range n {
					out(row*width+c+i, acc[i])
				}
			}
		})
		return
	}
	// Rows of a matrix, which may be short.
	if kept.n == 1 && red.n == 1 && red.stride[0] == 1 && nr <= reduceChunk && nk >= 64 {
		parallel.For(nk, max(1, reduceChunk/nr), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				out(i, r.Run(r.Init, x.Data[i*kept.stride[0]:][:nr], 0))
			}
		})
		return
	}
	fold := func(base, lo, hi int) A {
		acc := r.Init
		st := red.runStride()
		red.each(lo, hi, func(at, off, run int) {
			o := base + off
			if st == 1 {
				acc = r.Run(acc, x.Data[o:o+run], at)
				return
			}
			buf := gatherPool.Get().(*[tile]uint64)
			b := cast[T](buf)
			for run > 0 {
				n := min(run, tile)
				for i := range n {
					b[i] = x.Data[o+i*st]
				}
				acc = r.Run(acc, b[:n], at)
				o, at, run = o+n*st, at+n, run-n
			}
			gatherPool.Put(buf)
		})
		return acc
	}
	if nk >= 64 || nr <= reduceChunk {
		parallel.For(nk, max(1, reduceChunk/nr), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				base, acc := kept.offset(i), r.Init
				for c := 0; c < nr; c += reduceChunk {
					a := fold(base, c, min(nr, c+reduceChunk))
					if c == 0 {
						acc = a
					} else {
						acc = r.Merge(acc, a)
					}
				}
				out(i, acc)
			}
		})
		return
	}
	chunks := (nr + reduceChunk - 1) / reduceChunk
	parts := make([]A, nk*chunks)
	parallel.For(nk*chunks, 1, func(lo, hi int) {
		for t := lo; t < hi; t++ {
			c := t % chunks * reduceChunk
			parts[t] = fold(kept.offset(t/chunks), c, min(nr, c+reduceChunk))
		}
	})
	for i := range nk {
		acc := parts[i*chunks]
		for _, p := range parts[i*chunks+1 : (i+1)*chunks] {
			acc = r.Merge(acc, p)
		}
		out(i, acc)
	}
}

// axes is a set of dimensions, outermost first, with neighbours merged where memory allows.
type axes struct {
	n      int
	dim    [8]int
	stride [8]int
}

func (a *axes) add(d, st int) {
	if d == 1 {
		return
	}
	if a.n > 0 && a.stride[a.n-1] == st*d {
		a.dim[a.n-1] *= d
		a.stride[a.n-1] = st
		return
	}
	a.dim[a.n], a.stride[a.n] = d, st
	a.n++
}

func (a *axes) numel() int {
	n := 1
	for _, d := range a.dim[:a.n] {
		n *= d
	}
	return n
}

func (a *axes) offset(i int) (off int) {
	for k := a.n - 1; k >= 0; k-- {
		off += i % a.dim[k] * a.stride[k]
		i /= a.dim[k]
	}
	return off
}

func (a *axes) runStride() int {
	if a.n == 0 {
		return 1
	}
	return a.stride[a.n-1]
}

// each walks elements [lo, hi) in runs along the innermost dimension: f(place, offset, length).
func (a *axes) each(lo, hi int, f func(at, off, run int)) {
	inner := 1
	if a.n > 0 {
		inner = a.dim[a.n-1]
	}
	for lo < hi {
		run := min(inner-lo%inner, hi-lo)
		f(lo, a.offset(lo), run)
		lo += run
	}
}

var gatherPool = sync.Pool{New: func() any { return new([tile]uint64) }}

func cast[T any](b *[tile]uint64) []T { return unsafe.Slice((*T)(unsafe.Pointer(b)), tile) }

// accumulators takes memory for n accumulators, for the caller to put back.
func accumulators[A any](n int) ([]A, mem.Block) {
	if _, ok := any(*new(A)).(float64); ok {
		sums, block := borrow[float64](n)
		return any(sums).([]A), block
	}
	return make([]A, n), mem.Block{}
}
