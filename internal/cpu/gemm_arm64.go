//go:build arm64 && !noasm

package cpu

import "unsafe"

// gemmTileF32NEON is, with one rounding in each multiply-add and s in a register,
//
//	for i := range m {
//		for j := range n {
//			s := 0
//			for p := range k { s += a[i*ars+p*acs] * b[p*brs+j] }
//			if flags&1 != 0 { s += c[i*ldc+j] }
//			if rowBias != nil { s += rowBias[i] }
//			if colBias != nil { s += colBias[j] }
//			if flags&2 != 0 { s = max(s, 0) } // NaN and -0 stay
//			c[i*ldc+j] = s
//		}
//	}
//
// m is 1 to 8. n is 1 to 4, 8, or 64 if m is 1. It reads and writes nothing else.
//
//go:noescape
func gemmTileF32NEON(a *float32, ars, acs int, b *float32, brs int, c *float32, ldc, m, n, k int, rowBias, colBias *float32, flags int)

// gemmTileF64NEON is gemmTileF32NEON in float64. n is 1, 2, 4, or 32 if m is 1.
//
//go:noescape
func gemmTileF64NEON(a *float64, ars, acs int, b *float64, brs int, c *float64, ldc, m, n, k int, rowBias, colBias *float64, flags int)

// gemmDotF32NEON is, with one rounding in each multiply-add and every sum kept in 8 parts (by p % 8, the last k % 8 terms in
// the first part),
//
//	for j := range n {
//		sum[j] = 0
//		for p := range k { sum[j] += x[p] * b[j*ldb+p] }
//	}
//
// n is at least 1. It also writes what follows in sum up to a multiple of four.
//
//go:noescape
func gemmDotF32NEON(x, b *float32, ldb, n, k int, sum *float32)

// gemmDotF64NEON is gemmDotF32NEON in float64, with 4 parts.
//
//go:noescape
func gemmDotF64NEON(x, b *float64, ldb, n, k int, sum *float64)

// gemmTransposeF32NEON is
//
//	for p := range k {
//		for i := range rows { dst[p*w+i] = src[i*stride+p] }
//	}
//
// rows is 1 to 8, w at least rows, k at least 4. It also writes the elements dst[p*w+rows] to dst[p*w+7]; what is written for
// a p is written after that for any smaller one, once more if need be.
//
//go:noescape
func gemmTransposeF32NEON(dst *float32, w int, src *float32, stride, rows, k int)

// gemmTransposeF64NEON is gemmTransposeF32NEON in float64, with up to 4 rows and k at least 2.
//
//go:noescape
func gemmTransposeF64NEON(dst *float64, w int, src *float64, stride, rows, k int)

// gemmCopyRowsNEON is
//
//	for p := range k {
//		for j := range cols { dst[p*w+j] = src[p*stride+j] }
//	}
//
// cols is 8 or 16, k at least 1.
//
//go:noescape
func gemmCopyRowsNEON(dst *float32, w int, src *float32, stride, cols, k int)

// run calls the tile kernel for one block after the other.
func (x *gemmTile[T]) run(im Impl) {
	if im.portable() {
		x.runGo(im)
		return
	}
	for x.tile(); x.below > 0; x.tile() {
		x.descend()
	}
}

// tile is not inlined, so that each call is a safepoint for the garbage collector: assembly has none.
//
//go:noinline
func (x *gemmTile[T]) tile() {
	switch {
	case isF32[T]():
		gemmTileF32NEON(f32(x.a), x.ars, x.acs, f32(x.b), x.brs, f32(x.c), x.ldc, x.m, x.n, x.k, f32(x.rowBias), f32(x.colBias), x.flags)
	default:
		gemmTileF64NEON(f64(x.a), x.ars, x.acs, f64(x.b), x.brs, f64(x.c), x.ldc, x.m, x.n, x.k, f64(x.rowBias), f64(x.colBias), x.flags)
	}
}

// dotRows computes sum[j] = x . b[j*ldb:], k long, for j < n <= len(sum). It may overwrite the rest of sum.
//
//go:noinline
func dotRows[T Float](im Impl, x, b []T, ldb, n, k int, sum *[dotGroup]T) {
	switch p := unsafe.Pointer(sum); {
	case im.portable():
		dotRowsGo(im, x, b, ldb, n, k, sum)
	case isF32[T]():
		gemmDotF32NEON(f32(x), f32(b), ldb, n, k, (*float32)(p))
	default:
		gemmDotF64NEON(f64(x), f64(b), ldb, n, k, (*float64)(p))
	}
}

// packTransposed is gemmTransposeF32NEON or gemmTransposeF64NEON.
//
//go:noinline
func packTransposed[T Float](dst []T, w int, src []T, stride, rows, k int) {
	if isF32[T]() {
		gemmTransposeF32NEON(f32(dst), w, f32(src), stride, rows, k)
	} else {
		gemmTransposeF64NEON(f64(dst), w, f64(src), stride, rows, k)
	}
}

// packRows copies k rows: those of full panels by gemmCopyRowsNEON, which takes a float64 as two float32.
//
//go:noinline
func packRows[T Float](dst []T, w, size int, src []T, stride, cols, blocks, k int) {
	s := int(unsafe.Sizeof(T(0))) / 4
	for q := range blocks {
		dst, src := dst[q*size:], src[q*cols:]
		if s*cols == 8 || s*cols == 16 {
			gemmCopyRowsNEON(f32(dst), s*w, f32(src), s*stride, s*cols, k)
		} else {
			packStrided(dst, w, src, 1, stride, cols, k)
		}
	}
}
