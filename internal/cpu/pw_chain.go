package cpu

import (
	"sync"
	"unsafe"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Step is one function of a chain. Input i is operand In[i] or, where that is negative, the result of step ^In[i], an earlier one.
type Step[T Float] struct {
	P   Pointwise
	In  []int
	Dst []T // where the result goes; nil: it is only for later steps
	// Fill, unless nil, computes elements [lo, lo+len(dst)) in place of P and In; stream says that dst is written around the caches,
	// and may be ignored.
	Fill func(dst []T, lo int, stream bool)
}

// MapChain computes the steps over the row-major elements of dims, tile by tile: what is not kept in a Dst never leaves the first
// cache. The bits are those of one Map for each step. Every code must have a kernel (HasKernel).
func MapChain[T Float](dims []int, steps []Step[T], in []Operand[T]) {
	n := 1
	for _, d := range dims {
		n *= d
	}
	j := &chainJob[T]{n: n, steps: steps, in: make([]loader[T], len(in)), kernels: make([]kernel[T], len(steps))}
	grain := grainCheap
	for i := range in {
		j.in[i].init(&in[i], dims)
	}
	for i, s := range steps {
		if s.Fill == nil {
			j.kernels[i] = kernelOf[T](s.P.Code)
			grain = min(grain, s.P.Code.grain())
		}
	}
	// Only the last result is not read again by the chain itself.
	if last := len(steps) - 1; steps[last].Fill != nil {
		j.stream = streams(n)
	} else if k := streamKernelOf(steps[last].P.Code, steps[last].Dst); k != nil {
		j.kernels[last], j.stream = k, true
	}
	parallel.For(n, grain, j.chunk)
}

// HasKernel reports whether elements of type T have a loop for the code.
func HasKernel[T Number](c Code) bool { return kernelOf[T](c) != nil }

type chainJob[T Float] struct {
	n       int
	steps   []Step[T]
	kernels []kernel[T]
	in      []loader[T]
	stream  bool
}

// chainScratch is what a chunk works with.
type chainScratch[T Float] struct {
	in      []loader[T]
	results [][]T // of each step, one tile
}

var chains32, chains64 sync.Pool // of *chainScratch

func (j *chainJob[T]) chunk(lo, hi int) {
	pool := &chains32
	if unsafe.Sizeof(T(0)) == 8 {
		pool = &chains64
	}
	s, _ := pool.Get().(*chainScratch[T])
	if s == nil {
		s = new(chainScratch[T])
	}
	s.in = append(s.in[:0], j.in...)
	s.results = append(s.results[:0], make([][]T, len(j.steps))...)
	j.tiles(s.in, s.results, lo, hi)
	clear(s.in)
	clear(s.results)
	pool.Put(s)
}

// tiles computes elements [lo, hi).
func (j *chainJob[T]) tiles(in []loader[T], results [][]T, lo, hi int) {
	tiles := 0
	for i := range in {
		if !in[i].flat {
			tiles++
		}
	}
	for _, s := range j.steps {
		if s.Dst == nil {
			tiles++
		}
	}
	mem, pooled := borrow[T](tiles * tile)
	defer pooled.Put()
	next := func() []T {
		b := mem[:tile]
		mem = mem[tile:]
		return b
	}
	for i := range in {
		if !in[i].flat {
			in[i].buf, in[i].filled = next(), false
		}
	}
	for i, s := range j.steps {
		if s.Dst == nil {
			results[i] = next()
		}
	}
	last := len(j.steps) - 1
	for ; lo < hi; lo += tile {
		n := min(tile, hi-lo)
		for i := range j.steps {
			s := &j.steps[i]
			d := s.Dst
			if d != nil {
				d = d[lo : lo+n]
				results[i] = d
			} else {
				d = results[i][:n]
			}
			if s.Fill != nil {
				s.Fill(d, lo, j.stream && i == last)
				continue
			}
			var x [3][]T
			for k, from := range s.In {
				if from < 0 {
					x[k] = results[^from][:n]
				} else {
					x[k] = in[from].load(lo, n)
				}
			}
			j.kernels[i](d, x[0], x[1], x[2], s.P)
		}
	}
	if j.stream {
		fence()
	}
}
