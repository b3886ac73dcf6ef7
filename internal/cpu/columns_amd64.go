//go:build amd64 && !noasm

package cpu

// sumColumns is not inlined, so that each call is a safepoint for the garbage collector: assembly has none.
//
//go:noinline
func sumColumns(sum []float64, x []float32, stride, rows int) {
	sumColumnsAVX2(&sum[0], &x[0], stride, rows, len(sum))
}
