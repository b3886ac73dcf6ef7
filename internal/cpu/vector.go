package cpu

//go:generate sh -c "cd _asm && go run ./vector -out ../vector_amd64.s -stubs ../vector_stubs_amd64.go -pkg cpu"

import "unsafe"

// Milliseconds of one thread (Zen 3, AVX2), forward and backward with the memory of the results, and of PyTorch 1.13 in
// turns with the second; the columns are Go, assembly, PyTorch:
//
//	softmax        4096 x 1024     31.4  5.8   8.2    SGD, momentum   1e6    1.07  0.16  0.32
//	log softmax                    57.5  7.7  10.7    Adam                   4.98  0.42  2.07
//	cross-entropy                  53.5  6.5  15.0
//	layer norm                     23.6  4.9   7.6
//	batch norm     32, 64, 56, 56  31.0  7.0  33.1

// vectorKernels are loops over float32 in assembly; the functions of softmax.go, norm.go and optimizer.go that call them say
// what they compute. From split to addRows they are nil where there are none (NEON). Sums are of float64; expSum adds up four terms, none of them negative, in float32 first.
type vectorKernels struct {
	max            func(x []float32) float32
	extremes       func(x []float32) (lo, hi float32, ok bool)
	sum            func(x []float32) float64
	expSum         func(y, x []float32, m float32) float64
	affine         func(y, x []float32, m, a, b float32, stream bool)
	affineGrad     func(dx, g, x []float32, m, a, b, t float32, stream bool)
	softmaxGrad    func(dx, dy, y []float32, s float32, stream bool)
	logSoftmaxGrad func(dx, dy, y []float32, s float32, stream bool)
	sumSquares     func(x []float32, x0 float32) (s, q float64)
	sumProducts    func(g, x []float32, mu float64) (s, p float64)
	normalize      func(y, x, w, b []float32, m, scale, shift float32, stream bool)
	normGrad       func(dx, g, x, w []float32, m, r, b, t float32, stream bool)
	normGradSums   func(g, x, w []float32, mu, r float64, pw, pb []float64) (s, p float64)
	split          func(even, odd, x []float32) bool
	merge          func(x, even, odd []float32)
	maxTaps        func(y []float32, place []int32, x []float32, taps []int64, first, step int)
	addTaps        func(dx, dy []float32, place []int32, taps []int64, first, step int)
	maxRows        func(width int, y []float32, place []int32, x []float32, n, rows, ldx, out, step, left, first int) bool
	averageRows    func(width int, y, x []float32, n, rows, ldx, out, step, left int, divisor float32)
	unpool2        func(dx, dy []float32, place []int32, n, ldx, out, first int)
	turn           func(y, x []float32, stride int)
	compare        func(code Code, d []bool, a, b []float32) int
	choose         func(d []float32, c []bool, a, b []float32) int
	philox         func(dst []uint32, index, lo, hi uint64)
	drop           func(y, x []float32, words []uint32, p, scale float32, stream bool)
	addRows        func(acc []float64, x []float32, rows, stride int)
	descend        func(p, g []float32, lr, decay float32)
	sgd            func(p, g, buf []float32, c SGDStep[float32])
	adam           func(p, g, m, v []float32, c AdamStep[float32])
}

// streams reports whether a result of n elements is so large that it should pass by the caches: it fills half of one, as
// they are common, and is gone before it is used again. With rows that are computed in several passes the last one streams.
func streams(n int) bool { return n >= 1<<22 }

// vectors returns the kernels in use, nil where there are none for T.
func vectors[T Float]() *vectorKernels {
	if unsafe.Sizeof(T(0)) != 4 {
		return nil
	}
	return vectorsOf(inUse())
}

// as32 is x, whose elements have four bytes, as float32. What is not float32 may only be moved.
func as32[T any](x []T) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// vectorBlock is the number of elements of one call: at most 20 us.
const vectorBlock = 1 << 13

// inBlocks calls f, which is no leaf, for one block after the other: between two of them the garbage collector may stop the
// goroutine, which it cannot in assembly.
//
//go:noinline
func inBlocks(n int, f func(lo, hi int)) {
	inSteps(n, vectorBlock, f)
}

// inTapBlocks is inBlocks where each element takes taps of a window.
func inTapBlocks(n, taps int, f func(lo, hi int)) {
	inSteps(n, max(64, vectorBlock/taps&^63), f)
}

// inSteps is inBlocks with blocks of another size.
//
//go:noinline
func inSteps(n, step int, f func(lo, hi int)) {
	for lo := 0; lo < n; lo += step {
		f(lo, min(n, lo+step))
	}
}

// Sum returns the sum of x in float64 where there is a kernel for it.
func Sum[T float32 | float64 | int64](x []T) (sum float64, ok bool) {
	if k := vectorsOf(inUse()); k != nil && unsafe.Sizeof(T(0)) == 4 {
		return k.sum(as32(x)), true
	}
	return 0, false
}

// AddRows adds rows of x, stride apart, to acc in float64, and returns true, where there is a kernel for it.
func AddRows[A, T float32 | float64 | int64](acc []A, x []T, rows, stride int) bool {
	sums, ok := any(acc).([]float64)
	if k := vectorsOf(inUse()); ok && k != nil && k.addRows != nil && unsafe.Sizeof(T(0)) == 4 && len(acc) > 0 {
		k.addRows(sums, as32(x)[:(rows-1)*stride+len(sums)], rows, stride)
		return true
	}
	return false
}

// Extremes returns the smallest and the largest element of x where there is a kernel for it and none is NaN.
func Extremes[T Number](x []T) (lo, hi T, ok bool) {
	if _, is := any(T(0)).(float32); is && len(x) > 0 {
		if k := vectorsOf(inUse()); k != nil {
			l, h, ok := k.extremes(as32(x))
			return T(l), T(h), ok
		}
	}
	return 0, 0, false
}
