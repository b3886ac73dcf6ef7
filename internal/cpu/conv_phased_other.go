//go:build !amd64 || noasm

package cpu

func phasedInput(im Impl, v []float32, vp, vc int, x []float32, xc, pitch int, off *winogradOff, channels int, tmp *phasedTmp) {
	phasedInputGo(v, vp, vc, x, xc, pitch, off[:winogradLanes(im)], channels)
}

func phasedWeights(im Impl, u []float32, up, uc, us int, w []float32, wc int, off *winogradOff, lanes, channels int, flip bool, tmp *phasedTmp) {
	phasedWeightsGo(u, up, uc, us, w, wc, off[:lanes], channels, flip)
}

func phasedOutput(im Impl, y []float32, yc, pitch int, off *winogradOff, m []float32, mp, mc int, bias []float32, least float32, channels int, tmp *phasedTmp) {
	phasedOutputGo(y, yc, pitch, off[:winogradLanes(im)], m, mp, mc, bias, least, channels)
}

func phasedPair(im Impl, y []float32, yc, pitch int, off *winogradOff, m []float32, mp, mc, ms int, channels int, tmp *phasedTmp) {
	phasedPairGo(y, yc, pitch, off[:winogradLanes(im)], m, mp, mc, ms, channels)
}

func phasedGrad(im Impl, z []float32, zp, zc int, y []float32, yc, pitch int, off *winogradOff, lanes, channels int, tmp *phasedTmp) {
	phasedGradGo(z, zp, zc, y, yc, pitch, off[:lanes], channels)
}

func phasedSums(im Impl, dw, u []float32, up, channels int, tmp *phasedTmp) {
	phasedSumsGo(dw, u, up, channels)
}
