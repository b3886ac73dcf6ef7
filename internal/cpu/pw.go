// Package cpu holds the kernels that compute on the CPU: on slices and strides, without knowledge of tensors.
//
// # Elementwise functions
//
// A Pointwise is a function as data. Map runs it tile by tile; operands that are not contiguous are gathered into a tile
// first, results larger than half a cache are written around it (vector.go). In Go, float32 functions compute in float64 and
// round once (pw_core.go); float64 functions are package math's.
//
// Largest errors in units in the last place, as the tests hold them:
//
//	float32   0.51 all but sine and cosine 0.61, tangent 0.63; gradients that have a zero of their own are measured
//	          against 1/64 there; the gradients of tanh and sigmoid, Hardsigmoid and Hardswish round each step of arithmetic
//	  AVX2    exp 0.76, ln 0.89, ELU 0.9, SELU 1.8, sigmoid 2.4, tanh 2.2, SiLU 3.2, GELU 9 below -3 and 4.2 above, the gradients of
//	          softplus, log sigmoid and ELU 2.6; those of GELU 3 and SiLU 3.5, measured against 1/2; the rest as in Go
//	float64   0.5 arithmetic, square roots; 1 exponentials, ln, erf; 2 other logarithms, (inverse) trigonometric and
//	          hyperbolic functions, erfc, sigmoid, softplus; 3 SiLU, Mish; 8 powers; GELU 1 + x² in its left tail
//
// Nanoseconds of processor time an element for 1e5 and 1e7 float32 of N(0, 1) on one thread of a busy Zen 3, the least of 25,
// and those of PyTorch 1.13, which has AVX2 code for most of these, into kept memory where it takes out=; the functions of
// nn.functional, gelu, silu, elu, relu, softplus and gradients, pay for fresh pages at 1e7 (with kept pages gelu takes 0.9):
//
//	           AVX2         PyTorch               AVX2         PyTorch
//	add        0.20 0.41    0.19 0.60    silu     0.65 0.76    1.13 3.77
//	exp        0.50 0.60    0.73 0.73    its grad 0.73 0.85    1.10 3.95
//	log        0.62 0.74    1.29 1.34    elu      0.46 0.57    1.02 3.97
//	tanh       0.51 0.64    2.65 2.72    erf      2.7  2.8     3.98 4.10
//	its grad   0.17 0.45    0.23 3.25    softplus 2.5  2.5     2.95 5.79
//	sigmoid    0.55 0.66    0.80 0.84    clamp    0.12 0.32    0.13 0.48
//	gelu       0.47 0.60    0.91 3.85    relu     0.13 0.30    0.17 3.03
//	its grad   0.50 0.65    1.33 3.97    sqrt     0.20 0.28    0.21 0.50
//
// Functions computed in float64, four at a time (vector_elementary_amd64.go): sin 0.73 (PyTorch 1.2), log1p 1.3 (1.4), pow 2.9 (5.1), Mish 1.7
// (7.6), expm1 0.9, log2 1.2, tan 1.5, 1/sqrt 1.05. Still in Go: inverse trigonometric and hyperbolic functions, 29 for atan.
//
// GELU is a polynomial where |x| <= 3 and takes a branch beyond, on 2% of the vectors of N(0, 1); where the branch is a guess, at a standard
// deviation of 2, it costs what the exponential alone did before, 1.1. Its 18 steps of multiplication need 9 cycles for 8 elements; it takes 10.8.
// One polynomial's square for Φ (degree 12 up to 4) had 6 units of error, the fourth power 9, a table of four intervals in registers as many steps.
// PREFETCHT0 in front of the loops that stream gained nothing at any distance.
//
// What a function in assembly costs is about the latency of its chain of steps times their number: the schedulers hold 128
// steps, and a step later than that waits. So shorter chains (polynomials in two halves) paid and two vectors side by side, which
// need the registers twice, did not. Constants in registers took a quarter off exp: two loads a cycle are few. Tanh and
// sigmoid within 0.9 units cost half as much again or twice, for the sums' lost parts; a rational tanh has 5 units near 1. One legacy SSE
// instruction among AVX ones doubled a loop, and masked stores (VMASKMOVPS) are slow on AMD.
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
		if k != nil && k.compare != nil {
			done := k.compare(j.code, d, as32(a), as32(b))
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
		if k != nil && k.choose != nil {
			done := k.choose(as32(d), c, as32(x), as32(y))
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
