//go:build !amd64 || noasm

package cpu

func directKernels() bool { return false }

func (x *directTile) run(im Impl) { x.runGo() }

func (x *directDots) run(im Impl) { x.runGo() }

func (x *planeDots) run(im Impl) { x.runGo() }

func convLines(im Impl, dst []float32, dp int, src []float32, sp, lines, head, n, tail, step int) {
	convLinesGo(dst, dp, src, sp, lines, head, n, tail, step)
}

func convZip(im Impl, dst, even, odd []float32, n int) { convZipGo(dst, even, odd, n) }

func lineKernels() bool { return false }

func lineInput(im Impl, v []float32, vp int, x []float32, xp, n int) {
	convLineInputGo(v, vp, x, xp, n)
}

func (x *lineTileArgs) run(im Impl) { x.runGo() }

func linePack(im Impl, dst, v []float32, vp int, off []int32) { linePackGo(dst, v, vp, off) }
