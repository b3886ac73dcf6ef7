//go:build amd64 && !noasm

package cpu

// winogradMost is the number of channels of a call of assembly, which is to take less than 50 µs.
const winogradMost = 256

// The kernels are not inlined, so that each call is a safepoint for the garbage collector: assembly has none.

// winogradInput is winogradInputGo for winogradLanes.
//
//go:noinline
func winogradInput(im Impl, v []float32, vp, vc int, x []float32, xc, pitch int, off *winogradOff, channels int, tmp *winogradTmp) {
	for ; channels > winogradMost; channels -= winogradMost {
		winogradInput(im, v, vp, vc, x, xc, pitch, off, winogradMost, tmp)
		v, x = v[winogradMost*vc:], x[winogradMost*xc:]
	}
	if im == implGo {
		winogradInputGo(v, vp, vc, x, xc, pitch, off[:winogradLanes(im)], channels)
		return
	}
	if im == implAVX512 {
		winogradInputAVX512(&v[0], vp, vc, &x[0], xc, pitch, &off[0], channels, &tmp[0])
		return
	}
	winogradInputAVX2(&v[0], vp, vc, &x[0], xc, pitch, &off[0], channels, &tmp[0])
}

// winogradWeights is winogradWeightsGo. The kernels write winogradRows lanes whatever their number is.
//
//go:noinline
func winogradWeights(im Impl, u []float32, up, uc int, w []float32, wc int, off *winogradOff, lanes, channels int, flip bool, tmp *winogradTmp) {
	for ; channels > winogradMost; channels -= winogradMost {
		winogradWeights(im, u, up, uc, w, wc, off, lanes, winogradMost, flip, tmp)
		u, w = u[winogradMost*uc:], w[winogradMost*wc:]
	}
	switch {
	case im == implGo:
		winogradWeightsGo(u, up, uc, w, wc, off[:lanes], channels, flip)
	case im == implAVX512 && flip:
		winogradFlippedAVX512(&u[0], up, uc, &w[0], wc, &off[0], channels, &tmp[0])
	case im == implAVX512:
		winogradWeightsAVX512(&u[0], up, uc, &w[0], wc, &off[0], channels, &tmp[0])
	case flip:
		winogradFlippedAVX2(&u[0], up, uc, &w[0], wc, &off[0], channels, &tmp[0])
	default:
		winogradWeightsAVX2(&u[0], up, uc, &w[0], wc, &off[0], channels, &tmp[0])
	}
}

// winogradOutput is as winogradInput.
//
//go:noinline
func winogradOutput(im Impl, y []float32, yc, pitch int, off *winogradOff, m []float32, mp, mc int, bias []float32, least float32, channels int, tmp *winogradTmp) {
	for ; channels > winogradMost; channels -= winogradMost {
		winogradOutput(im, y, yc, pitch, off, m, mp, mc, bias, least, winogradMost, tmp)
		y, m = y[winogradMost*yc:], m[winogradMost*mc:]
		if bias != nil {
			bias = bias[winogradMost:]
		}
	}
	if im == implGo {
		winogradOutputGo(y, yc, pitch, off[:winogradLanes(im)], m, mp, mc, bias, least, channels)
		return
	}
	if im == implAVX512 {
		winogradOutputAVX512(&y[0], yc, pitch, &off[0], &m[0], mp, mc, f32(bias), least, channels, &tmp[0])
		return
	}
	winogradOutputAVX2(&y[0], yc, pitch, &off[0], &m[0], mp, mc, f32(bias), least, channels, &tmp[0])
}

// winogradGrad is winogradGradGo. The kernels write winogradRows lanes whatever their number is.
//
//go:noinline
func winogradGrad(im Impl, z []float32, zp, zc int, y []float32, yc, pitch int, off *winogradOff, lanes, channels int, tmp *winogradTmp) {
	for ; channels > winogradMost; channels -= winogradMost {
		winogradGrad(im, z, zp, zc, y, yc, pitch, off, lanes, winogradMost, tmp)
		z, y = z[winogradMost*zc:], y[winogradMost*yc:]
	}
	if im == implGo {
		winogradGradGo(z, zp, zc, y, yc, pitch, off[:lanes], channels)
		return
	}
	if im == implAVX512 {
		winogradGradAVX512(&z[0], zp, zc, &y[0], yc, pitch, &off[0], channels, &tmp[0])
		return
	}
	winogradGradAVX2(&z[0], zp, zc, &y[0], yc, pitch, &off[0], channels, &tmp[0])
}
