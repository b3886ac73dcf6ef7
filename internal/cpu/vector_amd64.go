//go:build amd64 && !noasm

package cpu

import (
	"math"
	"unsafe"
)

func vectorsOf(im Impl) *vectorKernels {
	switch im {
	case implAVX512:
		return &vectorsAVX512
	case implAVX2:
		return &vectorsAVX2
	}
	return nil
}

// vectorPointwise are the elementwise functions in assembly, or those that stream; a call is of one tile.
func vectorPointwise(stream bool) (k kernels[float32]) {
	either := 0
	if stream {
		either = 1
	}
	for c, f := range map[Code][2]func(d, a, b *float32, n int){
		Add:         {vectorAddAVX2, vectorAddStreamAVX2},
		Sub:         {vectorSubAVX2, vectorSubStreamAVX2},
		Mul:         {vectorMulAVX2, vectorMulStreamAVX2},
		Div:         {vectorDivAVX2, vectorDivStreamAVX2},
		ReLUGrad:    {vectorReLUGradAVX2, vectorReLUGradStreamAVX2},
		Max:         {vectorMaxOfAVX2, vectorMaxOfStreamAVX2},
		Min:         {vectorMinOfAVX2, vectorMinOfStreamAVX2},
		TanhGrad:    {vectorTanhGradAVX2, vectorTanhGradStreamAVX2},
		SigmoidGrad: {vectorSigmoidGradAVX2, vectorSigmoidGradStreamAVX2},

		HardsigmoidGrad: {vectorHardsigmoidGradAVX2, vectorHardsigmoidGradStreamAVX2},
		HardswishGrad:   {vectorHardswishGradAVX2, vectorHardswishGradStreamAVX2},
	} {
		k[c] = func(d, a, b, _ []float32, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			f[either](unsafe.SliceData(d), unsafe.SliceData(a), unsafe.SliceData(b), len(d))
		}
	}
	for c, f := range map[Code][2]func(d, a *float32, n int, s float32){
		AddS:      {vectorAddSAVX2, vectorAddSStreamAVX2},
		RSubS:     {vectorRSubSAVX2, vectorRSubSStreamAVX2},
		MulS:      {vectorMulSAVX2, vectorMulSStreamAVX2},
		DivS:      {vectorDivSAVX2, vectorDivSStreamAVX2},
		Square:    {vectorSquareAVX2, vectorSquareStreamAVX2},
		Sqrt:      {vectorSqrtAVX2, vectorSqrtStreamAVX2},
		ReLU:      {vectorReLUAVX2, vectorReLUStreamAVX2},
		Neg:       {vectorNegAVX2, vectorNegStreamAVX2},
		Abs:       {vectorAbsAVX2, vectorAbsStreamAVX2},
		Recip:     {vectorRecipAVX2, vectorRecipStreamAVX2},
		LeakyReLU: {vectorLeakyReLUAVX2, vectorLeakyReLUStreamAVX2},
		Floor:     {vectorFloorAVX2, vectorFloorStreamAVX2},
		Ceil:      {vectorCeilAVX2, vectorCeilStreamAVX2},
		Round:     {vectorRoundAVX2, vectorRoundStreamAVX2},
		Trunc:     {vectorTruncAVX2, vectorTruncStreamAVX2},
		Sign:      {vectorSignAVX2, vectorSignStreamAVX2},

		Hardsigmoid: {vectorHardsigmoidAVX2, vectorHardsigmoidStreamAVX2},
		Hardswish:   {vectorHardswishAVX2, vectorHardswishStreamAVX2},
	} {
		k[c] = func(d, a, _, _ []float32, p Pointwise) {
			a = a[:len(d)]
			f[either](unsafe.SliceData(d), unsafe.SliceData(a), len(d), float32(p.S0))
		}
	}
	for c, f := range map[Code][2]func(d, dy, x *float32, n int){
		GELUGrad:       {vectorGELUGradAVX2, vectorGELUGradStreamAVX2},
		SiLUGrad:       {vectorSiLUGradAVX2, vectorSiLUGradStreamAVX2},
		LogSigmoidGrad: {vectorLogSigmoidGradAVX2, vectorLogSigmoidGradStreamAVX2},
	} {
		k[c] = func(d, dy, x, _ []float32, _ Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			f[either](unsafe.SliceData(d), unsafe.SliceData(dy), unsafe.SliceData(x), len(d))
		}
	}
	for c, f := range map[Code][2]func(d, a *float32, n int){
		Exp:     {vectorExpAVX2, vectorExpStreamAVX2},
		Log:     {vectorLogAVX2, vectorLogStreamAVX2},
		Tanh:    {vectorTanhAVX2, vectorTanhStreamAVX2},
		Sigmoid: {vectorSigmoidAVX2, vectorSigmoidStreamAVX2},
		SiLU:    {vectorSiLUAVX2, vectorSiLUStreamAVX2},
		GELU:    {vectorGELUAVX2, vectorGELUStreamAVX2},
	} {
		k[c] = func(d, a, _, _ []float32, _ Pointwise) {
			a = a[:len(d)]
			f[either](unsafe.SliceData(d), unsafe.SliceData(a), len(d))
		}
	}
	for c, f := range map[Code][2]func(d, a *float32, n int, s, t, u float32){
		Clamp: {vectorClampAVX2, vectorClampStreamAVX2},
		ELU:   {vectorELUAVX2, vectorELUStreamAVX2},
	} {
		k[c] = func(d, a, _, _ []float32, p Pointwise) {
			a = a[:len(d)]
			s, t, u := float32(p.S0), float32(p.S1), float32(p.S2)
			if c == Clamp {
				if t == 0 && math.Signbit(float64(t)) || s != s || t != t {
					kernelsF32[c](d, a, nil, nil, p)
					return
				}
				if u = 0; s != 0 || math.Signbit(float64(s)) {
					u = float32(math.Copysign(0, -1)) // what is added to keep -0
				}
			}
			f[either](unsafe.SliceData(d), unsafe.SliceData(a), len(d), s, t, u)
		}
	}
	for c, f := range map[Code][2]func(d, a, b *float32, n int, s, t, u float32){
		ClampGrad:     {vectorClampGradAVX2, vectorClampGradStreamAVX2},
		HardtanhGrad:  {vectorHardtanhGradAVX2, vectorHardtanhGradStreamAVX2},
		LeakyReLUGrad: {vectorLeakyReLUGradAVX2, vectorLeakyReLUGradStreamAVX2},
		ELUGrad:       {vectorELUGradAVX2, vectorELUGradStreamAVX2},
	} {
		k[c] = func(d, dy, x, _ []float32, p Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			f[either](unsafe.SliceData(d), unsafe.SliceData(dy), unsafe.SliceData(x), len(d), float32(p.S0), float32(p.S1), float32(p.S2))
		}
	}
	for c, f := range map[Code][2]func(d, a, b, c *float32, n int){
		MaxGrad: {vectorMaxGradAVX2, vectorMaxGradStreamAVX2},
		MinGrad: {vectorMinGradAVX2, vectorMinGradStreamAVX2},
	} {
		k[c] = func(d, dy, x, y []float32, _ Pointwise) {
			dy, x, y = dy[:len(d)], x[:len(d)], y[:len(d)]
			f[either](unsafe.SliceData(d), unsafe.SliceData(dy), unsafe.SliceData(x), unsafe.SliceData(y), len(d))
		}
	}
	if stream {
		return k // the others take longer than memory
	}
	k[SoftplusGrad] = func(d, dy, x, _ []float32, p Pointwise) {
		if p.S0 != 1 || p.S1 < 17 { // beyond 17, the slope is 1 anyway
			kernelsF32[SoftplusGrad](d, dy, x, nil, p)
			return
		}
		dy, x = dy[:len(d)], x[:len(d)]
		vectorSigmoidTimesAVX2(unsafe.SliceData(d), unsafe.SliceData(dy), unsafe.SliceData(x), len(d))
	}
	k[Softplus] = func(d, a, _, _ []float32, p Pointwise) {
		if p.S0 != 1 || p.S1 < 17 { // beyond 17, it is a anyway
			kernelsF32[Softplus](d, a, nil, nil, p)
			return
		}
		a = a[:len(d)]
		vectorSoftplusAVX2(unsafe.SliceData(d), unsafe.SliceData(a), len(d))
	}
	for c, f := range map[Code]func(d, a *float32, n int){GELUTanh: vectorGELUTanhAVX2, Erf: vectorErfAVX2, LogSigmoid: vectorLogSigmoidAVX2} {
		k[c] = func(d, a, _, _ []float32, _ Pointwise) {
			a = a[:len(d)]
			f(unsafe.SliceData(d), unsafe.SliceData(a), len(d))
		}
	}
	k.join(elementaryKernels(false))
	return k
}

// vectorCompareAVX2 are the comparisons in the order of their codes.
var vectorCompareAVX2 = [...]func(d *bool, a, b *float32, n int){vectorEqualAVX2, vectorNotEqualAVX2, vectorLessAVX2, vectorLessEqualAVX2, vectorGreaterAVX2, vectorGreaterEqualAVX2}

// fence ends a chunk whose results may have been streamed.
func fence() { vectorFence() }

// aligned reports whether x begins where a vector may be streamed to.
func aligned(x []float32) bool { return uintptr(unsafe.Pointer(unsafe.SliceData(x)))%32 == 0 }

var vectorsAVX2 = vectorKernels{
	max: func(x []float32) float32 {
		m := vectorMaxAVX2(nil, 0)
		inBlocks(len(x), func(lo, hi int) { m = max(m, vectorMaxAVX2(&x[lo], hi-lo)) })
		return m
	},
	extremes: func(x []float32) (lo, hi float32, ok bool) {
		lo, hi, ok = x[0], x[0], true
		inBlocks(len(x), func(i, j int) {
			l, h, nan := vectorExtremesAVX2(&x[i], j-i)
			lo, hi, ok = min(lo, l), max(hi, h), ok && nan == 0
		})
		return lo, hi, ok
	},
	sum: func(x []float32) (sum float64) {
		inBlocks(len(x), func(lo, hi int) { sum += vectorSumAVX2(&x[lo], hi-lo) })
		return sum
	},
	expSum: func(y, x []float32, m float32) (sum float64) {
		inBlocks(len(x), func(lo, hi int) {
			if y == nil {
				sum += vectorExpSumOnlyAVX2(&x[lo], hi-lo, m)
			} else {
				sum += vectorExpSumAVX2(&y[lo], &x[lo], hi-lo, m)
			}
		})
		return sum
	},
	affine: func(y, x []float32, m, a, b float32, stream bool) {
		f := vectorAffineAVX2
		if stream && aligned(y) {
			f = vectorAffineStreamAVX2
		}
		inBlocks(len(x), func(lo, hi int) { f(&y[lo], &x[lo], hi-lo, m, a, b) })
	},
	affineGrad: func(dx, g, x []float32, m, a, b, t float32, stream bool) {
		f := vectorAffineGradAVX2
		if stream && aligned(dx) {
			f = vectorAffineGradStreamAVX2
		}
		inBlocks(len(x), func(lo, hi int) { f(&dx[lo], &g[lo], &x[lo], hi-lo, m, a, b, t) })
	},
	softmaxGrad: func(dx, dy, y []float32, s float32, stream bool) {
		f := vectorSoftmaxGradAVX2
		if stream && aligned(dx) {
			f = vectorSoftmaxGradStreamAVX2
		}
		inBlocks(len(y), func(lo, hi int) { f(&dx[lo], &dy[lo], &y[lo], hi-lo, s) })
	},
	logSoftmaxGrad: func(dx, dy, y []float32, s float32, stream bool) {
		f := vectorLogSoftmaxGradAVX2
		if stream && aligned(dx) {
			f = vectorLogSoftmaxGradStreamAVX2
		}
		inBlocks(len(y), func(lo, hi int) { f(&dx[lo], &dy[lo], &y[lo], hi-lo, s) })
	},
	sumSquares: func(x []float32, x0 float32) (s, q float64) {
		inBlocks(len(x), func(lo, hi int) {
			ds, dq := vectorSumSquaresAVX2(&x[lo], hi-lo, x0)
			s, q = s+ds, q+dq
		})
		return s, q
	},
	sumProducts: func(g, x []float32, mu float64) (s, p float64) {
		inBlocks(len(g), func(lo, hi int) {
			ds, dp := vectorSumProductsAVX2(&g[lo], &x[lo], hi-lo, mu)
			s, p = s+ds, p+dp
		})
		return s, p
	},
	normalize: func(y, x, w, b []float32, m, scale, shift float32, stream bool) {
		f := vectorNormalizeAVX2
		if stream && aligned(y) {
			f = vectorNormalizeStreamAVX2
		}
		inBlocks(len(x), func(lo, hi int) {
			f(&y[lo], &x[lo], &w[lo], &b[lo], hi-lo, m, scale, shift)
		})
	},
	normGrad: func(dx, g, x, w []float32, m, r, b, t float32, stream bool) {
		f := vectorNormGradAVX2
		if stream && aligned(dx) {
			f = vectorNormGradStreamAVX2
		}
		inBlocks(len(x), func(lo, hi int) { f(&dx[lo], &g[lo], &x[lo], &w[lo], hi-lo, m, r, b, t) })
	},
	normGradSums: func(g, x, w []float32, mu, r float64, pw, pb []float64) (s, p float64) {
		inBlocks(len(g), func(lo, hi int) {
			ds, dp := vectorNormGradSumsAVX2(&g[lo], &x[lo], &w[lo], hi-lo, mu, r, &pw[lo], &pb[lo])
			s, p = s+ds, p+dp
		})
		return s, p
	},
	split: func(even, odd, x []float32) bool {
		odds := 0
		inBlocks(len(even), func(lo, hi int) { odds |= vectorSplitAVX2(&even[lo], &odd[lo], &x[2*lo], hi-lo) })
		return odds == 0
	},
	merge: func(x, even, odd []float32) {
		inBlocks(len(even), func(lo, hi int) { vectorMergeAVX2(&x[2*lo], &even[lo], &odd[lo], hi-lo) })
	},
	maxTaps: func(y []float32, place []int32, x []float32, taps []int64, first, step int) {
		inTapBlocks(len(y), len(taps)/2, func(lo, hi int) {
			if place == nil {
				vectorMaxTapsAVX2(&y[lo], &x[lo], hi-lo, &taps[0], len(taps)/2)
			} else {
				vectorMaxTapsPlacesAVX2(&y[lo], &place[lo], &x[lo], hi-lo, &taps[0], len(taps)/2, first+lo*step, step)
			}
		})
	},
	addTaps: func(dx, dy []float32, place []int32, taps []int64, first, step int) {
		inTapBlocks(len(dy), len(taps)/2, func(lo, hi int) {
			vectorAddTapsAVX2(&dx[lo], &dy[lo], &place[lo], hi-lo, &taps[0], len(taps)/2, first+lo*step, step)
		})
	},
	maxRows: maxRowsAVX2,
	averageRows: func(width int, y, x []float32, n, rows, ldx, out, step, left int, divisor float32) {
		if width == 2 {
			vectorAverage2AVX2(&y[0], &x[0], n, rows, ldx, out, step, left, divisor)
		} else {
			vectorAverage3AVX2(&y[0], &x[0], n, rows, ldx, out, step, left, divisor)
		}
	},
	unpool2: func(dx, dy []float32, place []int32, n, ldx, out, first int) {
		vectorUnpool2AVX2(&dx[0], &dy[0], &place[0], n, ldx, out, first)
	},
	turn: func(y, x []float32, stride int) {
		vectorTurnAVX2(&y[0], &x[0], side, stride)
	},
	compare: func(code Code, d []bool, a, b []float32) int {
		n := len(d) &^ 31
		a, b = a[:n], b[:n]
		vectorCompareAVX2[code-Eq](unsafe.SliceData(d), unsafe.SliceData(a), unsafe.SliceData(b), n)
		return n
	},
	choose: func(d []float32, c []bool, a, b []float32) int {
		n := len(d) &^ 7
		a, b, c = a[:n], b[:n], c[:n]
		vectorChooseAVX2(unsafe.SliceData(d), unsafe.SliceData(c), unsafe.SliceData(a), unsafe.SliceData(b), n)
		return n
	},
	philox: func(dst []uint32, index, lo, hi uint64) {
		inBlocks(len(dst), func(a, b int) { vectorPhiloxAVX2(&dst[a], (b-a)/4, index+uint64(a)/4, lo, hi) })
	},
	drop: func(y, x []float32, words []uint32, p, scale float32, stream bool) {
		f := vectorDropAVX2
		if stream && aligned(y) {
			f = vectorDropStreamAVX2
		}
		u := as32(words)
		inBlocks(len(x), func(lo, hi int) { f(&y[lo], &x[lo], &u[lo], hi-lo, p, scale, 0) })
	},
	addRows: func(acc []float64, x []float32, rows, stride int) {
		step := max(1, vectorBlock/len(acc))
		inSteps(rows, step, func(lo, hi int) { vectorAddRowsAVX2(&acc[0], &x[lo*stride], len(acc), hi-lo, stride) })
	},
	descend: func(p, g []float32, lr, decay float32) {
		inBlocks(len(p), func(lo, hi int) { vectorDescendAVX2(&p[lo], &g[lo], hi-lo, lr, decay) })
	},
	sgd: func(p, g, buf []float32, c SGDStep[float32]) {
		inBlocks(len(p), func(lo, hi int) {
			if c.Nesterov {
				vectorNesterovAVX2(&p[lo], &g[lo], &buf[lo], hi-lo, c.LR, c.Decay, c.Momentum, c.Keep)
			} else {
				vectorSGDAVX2(&p[lo], &g[lo], &buf[lo], hi-lo, c.LR, c.Decay, c.Momentum, c.Keep)
			}
		})
	},
	adam: func(p, g, m, v []float32, c AdamStep[float32]) {
		inBlocks(len(p), func(lo, hi int) {
			vectorAdamAVX2(&p[lo], &g[lo], &m[lo], &v[lo], hi-lo, c.B1, c.K1, c.B2, c.K2, c.Size, c.Root, c.Eps, c.Shrink, c.Decay, c.Sign)
		})
	},
}

// maxRowsAVX2 is one of vectorMax2AVX2, vectorMax2PlacesAVX2, vectorMax3AVX2 and vectorMax3PlacesAVX2.
//
//go:noinline
func maxRowsAVX2(width int, y []float32, place []int32, x []float32, n, rows, ldx, out, step, left, first int) bool {
	switch {
	case width == 2 && place == nil:
		return vectorMax2AVX2(&y[0], &x[0], n, rows, ldx, out, step, left) == 0
	case width == 2:
		return vectorMax2PlacesAVX2(&y[0], &place[0], &x[0], n, rows, ldx, out, step, left, first) == 0
	case place == nil:
		return vectorMax3AVX2(&y[0], &x[0], n, rows, ldx, out, step, left) == 0
	}
	return vectorMax3PlacesAVX2(&y[0], &place[0], &x[0], n, rows, ldx, out, step, left, first) == 0
}
