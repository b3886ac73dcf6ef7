//go:build arm64 && !noasm

package cpu

// attentionColMaxNEON is
//
//	for j := range rows { for i := range n { if s[j*ld+i] > top[i] { top[i] = s[j*ld+i] } } }
//
// for n a multiple of 8 and rows, both at least 1.
//
//go:noescape
func attentionColMaxNEON(s *float32, ld, rows, n int, top *float32)

// attentionExpColsNEON is
//
//	for j := range rows { for i := range n { s[j*ld+i] = exp(s[j*ld+i] - m[i]); sum[i] += s[j*ld+i] } }
//
// for n a multiple of 8 and rows, both at least 1. No s[j*ld+i] is above m[i].
//
//go:noescape
func attentionExpColsNEON(s *float32, ld, rows, n int, m, sum *float32)

// attentionSoftmaxGradNEON is
//
//	for j := range n { s[j] = exp(s[j] - high - low); ds[j] = s[j] * (ds[j] - delta) }
//
// where the exponential is less than e^40.
//
//go:noescape
func attentionSoftmaxGradNEON(s, ds *float32, n int, high, low, delta float32)

// vectorColumns returns the part of n columns that the kernels do.
func vectorColumns[T Float](im Impl, n int) int {
	if im == implGo || !isF32[T]() {
		return 0
	}
	return n &^ 7
}

// colMax raises top to the largest of each column of s, rows of len(top) elements, for as many columns as it returns. The
// kernels are not inlined, so that each call is a safepoint for the garbage collector: assembly has none.
//
//go:noinline
func colMax[T Float](im Impl, s, top []T) int {
	n := vectorColumns[T](im, len(top))
	if n == 0 || len(s) == 0 {
		return 0
	}
	attentionColMaxNEON(f32(s), len(top), len(s)/len(top), n, f32(top))
	return n
}

// expCols replaces s by exp(s - m) and adds this to sum, by columns, for as many as it returns.
//
//go:noinline
func expCols[T Float](im Impl, s, m, sum []T) int {
	n := vectorColumns[T](im, len(m))
	if n == 0 || len(s) == 0 {
		return 0
	}
	attentionExpColsNEON(f32(s), len(m), len(s)/len(m), n, f32(m), f32(sum))
	return n
}

// softmaxGradVector is softmaxGradRow for as many elements as it returns.
//
//go:noinline
func softmaxGradVector[T Float](im Impl, s, dp []T, lse float64, delta T) int {
	if im == implGo || !isF32[T]() {
		return 0
	}
	high := float32(lse)
	var low float32
	if lse-lse == 0 {
		low = float32(lse - float64(high))
	}
	_ = dp[:len(s)]
	attentionSoftmaxGradNEON(f32(s), f32(dp), len(s), high, low, float32(delta))
	return len(s)
}
