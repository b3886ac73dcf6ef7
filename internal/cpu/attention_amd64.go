//go:build amd64 && !noasm

package cpu

// whole returns the part of n elements that the vectors of the kernels can do.
func whole[T Float](im Impl, n int) int {
	if im == implGo || !isF32[T]() {
		return 0
	}
	return n &^ 7
}

// wide returns the part of n elements, whole vectors, that AVX-512's vectors of 16 do; those of AVX2 do the rest.
func wide(im Impl, n int) int {
	if im != implAVX512 {
		return 0
	}
	return n &^ 15
}

// colMax raises top to the largest of each column of s, rows of len(top) elements, for as many columns as it returns. The
// kernels are not inlined, so that each call is a safepoint for the garbage collector: assembly has none.
//
//go:noinline
func colMax[T Float](im Impl, s, top []T) int {
	n := whole[T](im, len(top))
	if n == 0 || len(s) == 0 {
		return 0
	}
	w, ld, rows := wide(im, n), len(top), len(s)/len(top)
	if w > 0 {
		attentionColMaxAVX512(f32(s), ld, rows, w, f32(top))
	}
	if w < n {
		attentionColMaxAVX2(f32(s[w:]), ld, rows, n-w, f32(top[w:]))
	}
	return n
}

// expCols replaces s by exp(s - m) and adds this to sum, by columns, for as many as it returns.
//
//go:noinline
func expCols[T Float](im Impl, s, m, sum []T) int {
	n := whole[T](im, len(m))
	if n == 0 || len(s) == 0 {
		return 0
	}
	w, ld, rows := wide(im, n), len(m), len(s)/len(m)
	if w > 0 {
		attentionExpColsAVX512(f32(s), ld, rows, w, f32(m), f32(sum))
	}
	if w < n {
		attentionExpColsAVX2(f32(s[w:]), ld, rows, n-w, f32(m[w:]), f32(sum[w:]))
	}
	return n
}

// softmaxGradVector is softmaxGradRow for as many elements as it returns.
//
//go:noinline
func softmaxGradVector[T Float](im Impl, s, dp []T, lse float64, delta T) int {
	n := whole[T](im, len(s))
	high := float32(lse)
	var low float32
	if lse-lse == 0 {
		low = float32(lse - float64(high))
	}
	w := wide(im, n)
	if w > 0 {
		attentionSoftmaxGradAVX512(f32(s), f32(dp), w, high, low, float32(delta))
	}
	if w < n {
		attentionSoftmaxGradAVX2(f32(s[w:]), f32(dp[w:]), n-w, high, low, float32(delta))
	}
	return n
}
