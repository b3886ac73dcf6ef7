//go:build amd64 && !noasm

package cpu

import (
	"math"
	"unsafe"
)

// elementaryKernels are the functions that compute in float64, with vectors of AVX-512 or of AVX2. What a function in assembly does not take
// is left to the loops in Go.
func elementaryKernels(wide bool) (k kernels[float32]) {
	pick := 0
	if wide {
		pick = 1
	}
	for c, f := range map[Code][2]func(d, a *float32, n int){
		Exp2:  {vectorExp2AVX2, vectorExp2AVX512},
		Expm1: {vectorExpm1AVX2, vectorExpm1AVX512},
		Sinh:  {vectorSinhAVX2, vectorSinhAVX512},
		Cosh:  {vectorCoshAVX2, vectorCoshAVX512},
		Rsqrt: {vectorRsqrtAVX2, vectorRsqrtAVX512},
		Mish:  {vectorMishAVX2, vectorMishAVX512},
	} {
		k[c] = func(d, a, _, _ []float32, _ Pointwise) {
			a = a[:len(d)]
			f[pick](unsafe.SliceData(d), unsafe.SliceData(a), len(d))
		}
	}
	for c, f := range map[Code][2]func(d, dy, x *float32, n int){
		MishGrad:     {vectorMishGradAVX2, vectorMishGradAVX512},
		GELUTanhGrad: {vectorGELUTanhGradAVX2, vectorGELUTanhGradAVX512},
	} {
		k[c] = func(d, dy, x, _ []float32, _ Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			f[pick](unsafe.SliceData(d), unsafe.SliceData(dy), unsafe.SliceData(x), len(d))
		}
	}
	small := func(x, _ float32) bool { return math.Abs(float64(x)) < sinFar }
	positive := func(x, _ float32) bool { return 0 < x && x <= math.MaxFloat32 }
	for c, e := range map[Code]struct {
		f     [2]func(d, a *float32, n int) int
		takes func(x, _ float32) bool
	}{
		Sin:   {[2]func(d, a *float32, n int) int{vectorSinAVX2, vectorSinAVX512}, small},
		Cos:   {[2]func(d, a *float32, n int) int{vectorCosAVX2, vectorCosAVX512}, small},
		Tan:   {[2]func(d, a *float32, n int) int{vectorTanAVX2, vectorTanAVX512}, small},
		Log2:  {[2]func(d, a *float32, n int) int{vectorLog2AVX2, vectorLog2AVX512}, positive},
		Log10: {[2]func(d, a *float32, n int) int{vectorLog10AVX2, vectorLog10AVX512}, positive},
		Log1p: {[2]func(d, a *float32, n int) int{vectorLog1pAVX2, vectorLog1pAVX512}, func(x, _ float32) bool { return -1 < x && x <= math.MaxFloat32 }},
	} {
		k[c] = func(d, a, _, _ []float32, p Pointwise) {
			mend(d, a, nil, p, e.takes, func(d, a, _ *float32, n int) int { return e.f[pick](d, a, n) })
		}
	}
	pow, powS := vectorPowAVX2, vectorPowSAVX2
	if wide {
		pow, powS = vectorPowAVX512, vectorPowSAVX512
	}
	k[Pow] = func(d, a, b, _ []float32, p Pointwise) {
		mend(d, a, b, p, func(x, y float32) bool { return positive(x, y) && math.Abs(float64(y)) <= math.MaxFloat32 }, pow)
	}
	k[PowS] = func(d, a, _, _ []float32, p Pointwise) {
		if math.Abs(p.S0) > math.MaxFloat32 || p.S0 != p.S0 {
			kernelsF32[PowS](d, a, nil, nil, p)
			return
		}
		below := uint32(0x7fc00000) // what is added to the bits of powers of negative numbers: NaN
		if p.S0 == math.Floor(p.S0) {
			below = uint32(math.Abs(math.Mod(p.S0, 2))) << 31
		}
		takes := func(x, _ float32) bool { return x != 0 && math.Abs(float64(x)) <= math.MaxFloat32 }
		mend(d, a, nil, p, takes, func(d, a, _ *float32, n int) int { return powS(d, a, n, p.S0, below) })
	}
	return k
}

// mend computes d by f, which stops before a vector with elements that it does not take. There they are computed in Go, and the others, as
// everywhere, by f. b is nil where f has one input.
func mend(d, a, b []float32, p Pointwise, takes func(x, y float32) bool, f func(d, a, b *float32, n int) int) {
	a = a[:len(d)]
	for i := 0; i < len(d); {
		var second *float32
		if b != nil {
			second = &b[i]
		}
		i += f(&d[i], &a[i], second, len(d)-i)
		if i == len(d) {
			return
		}
		var x, y, r, own [16]float32 // a vector of AVX-512
		var left [16]bool
		n := copy(x[:], a[i:])
		if b != nil {
			copy(y[:], b[i:])
		}
		for j := range n {
			if left[j] = !takes(x[j], y[j]); left[j] {
				kernelsF32[p.Code](own[j:j+1], x[j:j+1], y[j:j+1], nil, p)
				x[j], y[j] = 1, 1
			}
		}
		f(&r[0], &x[0], &y[0], n)
		for j := range n {
			if left[j] {
				r[j] = own[j]
			}
		}
		i += copy(d[i:], r[:n])
	}
}
