//go:build amd64 && !noasm

package cpu

// directKernels reports whether the kernels of direct convolutions are there.
func directKernels() bool { return inUse() != implGo }

// run is not inlined, so that each call is a safepoint for the garbage collector: assembly has none.
//
//go:noinline
func (x *directTile) run(im Impl) {
	if im == implGo {
		x.runGo()
		return
	}
	convTileAVX2(&x.a[0], x.ars, x.acs, &x.b[0], &x.off[0], &x.c[0], x.ldc, x.m, x.n, x.k, x.segments, x.skipA, x.skipOff, f32(x.bias), x.flags)
}

//go:noinline
func (x *directDots) run(im Impl) {
	if im == implGo {
		x.runGo()
		return
	}
	convDotsAVX2(&x.a[0], &x.off[0], &x.b[0], &x.c[0], x.ldc, x.m, x.vecs, x.k, x.segments, x.step, x.flags)
}

//go:noinline
func (x *planeDots) run(im Impl) {
	if im == implGo {
		x.runGo()
		return
	}
	convPlanesAVX2(&x.a[0], &x.off[0], &x.b[0], x.ldb, &x.c[0], x.m, x.vecs, x.k, x.lines, x.stepA, x.stepB, x.flags)
}

// convLines is convLinesGo. It may write up to seven elements after a line, before the next one.
//
//go:noinline
func convLines(im Impl, dst []float32, dp int, src []float32, sp, lines, head, n, tail, step int) {
	switch {
	case im == implGo || step > 2:
		convLinesGo(dst, dp, src, sp, lines, head, n, tail, step)
	case step == 1:
		convLines1AVX2(&dst[0], dp, &src[0], sp, lines, head, n, tail)
	default:
		convLines2AVX2(&dst[0], dp, &src[0], sp, lines, head, n, tail)
	}
}

// convZip is convZipGo for n a multiple of 8.
//
//go:noinline
func convZip(im Impl, dst, even, odd []float32, n int) {
	if im == implGo {
		convZipGo(dst, even, odd, n)
		return
	}
	convZipAVX2(&dst[0], &even[0], &odd[0], n)
}

// lineKernels reports whether the kernels of convolutions along lines are there.
func lineKernels() bool { return inUse() != implGo }

// lineInput is convLineInputGo for n a multiple of 8.
//
//go:noinline
func lineInput(im Impl, v []float32, vp int, x []float32, xp, n int) {
	if im == implGo {
		convLineInputGo(v, vp, x, xp, n)
		return
	}
	convLineInputAVX2(&v[0], vp, &x[0], xp, n)
}

//go:noinline
func (x *lineTileArgs) run(im Impl) {
	if im == implGo {
		x.runGo()
		return
	}
	convLineTileAVX2(&x.u[0], &x.v[0], x.k, &x.tmp[0], &x.c[0], x.ldc, x.m, f32(x.bias), x.flags)
}

// linePack is linePackGo.
//
//go:noinline
func linePack(im Impl, dst, v []float32, vp int, off []int32) {
	if im == implGo {
		linePackGo(dst, v, vp, off)
		return
	}
	convLinePackAVX2(&dst[0], &v[0], vp, &off[0], len(off))
}
