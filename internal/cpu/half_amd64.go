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
