// Package cpu holds the kernels that compute on the CPU: on slices and strides, without knowledge of tensors.
//
// # Elementwise functions
//
// A Pointwise is a function as data. Map runs it tile by tile; operands that are not contiguous are gathered into a tile
// first, results larger than half a cache are written around it (vector.go). Float32 functions compute in float64 and round
// once (pw_core.go); float64 functions are package math's.
//
// Largest errors in units in the last place, as the tests hold them:
//
//	float32   0.51 all but sine and cosine 0.61, tangent 0.63; gradients that have a zero of their own are measured
//	          against 1/64 there; the gradients of tanh and sigmoid, Hardsigmoid and Hardswish round each step of arithmetic
//	float64   0.5 arithmetic, square roots; 1 exponentials, ln, erf; 2 other logarithms, (inverse) trigonometric and
//	          hyperbolic functions, erfc, sigmoid, softplus; 3 SiLU, Mish; 8 powers; GELU 1 + x² in its left tail
//
// Nanoseconds an element for 1e6 float32 of N(0, 1) on one thread (Zen 3, 2.45 GHz), and how many times those of PyTorch
// 1.13, which has AVX2 code for most of these, in the same run. With AVX2:
//
//	add   0.29 1.0    exp      1.26 1.2    gelu           2.7 2.5
//	div   0.27 0.9    tanh     1.44 0.5    gelu gradient  3.2 1.8
//	relu  0.15 0.8    sigmoid  1.48 1.4    sqrt           0.22 1.0
//
// In Go, as everything else is on any processor:
//
//	log   4.0 3.0    sin  4.7 3.9    softplus  9.8 3.4
//	pow   8.7 1.7    erf  6.4 1.6    silu      4.5 4.9    mish  4.8 0.7
package cpu

import (
	"sync"
	"unsafe"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Number lists the element types of arithmetic kernels.
type Number interface {
	float32 | float64 | int64 | int32 | uint8
}

// Pointwise is an elementwise op as data: a code and its constants, so that chains of them can be walked and fused.
type Pointwise struct {
	Code       Code
	S0, S1, S2 float64
}

// Operand is one input of an elementwise kernel: the elements and, for each dimension of the result, the distance between
// neighbours (0 where the input is broadcast).
type Operand[T any] struct {
	Data    []T
	Strides [8]int
}

// tile is the number of elements that pass through the kernels at a time: three float32 tiles and the result fill half of a
// 32 KiB first-level cache.
const tile = 1024

// grain is the number of elements below which a loop stays on the caller, for kernels that cost about a nanosecond or a
// tenth of one an element.
const (
	grainCostly = 4 * tile
	grainCheap  = 32 * tile
)

// MapFlat computes dst[i] = p(a[i], b[i], c[i]); inputs that p does not have are nil. It returns false when there is no
// kernel for the code and type.
func MapFlat[T Number](p Pointwise, dst, a, b, c []T) bool {
	k := kernelOf[T](p.Code)
	switch {
	case k == nil:
		return false
	case len(dst) <= tile:
		k(dst, a, b, c, p)
	default:
		j := mapJob[T]{k: k, p: p, dst: dst}
		for i, x := range [3][]T{a, b, c} {
			j.in[i].data, j.in[i].flat = x, x != nil
		}
		j.run()
	}
	return true
}

// Map is MapFlat for operands of any strides, over the row-major elements of dims.
func Map[T Number](p Pointwise, dims []int, dst []T, in ...Operand[T]) bool {
	k := kernelOf[T](p.Code)
	if k == nil {
		return false
	}
	j := mapJob[T]{k: k, p: p, dst: dst}
	for i := range in {
		j.in[i].init(&in[i], dims)
	}
	j.run()
	return true
}

type mapJob[T Number] struct {
	k      kernel[T]
	stream bool // k streams
	p      Pointwise
	dst    []T
	in     [3]loader[T]
}

// run stays off the heap when the work stays on the caller.
func (j *mapJob[T]) run() {
	if k := streamKernelOf(j.p.Code, j.dst); k != nil {
		j.k, j.stream = k, true
	}
	if n, grain := len(j.dst), j.p.Code.grain(); n <= grain {
		j.chunk(0, n)
	} else {
		shared := *j
		parallel.For(n, grain, shared.fork)
	}
}

// fork is chunk on a copy that has its own buffers.
func (j *mapJob[T]) fork(lo, hi int) {
	own := *j
	own.chunk(lo, hi)
}

func (j *mapJob[T]) chunk(lo, hi int) {
	s := lend(&j.in[0], &j.in[1], &j.in[2])
	for ; lo < hi; lo += tile {
		n := min(tile, hi-lo)
		j.k(j.dst[lo:lo+n], j.in[0].load(lo, n), j.in[1].load(lo, n), j.in[2].load(lo, n), j.p)
	}
	if j.stream {
		fence()
	}
	s.giveBack()
}

// Compare computes dst[i] = a[i] <code> b[i].
func Compare[T Number](code Code, dims []int, dst []bool, a, b Operand[T]) {
	j := compareJob[T]{code: code, dst: dst}
	j.a.init(&a, dims)
	j.b.init(&b, dims)
	if len(dst) <= grainCheap {
		j.chunk(0, len(dst))
	} else {
		shared := j
		parallel.For(len(dst), grainCheap, shared.fork)
	}
}

type compareJob[T Number] struct {
	code Code
	dst  []bool
	a, b loader[T]
}

func (j *compareJob[T]) fork(lo, hi int) {
	own := *j
	own.chunk(lo, hi)
}

func (j *compareJob[T]) chunk(lo, hi int) {
	s := lend(&j.a, &j.b)
	var k *vectorKernels
	if _, ok := any(T(0)).(float32); ok {
		k = vectors[float32]()
	}
	for ; lo < hi; lo += tile {
		n := min(tile, hi-lo)
		d, a, b := j.dst[lo:lo+n], j.a.load(lo, n), j.b.load(lo, n)
		if k != nil {
			done := k.compare(j.code, d, words(a), words(b))
			d, a, b = d[done:], a[done:], b[done:]
		}
		compare(j.code, d, a, b)
	}
	s.giveBack()
}

// Select computes dst[i] = cond[i] ? a[i] : b[i]. The elements are only moved, so a type of the same size will do.
func Select[T uint8 | uint16 | uint32 | uint64](dims []int, dst []T, cond Operand[bool], a, b Operand[T]) {
	j := selectJob[T]{dst: dst}
	j.cond.init(&cond, dims)
	j.a.init(&a, dims)
	j.b.init(&b, dims)
	if len(dst) <= grainCheap {
		j.chunk(0, len(dst))
	} else {
		shared := j
		parallel.For(len(dst), grainCheap, shared.fork)
	}
}

type selectJob[T any] struct {
	dst  []T
	cond loader[bool]
	a, b loader[T]
}

func (j *selectJob[T]) fork(lo, hi int) {
	own := *j
	own.chunk(lo, hi)
}

func (j *selectJob[T]) chunk(lo, hi int) {
	sc, s := lend(&j.cond), lend(&j.a, &j.b)
	var k *vectorKernels
	if unsafe.Sizeof(*new(T)) == 4 {
		k = vectors[float32]()
	}
	for ; lo < hi; lo += tile {
		n := min(tile, hi-lo)
		c, x, y, d := j.cond.load(lo, n), j.a.load(lo, n), j.b.load(lo, n), j.dst[lo:lo+n]
		if k != nil {
			done := k.choose(words(d), c, words(x), words(y))
			c, x, y, d = c[done:], x[done:], y[done:], d[done:]
		}
		x, y, c = x[:len(d)], y[:len(d)], c[:len(d)]
		for i := range d {
			v := y[i]
			if c[i] {
				v = x[i]
			}
			d[i] = v
		}
	}
	sc.giveBack()
	s.giveBack()
}

// scratch holds a tile for each operand.
type scratch [3][tile]uint64

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// lend gives the loaders that copy a buffer; it returns nil when none does.
func lend[T any](loaders ...*loader[T]) (s *scratch) {
	for i, l := range loaders {
		if l.flat || l.data == nil {
			continue
		}
		if s == nil {
			s = scratches.Get().(*scratch)
		}
		l.buf = unsafe.Slice((*T)(unsafe.Pointer(&s[i])), tile)
		l.filled = false
	}
	return s
}

func (s *scratch) giveBack() {
	if s != nil {
		scratches.Put(s)
	}
}

// loader reads an operand tile by tile: in place where it is contiguous, else gathered into a buffer.
type loader[T any] struct {
	data   []T
	flat   bool // element i is data[i]
	filled bool // a constant operand's buffer is already full
	rank   int
	dim    [8]int // merged dimensions
	stride [8]int
	buf    []T
}

func (l *loader[T]) init(o *Operand[T], dims []int) {
	l.data = o.Data
	n := 0
	for i, d := range dims {
		if d == 1 {
			continue
		}
		if n > 0 && l.stride[n-1] == o.Strides[i]*d {
			l.dim[n-1] *= d
			l.stride[n-1] = o.Strides[i]
			continue
		}
		l.dim[n], l.stride[n] = d, o.Strides[i]
		n++
	}
	l.rank = n
	l.flat = n == 1 && l.stride[0] == 1 || n == 0
}

// load returns elements [lo, lo+n) of the operand.
func (l *loader[T]) load(lo, n int) []T {
	switch {
	case l.flat:
		return l.data[lo : lo+n]
	case l.data == nil:
		return nil
	case l.rank == 1 && l.stride[0] == 0:
		if !l.filled {
			fill(l.buf, l.data[0])
			l.filled = true
		}
		return l.buf[:n]
	}
	l.gather(l.buf[:n], lo)
	return l.buf[:n]
}

// gather copies elements [lo, lo+len(dst)) to dst, one run of the innermost dimension at a time.
func (l *loader[T]) gather(dst []T, lo int) {
	var idx [8]int
	at := 0
	for i := l.rank - 1; i >= 0; i-- {
		idx[i] = lo % l.dim[i]
		lo /= l.dim[i]
		at += idx[i] * l.stride[i]
	}
	in := l.rank - 1
	st := l.stride[in]
	for {
		n := min(l.dim[in]-idx[in], len(dst))
		switch st {
		case 1:
			copy(dst[:n], l.data[at:at+n])
		case 0:
			fill(dst[:n], l.data[at])
		default:
			d, src := dst[:n], l.data[at:]
			for i := range d {
				d[i] = src[i*st]
			}
		}
		dst = dst[n:]
		if len(dst) == 0 {
			return
		}
		at -= idx[in] * st
		idx[in] = 0
		for i := in - 1; i >= 0; i-- {
			idx[i]++
			at += l.stride[i]
			if idx[i] < l.dim[i] {
				break
			}
			at -= idx[i] * l.stride[i]
			idx[i] = 0
		}
	}
}

func fill[T any](d []T, v T) {
	for i := range d {
		d[i] = v
	}
}
