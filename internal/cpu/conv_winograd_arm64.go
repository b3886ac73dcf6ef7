//go:build arm64 && !noasm

package cpu

import "math"

// winogradInputNEON is, with one rounding in each multiply-add,
//
//	for c := range channels {
//		for l := range 4 {
//			d := 6x6 matrix x[c*xc+off[l]+i*pitch+j]
//			for p := range 36 { v[p*vp+c*vc+l] = (Bᵀ d B)[p/6][p%6] }
//		}
//	}
//
// channels is at least 1; tmp is scratch of 36*4 elements, as in the others.
//
//go:noescape
func winogradInputNEON(v *float32, vp, vc int, x *float32, xc, pitch int, off *int, channels int, tmp *float32)

// winogradGradNEON is winogradInputNEON with a 4x4 matrix d and A d Aᵀ.
//
//go:noescape
func winogradGradNEON(z *float32, zp, zc int, y *float32, yc, pitch int, off *int, channels int, tmp *float32)

// winogradWeightsNEON is winogradInputNEON with a 3x3 matrix d of w[c*wc+off[l]+3*i+j] and G d Gᵀ. Unless flip is 0 the elements of d
// are in reverse.
//
//go:noescape
func winogradWeightsNEON(u *float32, up, uc int, w *float32, wc int, off *int, channels int, flip int, tmp *float32)

// winogradOutputNEON is, with one rounding in each multiply-add,
//
//	for c := range channels {
//		for l := range 4 {
//			z := 6x6 matrix m[(6*i+j)*mp+c*mc+l]
//			for i, j := range 4x4 { y[c*yc+off[l]+i*pitch+j] = (Aᵀ z A)[i][j] + bias[c] }
//		}
//	}
//
// A nil bias is zeros.
//
//go:noescape
func winogradOutputNEON(y *float32, yc, pitch int, off *int, m *float32, mp, mc int, bias *float32, channels int, tmp *float32)

// winogradMost is the number of channels of a call of assembly, which is to take less than 50 µs.
const winogradMost = 128

// The kernels are not inlined, so that each call is a safepoint for the garbage collector: assembly has none. A call is of four of
// the eight lanes.

// winogradInput is winogradInputGo for the eight lanes that the kernels have, the four of portable Go.
//
//go:noinline
func winogradInput(im Impl, v []float32, vp, vc int, x []float32, xc, pitch int, off *winogradOff, channels int, tmp *winogradTmp) {
	if im == implGo {
		winogradInputGo(v, vp, vc, x, xc, pitch, off[:winogradLanes(im)], channels)
		return
	}
	for l := 0; l < 8; l += 4 {
		winogradParts(channels, func(c, n int) {
			winogradInputNEON(&v[c*vc+l], vp, vc, &x[c*xc], xc, pitch, &off[l], n, &tmp[0])
		})
	}
}

// winogradWeights is winogradWeightsGo. The kernel writes a multiple of four lanes whatever their number is.
//
//go:noinline
func winogradWeights(im Impl, u []float32, up, uc int, w []float32, wc int, off *winogradOff, lanes, channels int, flip bool, tmp *winogradTmp) {
	if im == implGo {
		winogradWeightsGo(u, up, uc, w, wc, off[:lanes], channels, flip)
		return
	}
	reverse := 0
	if flip {
		reverse = 1
	}
	for l := 0; l < lanes; l += 4 {
		winogradParts(channels, func(c, n int) {
			winogradWeightsNEON(&u[c*uc+l], up, uc, &w[c*wc], wc, &off[l], n, reverse, &tmp[0])
		})
	}
}

// winogradOutput is as winogradInput.
//
//go:noinline
func winogradOutput(im Impl, y []float32, yc, pitch int, off *winogradOff, m []float32, mp, mc int, bias []float32, least float32, channels int, tmp *winogradTmp) {
	if im == implGo {
		winogradOutputGo(y, yc, pitch, off[:winogradLanes(im)], m, mp, mc, bias, least, channels)
		return
	}
	for l := 0; l < 8; l += 4 {
		winogradParts(channels, func(c, n int) {
			var b *float32
			if bias != nil {
				b = &bias[c]
			}
			winogradOutputNEON(&y[c*yc], yc, pitch, &off[l], &m[c*mc+l], mp, mc, b, n, &tmp[0])
		})
	}
	if math.IsInf(float64(least), -1) {
		return
	}
	for c := range channels {
		for _, o := range off[:8] {
			for i := range winogradTile {
				s := (*[winogradTile]float32)(y[c*yc+o+i*pitch:])
				for j, v := range s {
					s[j] = atLeast32(v, least)
				}
			}
		}
	}
}

// winogradGrad is winogradGradGo. The kernel writes a multiple of four lanes whatever their number is.
//
//go:noinline
func winogradGrad(im Impl, z []float32, zp, zc int, y []float32, yc, pitch int, off *winogradOff, lanes, channels int, tmp *winogradTmp) {
	if im == implGo {
		winogradGradGo(z, zp, zc, y, yc, pitch, off[:lanes], channels)
		return
	}
	for l := 0; l < lanes; l += 4 {
		winogradParts(channels, func(c, n int) {
			winogradGradNEON(&z[c*zc+l], zp, zc, &y[c*yc], yc, pitch, &off[l], n, &tmp[0])
		})
	}
}

// winogradParts calls f for parts of the channels.
//
//go:noinline
func winogradParts(channels int, f func(c, n int)) {
	for c := 0; c < channels; c += winogradMost {
		f(c, min(winogradMost, channels-c))
	}
}
