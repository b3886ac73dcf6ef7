//go:build amd64 && !noasm

package cpu

import "unsafe"

// tapSum calls the kernel of the implementation in use. It is not inlined, so that each call is a safepoint for the garbage
// collector: assembly has none.
//
//go:noinline
func tapSum[T Float](z []T, zp int, buf []T, bp, lines, n int, off []int, w []T) {
	if !isF32[T]() || inUse() == implGo || lines == 0 || n == 0 {
		tapSumGo(z, zp, buf, bp, lines, n, off, w)
		return
	}
	for len(w) > 0 {
		k := min(len(w), maxTaps)
		if inUse() == implAVX512 {
			convTapSumAVX512(f32(z), zp, f32(buf), bp, lines, n, unsafe.SliceData(off), f32(w), k)
		} else {
			convTapSumAVX2(f32(z), zp, f32(buf), bp, lines, n, unsafe.SliceData(off), f32(w), k)
		}
		off, w = off[k:], w[k:]
	}
}

// tapDots is as tapSum.
//
//go:noinline
func tapDots[T Float](v []T, vp int, buf []T, bp, lines, n int, off []int, sums []float64) {
	if !isF32[T]() || inUse() == implGo || lines == 0 || n == 0 {
		tapDotsGo(v, vp, buf, bp, lines, n, off, sums)
		return
	}
	var part [64]float32
	for len(off) > 0 {
		k := min(len(off), len(part))
		if inUse() == implAVX512 {
			convTapDotsAVX512(f32(v), vp, f32(buf), bp, lines, n, unsafe.SliceData(off), k, &part[0])
		} else {
			convTapDotsAVX2(f32(v), vp, f32(buf), bp, lines, n, unsafe.SliceData(off), k, &part[0])
		}
		for i, f := range part[:k] {
			sums[i] += float64(f)
		}
		off, sums = off[k:], sums[k:]
	}
}
