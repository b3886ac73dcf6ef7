//go:build (!amd64 && !arm64) || noasm

package cpu

func tapSum[T Float](z []T, zp int, buf []T, bp, lines, n int, off []int, w []T) {
	tapSumGo(z, zp, buf, bp, lines, n, off, w)
}

func tapDots[T Float](v []T, vp int, buf []T, bp, lines, n int, off []int, sums []float64) {
	tapDotsGo(v, vp, buf, bp, lines, n, off, sums)
}
