//go:build amd64 && !noasm

package cpu

// gateLanes returns how many of n elements the vector kernels do.
func gateLanes[T Float](n int) int {
	if inUse() == implGo || !isF32[T]() {
		return 0
	}
	return n &^ 7
}

// activateVector does the first elements of activate, as many as it returns. Functions that call assembly are not inlined: each
// call is a safepoint for the garbage collector, which assembly has none of.
//
//go:noinline
func activateVector[T Float](code Code, y, x []T) int {
	n := gateLanes[T](len(x))
	if n == 0 || len(y) < n {
		return 0
	}
	w := wide(inUse(), n)
	switch code {
	case Sigmoid:
		if w > 0 {
			recurrentSigmoidAVX512(f32(y), f32(x), w)
		}
		if w < n {
			recurrentSigmoidAVX2(f32(y[w:]), f32(x[w:]), n-w)
		}
	case Tanh:
		if w > 0 {
			recurrentTanhAVX512(f32(y), f32(x), w)
		}
		if w < n {
			recurrentTanhAVX2(f32(y[w:]), f32(x[w:]), n-w)
		}
	default:
		return 0
	}
	return n
}

// lstmCellVector does the first cells of LSTM.cellBackward without peepholes, as many as it returns.
//
//go:noinline
func lstmCellVector[T Float](a, tanh, before, dm, dc, da []T) int {
	n := len(dc)
	count := gateLanes[T](n)
	if count > 0 {
		_, _, _, _, _ = a[4*n-1], tanh[n-1], before[n-1], dm[n-1], da[4*n-1]
		w := wide(inUse(), count)
		if w > 0 {
			recurrentLSTMBackwardAVX512(f32(a), f32(tanh), f32(before), f32(dm), f32(dc), f32(da), n, w)
		}
		if w < count {
			recurrentLSTMBackwardAVX2(f32(a[w:]), f32(tanh[w:]), f32(before[w:]), f32(dm[w:]), f32(dc[w:]), f32(da[w:]), n, count-w)
		}
	}
	return count
}

// gruCellVector does the first units of gruCellBackward, as many as it returns.
//
//go:noinline
func gruCellVector[T Float](a, u, h, dy, dh, di, dw []T) int {
	n := len(dh)
	count := gateLanes[T](n)
	if count > 0 {
		_, _, _, _, _, _ = a[3*n-1], u[n-1], h[n-1], dy[n-1], di[3*n-1], dw[3*n-1]
		w := wide(inUse(), count)
		if w > 0 {
			recurrentGRUBackwardAVX512(f32(a), f32(u), f32(h), f32(dy), f32(dh), f32(di), f32(dw), n, w)
		}
		if w < count {
			recurrentGRUBackwardAVX2(f32(a[w:]), f32(u[w:]), f32(h[w:]), f32(dy[w:]), f32(dh[w:]), f32(di[w:]), f32(dw[w:]), n, count-w)
		}
	}
	return count
}
