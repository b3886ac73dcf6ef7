//go:build amd64 && !noasm

package cpu

import "unsafe"

// sparseKernels reports whether an implementation has the functions below; their callers give them at most about 50 us of work at a time.
func sparseKernels(im Impl) bool { return im == implAVX2 || im == implAVX512 }

// sparseRows is sparseRowsAVX2, or sparseRowsPlacedAVX2 unless place is nil.
//
//go:noinline
func sparseRows(y, x, v []float32, ptr []int, col, place []int32, rows, n, ldx, ldy int, add bool) {
	more := 0
	if add {
		more = 1
	}
	if place != nil {
		sparseRowsPlacedAVX2(unsafe.SliceData(y), unsafe.SliceData(x), unsafe.SliceData(v), &ptr[0], unsafe.SliceData(col), unsafe.SliceData(place), rows, n, ldx, ldy, more)
	} else {
		sparseRowsAVX2(unsafe.SliceData(y), unsafe.SliceData(x), unsafe.SliceData(v), &ptr[0], unsafe.SliceData(col), rows, n, ldx, ldy, more)
	}
}

// sparseSpread is sparseSpreadAVX2.
//
//go:noinline
func sparseSpread(t, d, v []float32, ptr []int, col []int32, rows, n, ldt, ldd int) {
	sparseSpreadAVX2(&t[0], &d[0], &v[0], &ptr[0], &col[0], rows, n, ldt, ldd)
}

// sparseFind is sparseFindAVX2.
//
//go:noinline
func sparseFind(ptr []int, col []int32, v, x []float32, rows, n, ldx int) {
	sparseFindAVX2(&ptr[0], &col[0], &v[0], &x[0], rows, n, ldx)
}

// groupSums is sparseSumsAVX2, or sparseSumsOrderedAVX2 unless order is nil.
//
//go:noinline
func groupSums(y, x []float32, start, order []int32, groups, n, ld int) {
	if order != nil {
		sparseSumsOrderedAVX2(unsafe.SliceData(y), unsafe.SliceData(x), &start[0], unsafe.SliceData(order), groups, n, ld)
	} else {
		sparseSumsAVX2(unsafe.SliceData(y), unsafe.SliceData(x), &start[0], groups, n, ld)
	}
}
