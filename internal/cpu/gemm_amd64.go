//go:build amd64 && !noasm

package cpu

import "unsafe"

// run calls the tile kernel. It is not inlined, so that each call is a safepoint for the garbage collector: assembly has none.
//
//go:noinline
func (x *gemmTile[T]) run(im Impl) {
	switch im {
	case implAVX512BF16:
		gemmTileBF16AVX512(f32(x.a), x.ars, x.acs, x.down, f32(x.b), x.brs, f32(x.c), x.ldc, x.m, x.n, x.k, 1+x.below, f32(x.rowBias), f32(x.colBias), x.flags, f32(x.next), x.step, x.jump)
	case implAVX512:
		if isF32[T]() {
			gemmTileF32AVX512(f32(x.a), x.ars, x.acs, x.down, f32(x.b), x.brs, f32(x.c), x.ldc, x.m, x.n, x.k, 1+x.below, f32(x.rowBias), f32(x.colBias), x.flags, f32(x.next), x.step, x.jump)
		} else {
			gemmTileF64AVX512(f64(x.a), x.ars, x.acs, x.down, f64(x.b), x.brs, f64(x.c), x.ldc, x.m, x.n, x.k, 1+x.below, f64(x.rowBias), f64(x.colBias), x.flags, f64(x.next), x.step, x.jump)
		}
	case implAVX2:
		if isF32[T]() {
			gemmTileF32AVX2(f32(x.a), x.ars, x.acs, x.down, f32(x.b), x.brs, f32(x.c), x.ldc, x.m, x.n, x.k, 1+x.below, f32(x.rowBias), f32(x.colBias), x.flags, f32(x.next), x.step, x.jump)
		} else {
			gemmTileF64AVX2(f64(x.a), x.ars, x.acs, x.down, f64(x.b), x.brs, f64(x.c), x.ldc, x.m, x.n, x.k, 1+x.below, f64(x.rowBias), f64(x.colBias), x.flags, f64(x.next), x.step, x.jump)
		}
	default:
		x.runGo(im)
	}
}

// dotRows computes sum[j] = x . b[j*ldb:], k long, for j < n <= len(sum). It may overwrite the rest of sum.
//
//go:noinline
func dotRows[T Float](im Impl, x, b []T, ldb, n, k int, sum *[dotGroup]T) {
	switch p := unsafe.Pointer(sum); {
	case im.portable():
		dotRowsGo(im, x, b, ldb, n, k, sum)
	case im == implAVX512BF16:
		gemmDotBF16AVX512(f32(x), f32(b), ldb, n, k, (*float32)(p))
	case im == implAVX512 && isF32[T]():
		gemmDotF32AVX512(f32(x), f32(b), ldb, n, k, (*float32)(p))
	case im == implAVX512:
		gemmDotF64AVX512(f64(x), f64(b), ldb, n, k, (*float64)(p))
	case isF32[T]():
		gemmDotF32AVX2(f32(x), f32(b), ldb, n, k, (*float32)(p))
	default:
		gemmDotF64AVX2(f64(x), f64(b), ldb, n, k, (*float64)(p))
	}
}

// packTransposed is gemmTransposeF32AVX2 or gemmTransposeF64AVX2, which AVX-512 uses as well.
//
//go:noinline
func packTransposed[T Float](dst []T, w int, src []T, stride, rows, k int) {
	if isF32[T]() {
		gemmTransposeF32AVX2(f32(dst), w, f32(src), stride, rows, k)
	} else {
		gemmTransposeF64AVX2(f64(dst), w, f64(src), stride, rows, k)
	}
}

// packRows is gemmCopyRowsAVX2, which takes a float64 as two float32.
//
//go:noinline
func packRows[T Float](dst []T, w, size int, src []T, stride, cols, blocks, k int) {
	s := int(unsafe.Sizeof(T(0))) / 4
	gemmCopyRowsAVX2(f32(dst), s*w, s*size, f32(src), s*stride, s*cols, blocks, k)
}
