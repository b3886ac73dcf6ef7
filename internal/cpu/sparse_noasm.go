//go:build !amd64 || noasm

package cpu

func sparseKernels(Impl) bool { return false }

func sparseRows(y, x, v []float32, ptr []int, col, place []int32, rows, n, ldx, ldy int, add bool) {
	panic("cpu: no kernel")
}

func sparseSpread(t, d, v []float32, ptr []int, col []int32, rows, n, ldt, ldd int) {
	panic("cpu: no kernel")
}

func sparseFind(ptr []int, col []int32, v, x []float32, rows, n, ldx int) { panic("cpu: no kernel") }

func groupSums(y, x []float32, start, order []int32, groups, n, ld int) { panic("cpu: no kernel") }
