package random

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Uint32 fills dst with elements offset, offset+1, ... of the stream k: uniform 32-bit numbers, the Philox words
// themselves. It panics if offset < 0, as every fill does.
func Uint32(dst []uint32, k Key, offset int) {
	checkOffset(offset)
	if offset%4 == 0 {
		n := cpu.Philox(dst, uint64(offset)/4, k.lo, k.hi)
		dst, offset = dst[n:], offset+n
	}
	fill4(dst, k, offset, func(x0, x1, x2, x3 uint32) (_, _, _, _ uint32) { return x0, x1, x2, x3 })
}

// Uint64 fills dst with elements offset, offset+1, ... of the stream k: uniform 64-bit numbers, two Philox words each, the
// lower first.
func Uint64(dst []uint64, k Key, offset int) {
	fill2(dst, k, offset, func(a, b uint64) (_, _ uint64) { return a, b })
}

// Uniform32 fills dst with elements offset, offset+1, ... of the stream k: uniform in [0, 1), the multiples of 2^-24.
func Uniform32(dst []float32, k Key, offset int) {
	words := unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(dst))), len(dst))
	Uint32(words, k, offset)
	for i, w := range words {
		dst[i] = uniform32(w)
	}
}

// Uniform64 fills dst with elements offset, offset+1, ... of the stream k: uniform in [0, 1), the multiples of 2^-53.
func Uniform64(dst []float64, k Key, offset int) {
	fill2(dst, k, offset, func(a, b uint64) (_, _ float64) { return uniform64(a), uniform64(b) })
}

// All bits of the mantissa, no rounding: a rounded quotient could reach 1. The signed conversions are one instruction.
func uniform32(x uint32) float32 { return float32(int32(x>>8)) * 0x1p-24 }
func uniform64(x uint64) float64 { return float64(int64(x>>11)) * 0x1p-53 }
