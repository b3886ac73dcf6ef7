//go:build amd64 && !noasm

package cpu

import "golang.org/x/sys/cpu"

// widenVectors does as many elements as fit whole vectors, and returns how many.
func widenVectors(h Half, dst []float32, src []uint16, stream bool) int {
	if inUse() == implGo || h == Float16 && !cpu.X86.HasF16C {
		return 0
	}
	n := len(dst) &^ 15
	inBlocks(n, func(lo, hi int) {
		switch d, s, n := &dst[lo], &src[lo], hi-lo; {
		case h == BFloat16 && stream:
			halfWidenBF16StreamAVX2(d, s, n)
		case h == BFloat16:
			halfWidenBF16AVX2(d, s, n)
		case stream:
			halfWidenF16StreamAVX2(d, s, n)
		default:
			halfWidenF16AVX2(d, s, n)
		}
	})
	return n
}

func roundVectors(h Half, dst []uint16, src []float32) int {
	if inUse() == implGo || h == Float16 && !cpu.X86.HasF16C {
		return 0
	}
	n := len(dst) &^ 15
	inBlocks(n, func(lo, hi int) {
		if h == BFloat16 {
			halfRoundBF16AVX2(&dst[lo], &src[lo], hi-lo)
		} else {
			halfRoundF16AVX2(&dst[lo], &src[lo], hi-lo)
		}
	})
	return n
}

func pairVectors(dst []float32, even, odd []uint16) int {
	if inUse() == implGo {
		return 0
	}
	n := len(dst) &^ 15
	inBlocks(n, func(lo, hi int) { halfPairsAVX2(&dst[lo], &even[lo], &odd[lo], hi-lo) })
	return n
}

// dotHalves says whether there is a kernel of dot products for rows of k halves.
func dotHalves(im Impl, h Half, k int) bool {
	return im != implGo && k%32 == 0 && (h == BFloat16 || cpu.X86.HasF16C)
}

// dotRowsHalf is dotRows of float32 with rows of halves.
//
//go:noinline
func dotRowsHalf(im Impl, h Half, x []float32, b []uint16, ldb, n, k int, sum *[dotGroup]float32) {
	switch {
	case im == implAVX512 && h == BFloat16:
		gemmDotF32BF16AVX512(&x[0], &b[0], ldb, n, k, &sum[0])
	case im == implAVX512:
		gemmDotF32F16AVX512(&x[0], &b[0], ldb, n, k, &sum[0])
	case h == BFloat16:
		gemmDotF32BF16AVX2(&x[0], &b[0], ldb, n, k, &sum[0])
	default:
		gemmDotF32F16AVX2(&x[0], &b[0], ldb, n, k, &sum[0])
	}
}
