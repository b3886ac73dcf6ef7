//go:build arm64 && !noasm

package cpu

import "unsafe"

// convTapSumNEON is, with one rounding in each multiply-add,
//
//	for l := range lines {
//		for j := range n {
//			for i := range taps { z[l*zp+j] += w[i] * buf[off[i]+l*bp+j] }
//		}
//	}
//
// lines, n and taps are at least 1. It reads and writes nothing else.
//
//go:noescape
func convTapSumNEON(z *float32, zp int, buf *float32, bp, lines, n int, off *int, w *float32, taps int)

// convTapDotsNEON is, with one rounding in each multiply-add and each sum kept in 4 parts,
//
//	for i := range taps {
//		sums[i] = 0
//		for l := range lines {
//			for j := range n { sums[i] += v[l*vp+j] * buf[off[i]+l*bp+j] }
//		}
//	}
//
// lines, n and taps are at least 1. It also writes what follows in sums up to a multiple of four.
//
//go:noescape
func convTapDotsNEON(v *float32, vp int, buf *float32, bp, lines, n int, off *int, taps int, sums *float32)

// tapCall is the number of taps in a call of assembly, which is to take less than 50 µs.
const tapCall = 64

// tapSum calls the kernel of the implementation in use, through functions that are not inlined, so that each call is a safepoint for
// the garbage collector: assembly has none.
func tapSum[T Float](z []T, zp int, buf []T, bp, lines, n int, off []int, w []T) {
	if !isF32[T]() || inUse() == implGo || lines == 0 || n == 0 {
		tapSumGo(z, zp, buf, bp, lines, n, off, w)
		return
	}
	for len(w) > 0 {
		k := min(len(w), tapCall)
		tapSumNEON(f32(z), zp, f32(buf), bp, lines, n, off[:k], f32(w))
		off, w = off[k:], w[k:]
	}
}

//go:noinline
func tapSumNEON(z *float32, zp int, buf *float32, bp, lines, n int, off []int, w *float32) {
	convTapSumNEON(z, zp, buf, bp, lines, n, unsafe.SliceData(off), w, len(off))
}

// tapDots is as tapSum.
func tapDots[T Float](v []T, vp int, buf []T, bp, lines, n int, off []int, sums []float64) {
	if !isF32[T]() || inUse() == implGo || lines == 0 || n == 0 {
		tapDotsGo(v, vp, buf, bp, lines, n, off, sums)
		return
	}
	var part [tapCall]float32
	for len(off) > 0 {
		k := min(len(off), len(part))
		tapDotsNEON(f32(v), vp, f32(buf), bp, lines, n, off[:k], &part)
		for i, f := range part[:k] {
			sums[i] += float64(f)
		}
		off, sums = off[k:], sums[k:]
	}
}

//go:noinline
func tapDotsNEON(v *float32, vp int, buf *float32, bp, lines, n int, off []int, part *[tapCall]float32) {
	convTapDotsNEON(v, vp, buf, bp, lines, n, unsafe.SliceData(off), len(off), &part[0])
}
