//go:build arm64 && !noasm

package cpu

import "unsafe"

func vectorsOf(im Impl) *vectorKernels {
	if im == implGo {
		return nil
	}
	return &vectorsNEON
}

// vectorPointwise are the elementwise functions in assembly; a call is of one tile. There are none that stream.
func vectorPointwise(stream bool) (k kernels[float32]) {
	if stream {
		return k
	}
	for c, f := range map[Code]func(d, a, b *float32, n int){
		Add: vectorAddNEON, Sub: vectorSubNEON, Mul: vectorMulNEON, Div: vectorDivNEON, ReLUGrad: vectorReLUGradNEON, GELUGrad: vectorGELUGradNEON,
	} {
		k[c] = func(d, a, b, _ []float32, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			f(unsafe.SliceData(d), unsafe.SliceData(a), unsafe.SliceData(b), len(d))
		}
	}
	for c, f := range map[Code]func(d, a *float32, n int, s float32){
		AddS: vectorAddSNEON, RSubS: vectorRSubSNEON, MulS: vectorMulSNEON, DivS: vectorDivSNEON,
		Square: vectorSquareNEON, Sqrt: vectorSqrtNEON, ReLU: vectorReLUNEON,
	} {
		k[c] = func(d, a, _, _ []float32, p Pointwise) {
			a = a[:len(d)]
			f(unsafe.SliceData(d), unsafe.SliceData(a), len(d), float32(p.S0))
		}
	}
	for c, f := range map[Code]func(d, a *float32, n int){Exp: vectorExpNEON, Tanh: vectorTanhNEON, Sigmoid: vectorSigmoidNEON, GELU: vectorGELUNEON} {
		k[c] = func(d, a, _, _ []float32, _ Pointwise) {
			a = a[:len(d)]
			f(unsafe.SliceData(d), unsafe.SliceData(a), len(d))
		}
	}
	return k
}

func fence() {}

func aligned([]float32) bool { return false }

// adamBlock is the number of elements of one call of Adam, whose square root and division take long on small processors.
const adamBlock = vectorBlock / 4

//go:noinline
func adamNEON(p, g, m, v []float32, c *AdamStep[float32]) {
	vectorAdamNEON(&p[0], &g[0], &m[0], &v[0], len(p), c.B1, c.K1, c.B2, c.K2, c.Size, c.Root, c.Eps, c.Shrink, c.Decay, c.Sign)
}

var vectorsNEON = vectorKernels{
	max: func(x []float32) float32 {
		m := vectorMaxNEON(nil, 0)
		inBlocks(len(x), func(lo, hi int) { m = max(m, vectorMaxNEON(&x[lo], hi-lo)) })
		return m
	},
	extremes: func(x []float32) (lo, hi float32, ok bool) {
		lo, hi = x[0], x[0]
		inBlocks(len(x), func(i, j int) {
			l, h := vectorExtremesNEON(&x[i], j-i)
			lo, hi = min(lo, l), max(hi, h)
		})
		return lo, hi, lo == lo
	},
	sum: func(x []float32) (sum float64) {
		inBlocks(len(x), func(lo, hi int) { sum += vectorSumNEON(&x[lo], hi-lo) })
		return sum
	},
	expSum: func(y, x []float32, m float32) (sum float64) {
		inBlocks(len(x), func(lo, hi int) {
			var to *float32
			if y != nil {
				to = &y[lo]
			}
			sum += vectorExpSumNEON(to, &x[lo], hi-lo, m)
		})
		return sum
	},
	affine: func(y, x []float32, m, a, b float32, _ bool) {
		inBlocks(len(x), func(lo, hi int) { vectorAffineNEON(&y[lo], &x[lo], hi-lo, m, a, b) })
	},
	affineGrad: func(dx, g, x []float32, m, a, b, t float32, _ bool) {
		inBlocks(len(x), func(lo, hi int) { vectorAffineGradNEON(&dx[lo], &g[lo], &x[lo], hi-lo, m, a, b, t) })
	},
	softmaxGrad: func(dx, dy, y []float32, s float32, _ bool) {
		inBlocks(len(y), func(lo, hi int) { vectorSoftmaxGradNEON(&dx[lo], &dy[lo], &y[lo], hi-lo, s) })
	},
	logSoftmaxGrad: func(dx, dy, y []float32, s float32, _ bool) {
		inBlocks(len(y), func(lo, hi int) { vectorLogSoftmaxGradNEON(&dx[lo], &dy[lo], &y[lo], hi-lo, s) })
	},
	sumSquares: func(x []float32, x0 float32) (s, q float64) {
		inBlocks(len(x), func(lo, hi int) {
			ds, dq := vectorSumSquaresNEON(&x[lo], hi-lo, x0)
			s, q = s+ds, q+dq
		})
		return s, q
	},
	sumProducts: func(g, x []float32, mu float64) (s, p float64) {
		inBlocks(len(g), func(lo, hi int) {
			ds, dp := vectorSumProductsNEON(&g[lo], &x[lo], hi-lo, mu)
			s, p = s+ds, p+dp
		})
		return s, p
	},
	normalize: func(y, x, w, b []float32, m, scale, shift float32, _ bool) {
		inBlocks(len(x), func(lo, hi int) {
			vectorNormalizeNEON(&y[lo], &x[lo], &w[lo], &b[lo], hi-lo, m, scale, shift)
		})
	},
	normGrad: func(dx, g, x, w []float32, m, r, b, t float32, _ bool) {
		inBlocks(len(x), func(lo, hi int) { vectorNormGradNEON(&dx[lo], &g[lo], &x[lo], &w[lo], hi-lo, m, r, b, t) })
	},
	normGradSums: func(g, x, w []float32, mu, r float64, pw, pb []float64) (s, p float64) {
		inBlocks(len(g), func(lo, hi int) {
			ds, dp := vectorNormGradSumsNEON(&g[lo], &x[lo], &w[lo], hi-lo, mu, r, &pw[lo], &pb[lo])
			s, p = s+ds, p+dp
		})
		return s, p
	},
	sgd: func(p, g, buf []float32, c SGDStep[float32]) {
		inBlocks(len(p), func(lo, hi int) {
			if c.Nesterov {
				vectorNesterovNEON(&p[lo], &g[lo], &buf[lo], hi-lo, c.LR, c.Decay, c.Momentum, c.Keep)
			} else {
				vectorSGDNEON(&p[lo], &g[lo], &buf[lo], hi-lo, c.LR, c.Decay, c.Momentum, c.Keep)
			}
		})
	},
	adam: func(p, g, m, v []float32, c AdamStep[float32]) {
		for lo := 0; lo < len(p); lo += adamBlock {
			hi := min(len(p), lo+adamBlock)
			adamNEON(p[lo:hi], g[lo:hi], m[lo:hi], v[lo:hi], &c)
		}
	},
}
