//go:build amd64 && !noasm

package cpu

import "unsafe"

// vectorsAVX512 are vectorsAVX2 with what AVX-512 does faster. What streams, and the optimizers, wait for memory. Elementwise
// functions have the same bits as with AVX2; sums have more parts.
var vectorsAVX512 = func() vectorKernels {
	k := vectorsAVX2
	k.max = func(x []float32) float32 {
		m := vectorMaxAVX512(nil, 0)
		inBlocks(len(x), func(lo, hi int) { m = max(m, vectorMaxAVX512(&x[lo], hi-lo)) })
		return m
	}
	k.sum = func(x []float32) (sum float64) {
		inBlocks(len(x), func(lo, hi int) { sum += vectorSumAVX512(&x[lo], hi-lo) })
		return sum
	}
	k.expSum = func(y, x []float32, m float32) (sum float64) {
		inBlocks(len(x), func(lo, hi int) {
			if y == nil {
				sum += vectorExpSumOnlyAVX512(&x[lo], hi-lo, m)
			} else {
				sum += vectorExpSumAVX512(&y[lo], &x[lo], hi-lo, m)
			}
		})
		return sum
	}
	k.affine = func(y, x []float32, m, a, b float32, stream bool) {
		if stream {
			vectorsAVX2.affine(y, x, m, a, b, true)
			return
		}
		inBlocks(len(x), func(lo, hi int) { vectorAffineAVX512(&y[lo], &x[lo], hi-lo, m, a, b) })
	}
	k.affineGrad = func(dx, g, x []float32, m, a, b, t float32, stream bool) {
		if stream {
			vectorsAVX2.affineGrad(dx, g, x, m, a, b, t, true)
			return
		}
		inBlocks(len(x), func(lo, hi int) { vectorAffineGradAVX512(&dx[lo], &g[lo], &x[lo], hi-lo, m, a, b, t) })
	}
	k.softmaxGrad = func(dx, dy, y []float32, s float32, stream bool) {
		if stream {
			vectorsAVX2.softmaxGrad(dx, dy, y, s, true)
			return
		}
		inBlocks(len(y), func(lo, hi int) { vectorSoftmaxGradAVX512(&dx[lo], &dy[lo], &y[lo], hi-lo, s) })
	}
	k.logSoftmaxGrad = func(dx, dy, y []float32, s float32, stream bool) {
		if stream {
			vectorsAVX2.logSoftmaxGrad(dx, dy, y, s, true)
			return
		}
		inBlocks(len(y), func(lo, hi int) { vectorLogSoftmaxGradAVX512(&dx[lo], &dy[lo], &y[lo], hi-lo, s) })
	}
	k.sumSquares = func(x []float32, x0 float32) (s, q float64) {
		inBlocks(len(x), func(lo, hi int) {
			ds, dq := vectorSumSquaresAVX512(&x[lo], hi-lo, x0)
			s, q = s+ds, q+dq
		})
		return s, q
	}
	k.sumProducts = func(g, x []float32, mu float64) (s, p float64) {
		inBlocks(len(g), func(lo, hi int) {
			ds, dp := vectorSumProductsAVX512(&g[lo], &x[lo], hi-lo, mu)
			s, p = s+ds, p+dp
		})
		return s, p
	}
	k.normalize = func(y, x, w, b []float32, m, scale, shift float32, stream bool) {
		if stream {
			vectorsAVX2.normalize(y, x, w, b, m, scale, shift, true)
			return
		}
		inBlocks(len(x), func(lo, hi int) {
			vectorNormalizeAVX512(&y[lo], &x[lo], &w[lo], &b[lo], hi-lo, m, scale, shift)
		})
	}
	k.normGrad = func(dx, g, x, w []float32, m, r, b, t float32, stream bool) {
		if stream {
			vectorsAVX2.normGrad(dx, g, x, w, m, r, b, t, true)
			return
		}
		inBlocks(len(x), func(lo, hi int) { vectorNormGradAVX512(&dx[lo], &g[lo], &x[lo], &w[lo], hi-lo, m, r, b, t) })
	}
	k.normGradSums = func(g, x, w []float32, mu, r float64, pw, pb []float64) (s, p float64) {
		inBlocks(len(g), func(lo, hi int) {
			ds, dp := vectorNormGradSumsAVX512(&g[lo], &x[lo], &w[lo], hi-lo, mu, r, &pw[lo], &pb[lo])
			s, p = s+ds, p+dp
		})
		return s, p
	}
	return k
}()

func init() {
	k := &kernelsF32AVX512
	for c, f := range map[Code]func(d, dy, x *float32, n int){
		GELUGrad: vectorGELUGradAVX512, SiLUGrad: vectorSiLUGradAVX512, LogSigmoidGrad: vectorLogSigmoidGradAVX512, SoftplusGrad: vectorSigmoidTimesAVX512,
	} {
		k[c] = func(d, dy, x, _ []float32, p Pointwise) {
			if c == SoftplusGrad && (p.S0 != 1 || p.S1 < 17) { // beyond 17, the slope is 1 anyway
				kernelsF32[c](d, dy, x, nil, p)
				return
			}
			dy, x = dy[:len(d)], x[:len(d)]
			f(unsafe.SliceData(d), unsafe.SliceData(dy), unsafe.SliceData(x), len(d))
		}
	}
	for c, f := range map[Code]func(d, a *float32, n int){
		Exp: vectorExpAVX512, Log: vectorLogAVX512, Tanh: vectorTanhAVX512, Sigmoid: vectorSigmoidAVX512, SiLU: vectorSiLUAVX512, GELU: vectorGELUAVX512,
		GELUTanh: vectorGELUTanhAVX512, Erf: vectorErfAVX512, LogSigmoid: vectorLogSigmoidAVX512, Softplus: vectorSoftplusAVX512,
	} {
		k[c] = func(d, a, _, _ []float32, p Pointwise) {
			if c == Softplus && (p.S0 != 1 || p.S1 < 17) { // beyond 17, it is a anyway
				kernelsF32[c](d, a, nil, nil, p)
				return
			}
			a = a[:len(d)]
			f(unsafe.SliceData(d), unsafe.SliceData(a), len(d))
		}
	}
	k.join(elementaryKernels(true))
	k.join(kernelsF32Vector)
}
