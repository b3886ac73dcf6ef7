//go:build amd64 && !noasm

package cpu

// whole returns the part of n elements that the vectors of the kernels can do.
func whole[T Float](im Impl, n int) int {
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
	n := whole[T](im, len(top))
	if n == 0 || len(s) == 0 {
		return 0
	}
	attentionColMaxAVX2(f32(s), len(top), len(s)/len(top), n, f32(top))
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
	attentionExpColsAVX2(f32(s), len(m), len(s)/len(m), n, f32(m), f32(sum))
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
	if n > 0 {
		attentionSoftmaxGradAVX2(f32(s), f32(dp), n, high, low, float32(delta))
	}
	return n
}
