//go:build amd64 && !noasm

package cpu

// fftCall is how many numbers one call of a kernel transforms: some microseconds' worth, because a goroutine inside assembly
// cannot be stopped for the garbage collector.
const fftCall = 1 << 13

// vector does the pass with vector instructions, unless it returns false: it takes float32 and runs of whole vectors.
func (p *fftPass[T]) vector(im Impl, x, y []Complex[T], s int, inverse bool) bool {
	if im == implGo || !isF32[T]() || p.r > 5 {
		return false
	}
	var at [4]int // of input k+1, in bytes
	for k := range p.r - 1 {
		at[k] = 8 * (k + 1) * p.m * s
		if inverse { // exp(+2πi jk/r) is the other direction's factor of input -j
			at[k] = 8 * (p.r - 1 - k) * p.m * s
		}
	}
	if s == 1 && len(p.planar) > 0 {
		whole := p.m &^ 3
		for i := 0; i < whole; i += fftCall / 4 {
			fftFirst(x[i:], y[4*i:], p.planar[i:], &at, p.m, min(fftCall/4, whole-i))
		}
		p.fourFirst(x, y, inverse, whole)
		return true
	}
	if s%4 != 0 {
		return false
	}
	wide := im == implAVX512 && s%8 == 0
	groups := max(1, fftCall/(p.r*s))
	run := max(4, fftCall/p.r&^3)
	if wide {
		run &^= 7
	}
	for i := 0; i < p.m; i += groups {
		for q := 0; q < s; q += run {
			fftGroups(wide, p.r, x[i*s+q:], y[p.r*i*s+q:], p.w[i*(p.r-1):], &at, s, min(run, s-q), min(groups, p.m-i))
		}
	}
	return true
}

// mirrorVectors does mirrorPairs for the first k's, as many as it returns.
func mirrorVectors[T float32 | float64](im Impl, x, y, w []Complex[T], h int, scale T) int {
	n := max(0, (h-1)/2) &^ 3
	if im == implGo || !isF32[T]() {
		return 0
	}
	for i := 0; i < n; i += fftCall {
		k := 1 + i
		fftMirror(x[k:], x[h-k-3:], y[k:], y[h-k-3:], w[k:], min(fftCall, n-i), float32(scale))
	}
	return n
}

//go:noinline
func fftMirror[T float32 | float64](x, xm, y, ym, w []Complex[T], n int, scale float32) {
	fftMirrorAVX2(f32(parts(x)), f32(parts(xm)), f32(parts(y)), f32(parts(ym)), f32(parts(w)), n, scale)
}

// fftFirst and fftGroups are not inlined, so that each call is a safepoint for the garbage collector: assembly has none.
//
//go:noinline
func fftFirst[T float32 | float64](x, y, planar []Complex[T], at *[4]int, m, n int) {
	fftFirstAVX2(f32(parts(x)), f32(parts(y)), f32(parts(planar)), at, 8*m, n)
}

//go:noinline
func fftGroups[T float32 | float64](wide bool, r int, x, y, w []Complex[T], at *[4]int, s, n, m int) {
	xs, ys, ws := f32(parts(x)), f32(parts(y)), f32(parts(w))
	s, n = 8*s, 8*n
	switch {
	case r == 2 && wide:
		fftTwoAVX512(xs, ys, ws, at, s, n, m)
	case r == 2:
		fftTwoAVX2(xs, ys, ws, at, s, n, m)
	case r == 3 && wide:
		fftThreeAVX512(xs, ys, ws, at, s, n, m)
	case r == 3:
		fftThreeAVX2(xs, ys, ws, at, s, n, m)
	case r == 4 && wide:
		fftFourAVX512(xs, ys, ws, at, s, n, m)
	case r == 4:
		fftFourAVX2(xs, ys, ws, at, s, n, m)
	case r == 5 && wide:
		fftFiveAVX512(xs, ys, ws, at, s, n, m)
	case r == 5:
		fftFiveAVX2(xs, ys, ws, at, s, n, m)
	}
}
