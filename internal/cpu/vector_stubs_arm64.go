//go:build arm64 && !noasm

package cpu

// vectorMaxNEON is the largest number among x, -Inf without any; NaN are passed over.
//
//go:noescape
func vectorMaxNEON(x *float32, n int) float32

// vectorExtremesNEON is the smallest and the largest element of x, both NaN where there is one; n >= 1.
//
//go:noescape
func vectorExtremesNEON(x *float32, n int) (lo, hi float32)

// The others are for n >= 0, with one rounding where a product is added to or subtracted.

// vectorSumNEON is
//
//	for i := range n { sum += x[i] }
//
//go:noescape
func vectorSumNEON(x *float32, n int) (sum float64)

// vectorSumSquaresNEON is
//
//	for i := range n { d := float64(x[i]) - float64(x0); s += d; q += d*d }
//
//go:noescape
func vectorSumSquaresNEON(x *float32, n int, x0 float32) (s, q float64)

// vectorSumProductsNEON is
//
//	for i := range n { s += float64(dy[i]); p += float64(dy[i]) * (float64(x[i]) - mu) }
//
//go:noescape
func vectorSumProductsNEON(dy, x *float32, n int, mu float64) (s, p float64)

// vectorNormGradSumsNEON is
//
//	for i := range n {
//		v, xh := float64(dy[i]), (float64(x[i])-mu)*r
//		pw[i] += v * xh
//		pb[i] += v
//		gw := v * float64(w[i])
//		s += gw
//		p += gw * xh
//	}
//
//go:noescape
func vectorNormGradSumsNEON(dy, x, w *float32, n int, mu, r float64, pw, pb *float64) (s, p float64)

// vectorExpSumNEON is, where no x[i] is above m and without the writes where y is nil,
//
//	for i := range n { y[i] = exp(x[i] - m); sum += y[i] }
//
//go:noescape
func vectorExpSumNEON(y, x *float32, n int, m float32) (sum float64)

// vectorAffineNEON is
//
//	for i := range n { y[i] = (x[i] - m)*a + b }
//
//go:noescape
func vectorAffineNEON(y, x *float32, n int, m, a, b float32)

// vectorAffineGradNEON is
//
//	for i := range n { dx[i] = a*dy[i] - ((x[i]-m)*t + b) }
//
//go:noescape
func vectorAffineGradNEON(dx, dy, x *float32, n int, m, a, b, t float32)

// vectorSoftmaxGradNEON is
//
//	for i := range n { dx[i] = y[i] * (dy[i] - s) }
//
//go:noescape
func vectorSoftmaxGradNEON(dx, dy, y *float32, n int, s float32)

// vectorLogSoftmaxGradNEON is
//
//	for i := range n { dx[i] = dy[i] - exp(y[i])*s }
//
//go:noescape
func vectorLogSoftmaxGradNEON(dx, dy, y *float32, n int, s float32)

// vectorNormalizeNEON is
//
//	for i := range n { y[i] = ((x[i]-m)*scale+shift)*w[i] + b[i] }
//
//go:noescape
func vectorNormalizeNEON(y, x, w, b *float32, n int, m, scale, shift float32)

// vectorNormGradNEON is
//
//	for i := range n { dx[i] = r * (dy[i]*w[i] - ((x[i]-m)*t + b)) }
//
//go:noescape
func vectorNormGradNEON(dx, dy, x, w *float32, n int, m, r, b, t float32)

// The optimizers round each step of arithmetic.

// vectorSGDNEON is
//
//	for i := range n { d := grad[i] + wd*p[i]; buf[i] = mu*buf[i] + keep*d; p[i] -= lr*buf[i] }
//
//go:noescape
func vectorSGDNEON(p, grad, buf *float32, n int, lr, wd, mu, keep float32)

// vectorNesterovNEON is
//
//	for i := range n { d := grad[i] + wd*p[i]; buf[i] = mu*buf[i] + keep*d; p[i] -= lr*(d + mu*buf[i]) }
//
//go:noescape
func vectorNesterovNEON(p, grad, buf *float32, n int, lr, wd, mu, keep float32)

// vectorAdamNEON is
//
//	for i := range n {
//		d := sign*grad[i] + wd*p[i]
//		m[i] = b1*m[i] + k1*d
//		v[i] = b2*v[i] + k2*d*d
//		p[i] = shrink*p[i] - size*m[i]/(sqrt(v[i])*root+eps)
//	}
//
//go:noescape
func vectorAdamNEON(p, grad, m, v *float32, n int, b1, k1, b2, k2, size, root, eps, shrink, wd, sign float32)

// The elementwise functions are
//
//	for i := range n { d[i] = f(a[i], b[i]) }
//
// with f(a, b) = a + b, a - b, a * b, a / b, and a, but 0 where b <= 0; with the constant s a + s, s - a, a * s, a / s, a * a, √a
// and max(a, 0); and, computed in float64 and rounded once, exp(a), 1 / (1 + exp(-a)), tanh(a), a * Φ(a)
// and a * (Φ(b) + b φ(b)).

//go:noescape
func vectorAddNEON(d, a, b *float32, n int)

//go:noescape
func vectorSubNEON(d, a, b *float32, n int)

//go:noescape
func vectorMulNEON(d, a, b *float32, n int)

//go:noescape
func vectorDivNEON(d, a, b *float32, n int)

//go:noescape
func vectorReLUGradNEON(d, a, b *float32, n int)

//go:noescape
func vectorAddSNEON(d, a *float32, n int, s float32)

//go:noescape
func vectorRSubSNEON(d, a *float32, n int, s float32)

//go:noescape
func vectorMulSNEON(d, a *float32, n int, s float32)

//go:noescape
func vectorDivSNEON(d, a *float32, n int, s float32)

//go:noescape
func vectorSquareNEON(d, a *float32, n int, s float32)

//go:noescape
func vectorSqrtNEON(d, a *float32, n int, s float32)

//go:noescape
func vectorReLUNEON(d, a *float32, n int, s float32)

//go:noescape
func vectorExpNEON(d, a *float32, n int)

//go:noescape
func vectorSigmoidNEON(d, a *float32, n int)

//go:noescape
func vectorTanhNEON(d, a *float32, n int)

//go:noescape
func vectorGELUNEON(d, a *float32, n int)

//go:noescape
func vectorGELUGradNEON(d, a, b *float32, n int)
