//go:build (!amd64 && !arm64) || noasm

package cpu

func winogradInput(im Impl, v []float32, vp, vc int, x []float32, xc, pitch int, off *winogradOff, channels int, tmp *winogradTmp) {
	winogradInputGo(v, vp, vc, x, xc, pitch, off[:winogradLanes(im)], channels)
}

func winogradWeights(im Impl, u []float32, up, uc int, w []float32, wc int, off *winogradOff, lanes, channels int, flip bool, tmp *winogradTmp) {
	winogradWeightsGo(u, up, uc, w, wc, off[:lanes], channels, flip)
}

func winogradOutput(im Impl, y []float32, yc, pitch int, off *winogradOff, m []float32, mp, mc int, bias []float32, least float32, channels int, tmp *winogradTmp) {
	winogradOutputGo(y, yc, pitch, off[:winogradLanes(im)], m, mp, mc, bias, least, channels)
}

func winogradGrad(im Impl, z []float32, zp, zc int, y []float32, yc, pitch int, off *winogradOff, lanes, channels int, tmp *winogradTmp) {
	winogradGradGo(z, zp, zc, y, yc, pitch, off[:lanes], channels)
}
