//go:build amd64 && !noasm

package cpu

// phasedMost is the number of channels of a call of assembly, which is to take less than 50 µs.
const phasedMost = 256

// The kernels are not inlined, so that each call is a safepoint for the garbage collector: assembly has none.

// phasedInput is phasedInputGo for winogradLanes. It reads one element more of each line.
//
//go:noinline
func phasedInput(im Impl, v []float32, vp, vc int, x []float32, xc, pitch int, off *winogradOff, channels int, tmp *phasedTmp) {
	for ; channels > phasedMost; channels -= phasedMost {
		phasedInput(im, v, vp, vc, x, xc, pitch, off, phasedMost, tmp)
		v, x = v[phasedMost*vc:], x[phasedMost*xc:]
	}
	switch im {
	case implAVX2:
		phasedInputAVX2(&v[0], vp, vc, &x[0], xc, pitch, &off[0], channels, &tmp[0])
	case implAVX512:
		phasedInputAVX512(&v[0], vp, vc, &x[0], xc, pitch, &off[0], channels, &tmp[0])
	default:
		phasedInputGo(v, vp, vc, x, xc, pitch, off[:winogradLanes(im)], channels)
	}
}

// phasedWeights is phasedWeightsGo. The kernels write winogradRows lanes whatever their number is.
//
//go:noinline
func phasedWeights(im Impl, u []float32, up, uc, us int, w []float32, wc int, off *winogradOff, lanes, channels int, flip bool, tmp *phasedTmp) {
	for ; channels > phasedMost; channels -= phasedMost {
		phasedWeights(im, u, up, uc, us, w, wc, off, lanes, phasedMost, flip, tmp)
		u, w = u[phasedMost*uc:], w[phasedMost*wc:]
	}
	switch {
	case im == implAVX2 && flip:
		phasedFlippedAVX2(&u[0], up, uc, us, &w[0], wc, &off[0], channels, &tmp[0])
	case im == implAVX2:
		phasedWeightsAVX2(&u[0], up, uc, us, &w[0], wc, &off[0], channels, &tmp[0])
	case im == implAVX512 && flip:
		phasedFlippedAVX512(&u[0], up, uc, us, &w[0], wc, &off[0], channels, &tmp[0])
	case im == implAVX512:
		phasedWeightsAVX512(&u[0], up, uc, us, &w[0], wc, &off[0], channels, &tmp[0])
	default:
		phasedWeightsGo(u, up, uc, us, w, wc, off[:lanes], channels, flip)
	}
}

// phasedOutput is as phasedInput.
//
//go:noinline
func phasedOutput(im Impl, y []float32, yc, pitch int, off *winogradOff, m []float32, mp, mc int, bias []float32, least float32, channels int, tmp *phasedTmp) {
	for ; channels > phasedMost; channels -= phasedMost {
		phasedOutput(im, y, yc, pitch, off, m, mp, mc, bias, least, phasedMost, tmp)
		y, m = y[phasedMost*yc:], m[phasedMost*mc:]
		if bias != nil {
			bias = bias[phasedMost:]
		}
	}
	switch im {
	case implAVX2:
		phasedOutputAVX2(&y[0], yc, pitch, &off[0], &m[0], mp, mc, f32(bias), least, channels, &tmp[0])
	case implAVX512:
		phasedOutputAVX512(&y[0], yc, pitch, &off[0], &m[0], mp, mc, f32(bias), least, channels, &tmp[0])
	default:
		phasedOutputGo(y, yc, pitch, off[:winogradLanes(im)], m, mp, mc, bias, least, channels)
	}
}

// phasedPair is as phasedInput.
//
//go:noinline
func phasedPair(im Impl, y []float32, yc, pitch int, off *winogradOff, m []float32, mp, mc, ms int, channels int, tmp *phasedTmp) {
	for ; channels > phasedMost; channels -= phasedMost {
		phasedPair(im, y, yc, pitch, off, m, mp, mc, ms, phasedMost, tmp)
		y, m = y[phasedMost*yc:], m[phasedMost*mc:]
	}
	switch im {
	case implAVX2:
		phasedPairAVX2(&y[0], yc, pitch, &off[0], &m[0], mp, mc, ms, channels, &tmp[0])
	case implAVX512:
		phasedPairAVX512(&y[0], yc, pitch, &off[0], &m[0], mp, mc, ms, channels, &tmp[0])
	default:
		phasedPairGo(y, yc, pitch, off[:winogradLanes(im)], m, mp, mc, ms, channels)
	}
}

// phasedGrad is phasedGradGo. The kernels write winogradRows lanes whatever their number is.
//
//go:noinline
func phasedGrad(im Impl, z []float32, zp, zc int, y []float32, yc, pitch int, off *winogradOff, lanes, channels int, tmp *phasedTmp) {
	for ; channels > phasedMost; channels -= phasedMost {
		phasedGrad(im, z, zp, zc, y, yc, pitch, off, lanes, phasedMost, tmp)
		z, y = z[phasedMost*zc:], y[phasedMost*yc:]
	}
	switch im {
	case implAVX2:
		phasedGradAVX2(&z[0], zp, zc, &y[0], yc, pitch, &off[0], channels, &tmp[0])
	case implAVX512:
		phasedGradAVX512(&z[0], zp, zc, &y[0], yc, pitch, &off[0], channels, &tmp[0])
	default:
		phasedGradGo(z, zp, zc, y, yc, pitch, off[:lanes], channels)
	}
}

// phasedSums is phasedSumsGo. The kernels read whole vectors; the last channels go through a copy.
//
//go:noinline
func phasedSums(im Impl, dw, u []float32, up, channels int, tmp *phasedTmp) {
	if im != implAVX2 && im != implAVX512 {
		phasedSumsGo(dw, u, up, channels)
		return
	}
	run := func(dw, u []float32, vectors int) {
		if im == implAVX512 {
			phasedSumsAVX512(&dw[0], &u[0], up, vectors, &tmp[0])
		} else {
			phasedSumsAVX2(&dw[0], &u[0], up, vectors, &tmp[0])
		}
	}
	per := winogradLanes(im) / phases
	if n := channels / per; n > 0 {
		run(dw, u, n)
	}
	if n := channels % per; n > 0 {
		var last [16 * 16 / phases]float32
		run(last[:], u[phases*(channels-n):], 1)
		copy(dw[16*(channels-n):][:16*n], last[:])
	}
}
