//go:build (!amd64 && !arm64) || noasm

package cpu

func (x *gemmTile[T]) run(im Impl) { x.runGo(im) }

func dotRows[T Float](im Impl, x, b []T, ldb, n, k int, sum *[dotGroup]T) {
	dotRowsGo(im, x, b, ldb, n, k, sum)
}

func packTransposed[T Float](dst []T, w int, src []T, stride, rows, k int) {
	packStrided(dst, w, src, stride, 1, rows, k)
}

func packRows[T Float](dst []T, w, size int, src []T, stride, cols, blocks, k int) {
	for q := range blocks {
		packStrided(dst[q*size:], w, src[q*cols:], 1, stride, cols, k)
	}
}
