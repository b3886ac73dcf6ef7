package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// BatchNorm normalises x (n, c, hw) over n and hw for each channel: y = (x - mean) rstd weight + bias with rstd =
// 1/sqrt(var + eps) and the biased variance. mean and variance (c) are results too; mu and rstd (c), unless nil, get the mean
// and rstd that BatchNormGrad takes: rounded to float32, a mean of many deviations would be too coarse.
func BatchNorm[T float32 | float64](n, c, hw int, eps float64, x, weight, bias, y, mean, variance []T, mu, rstd []float64) {
	parallel.For(c, channelGrain(n, hw), func(lo, hi int) {
		coef, coefBlock := borrow[T](3 * (hi - lo))
		defer coefBlock.Put()
		center, scale, shift := coef[:hi-lo], coef[hi-lo:2*(hi-lo)], coef[2*(hi-lo):]
		batchStatistics(n, c, hw, lo, hi, eps, x, weight, bias, mean, variance, mu, rstd, center, scale, shift)
		for i := range n {
			if hw == 1 {
				src, dst := x[i*c+lo:i*c+hi], y[i*c+lo:i*c+hi]
				center, scale, shift := center[:len(src)], scale[:len(src)], shift[:len(src)]
				for k := range dst {
					dst[k] = (src[k]-center[k])*scale[k] + shift[k]
				}
				continue
			}
			for k, m := range center {
				affine(plane(y, i, c, lo+k, hw), plane(x, i, c, lo+k, hw), m, scale[k], shift[k], streams(len(x)))
			}
		}
		fence()
	})
}

// batchStatistics computes what BatchNorm does of channels [lo, hi) but y, which is (x - center) scale + shift with one of each
// for each of these channels.
func batchStatistics[T float32 | float64](n, c, hw, lo, hi int, eps float64, x, weight, bias, mean, variance []T, mu, rstd []float64, center, scale, shift []T) {
	sums, sumsBlock := borrow[float64](2 * (hi - lo))
	defer sumsBlock.Put()
	s, q := sums[:hi-lo], sums[hi-lo:]
	if hw == 1 {
		columnSumSquares(n, c, x[lo:], s, q)
	} else {
		for k := range s {
			s[k], q[k] = 0, 0
			for i := range n {
				ds, dq := sumSquares(plane(x, i, c, lo+k, hw), x[(lo+k)*hw])
				s[k] += ds
				q[k] += dq
			}
		}
	}
	for k := range s {
		d := s[k] / float64(n*hw)
		v := max(0, q[k]/float64(n*hw)-d*d)
		m, r := float64(x[(lo+k)*hw])+d, 1/math.Sqrt(v+eps)
		mean[lo+k], variance[lo+k] = T(m), T(v)
		if mu != nil {
			mu[lo+k], rstd[lo+k] = m, r
		}
		a := r * float64(weight[lo+k])
		// What rounding takes from the mean goes into the shift: (x - mean) is exact where it matters.
		center[k], scale[k] = T(m), T(a)
		shift[k] = T(float64(bias[lo+k]) + (float64(T(m))-m)*a)
	}
}

// BatchNormLater is BatchNorm without y, which the function that it returns computes: elements [at, at+len(dst)), written around
// the caches if stream.
func BatchNormLater[T float32 | float64](n, c, hw int, eps float64, x, weight, bias, mean, variance []T, mu, rstd []float64) func(dst []T, at int, stream bool) {
	coef := make([]T, 3*c)
	center, scale, shift := coef[:c], coef[c:2*c], coef[2*c:]
	parallel.For(c, channelGrain(n, hw), func(lo, hi int) {
		batchStatistics(n, c, hw, lo, hi, eps, x, weight, bias, mean, variance, mu, rstd, center[lo:hi], scale[lo:hi], shift[lo:hi])
	})
	return func(dst []T, at int, stream bool) {
		for len(dst) > 0 {
			k, m := at/hw%c, min(hw-at%hw, len(dst))
			affine(dst[:m], x[at:at+m], center[k], scale[k], shift[k], stream)
			dst, at = dst[m:], at+m
		}
	}
}

// BatchNormGrad computes, with x̂ = (x - mu) rstd and m = n·hw,
//
//	dbias = Σ dy, dweight = Σ dy x̂, dx = weight rstd (dy - dbias/m - x̂ dweight/m).
func BatchNormGrad[T float32 | float64](n, c, hw int, dy, x, weight []T, mu, rstd []float64, dx, dweight, dbias []T) {
	parallel.For(c, channelGrain(n, hw), func(lo, hi int) {
		sums, sumsBlock := borrow[float64](2 * (hi - lo))
		defer sumsBlock.Put()
		coef, coefBlock := borrow[T](4 * (hi - lo))
		defer coefBlock.Put()
		s, p := sums[:hi-lo], sums[hi-lo:]
		w := hi - lo
		center, scale, slope, shift := coef[:w], coef[w:2*w], coef[2*w:3*w], coef[3*w:]
		if hw == 1 {
			columnSumProducts(n, c, dy[lo:], x[lo:], mu[lo:hi], s, p)
		} else {
			for k := range s {
				s[k], p[k] = 0, 0
				for i := range n {
					ds, dp := sumProducts(plane(dy, i, c, lo+k, hw), plane(x, i, c, lo+k, hw), mu[lo+k])
					s[k] += ds
					p[k] += dp
				}
			}
		}
		for k := range s {
			m, r := mu[lo+k], rstd[lo+k]
			dbias[lo+k], dweight[lo+k] = T(s[k]), T(p[k]*r)
			a := r * float64(weight[lo+k])
			t := a * p[k] * r * r / float64(n*hw)
			center[k], scale[k], slope[k] = T(m), T(a), T(t)
			shift[k] = T(a*s[k]/float64(n*hw) + (float64(T(m))-m)*t)
		}
		for i := range n {
			if hw == 1 {
				g, v, d := dy[i*c+lo:i*c+hi], x[i*c+lo:i*c+hi], dx[i*c+lo:i*c+hi]
				v, d = v[:len(g)], d[:len(g)]
				center, scale, slope, shift := center[:len(g)], scale[:len(g)], slope[:len(g)], shift[:len(g)]
				for k := range g {
					d[k] = scale[k]*g[k] - ((v[k]-center[k])*slope[k] + shift[k])
				}
				continue
			}
			for k, m := range center {
				affineGrad(plane(dx, i, c, lo+k, hw), plane(dy, i, c, lo+k, hw), plane(x, i, c, lo+k, hw), m, scale[k], shift[k], slope[k], streams(len(x)))
			}
		}
		fence()
	})
}

// channelGrain is the number of channels to normalise at a time: whole cache lines of vectors.
func channelGrain(n, hw int) int {
	grain := max(1, grainCheap/max(1, n*hw))
	if hw == 1 {
		grain = (grain + 15) &^ 15
	}
	return grain
}

// plane returns the values of channel k of sample i of x (n, c, hw).
func plane[T any](x []T, i, c, k, hw int) []T { return x[(i*c+k)*hw : (i*c+k+1)*hw] }

// LayerNorm normalises each row of x (n, c): y = (x - mean) rstd weight + bias with the biased variance. mu and rstd (n),
// unless nil, get the mean and rstd that LayerNormGrad takes.
func LayerNorm[T float32 | float64](n, c int, eps float64, x, weight, bias, y []T, mu, rstd []float64) {
	weight, bias = weight[:c], bias[:c]
	parallel.For(n, max(1, grainCheap/max(1, c)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row, out := x[i*c:(i+1)*c], y[i*c:(i+1)*c]
			s, q := sumSquares(row, row[0])
			s /= float64(c)
			v := max(0, q/float64(c)-s*s)
			m, r := float64(row[0])+s, 1/math.Sqrt(v+eps)
			if mu != nil {
				mu[i], rstd[i] = m, r
			}
			center, scale := T(m), T(r)
			shift := T((float64(center) - m) * r)
			if k := vectors[T](); k != nil {
				k.normalize(as32(out), as32(row), as32(weight), as32(bias), float32(center), float32(scale), float32(shift), streams(len(y)))
				continue
			}
			for j, w := range weight {
				out[j] = ((row[j]-center)*scale+shift)*w + bias[j]
			}
		}
		fence()
	})
}

// normChunk is the number of rows whose weight gradients are summed before the partial sums are added up in order.
const normChunk = 64

// LayerNormGrad computes, with x̂ = (x - mu) rstd and g = dy weight, for each row
//
//	dx = rstd (g - mean(g) - x̂ mean(g x̂)),  and over rows dweight = Σ dy x̂, dbias = Σ dy.
func LayerNormGrad[T float32 | float64](n, c int, dy, x, weight []T, mu, rstd []float64, dx, dweight, dbias []T) {
	normGradRows(n, c, dweight, dbias, func(i int, pw, pb []float64) {
		layerNormGradRow(dy[i*c:(i+1)*c], x[i*c:(i+1)*c], weight, mu[i], rstd[i], dx[i*c:(i+1)*c], pw, pb, streams(len(dx)))
	})
}

// normGradRows calls row for each of n rows: it adds to pw and pb, whose sums are dweight and dbias (c), unless nil.
func normGradRows[T float32 | float64](n, c int, dweight, dbias []T, row func(i int, pw, pb []float64)) {
	chunks := (n + normChunk - 1) / normChunk
	part, partBlock := borrow[float64](chunks * 2 * c)
	defer partBlock.Put()
	parallel.For(chunks, max(1, grainCheap/max(1, normChunk*c)), func(lo, hi int) {
		for q := lo; q < hi; q++ {
			pw, pb := part[q*2*c:q*2*c+c], part[q*2*c+c:(q+1)*2*c]
			clear(pw)
			clear(pb)
			for i := q * normChunk; i < min(n, (q+1)*normChunk); i++ {
				row(i, pw, pb)
			}
		}
		fence()
	})
	parallel.For(c, max(1, grainCheap/max(1, chunks)), func(lo, hi int) {
		for j := lo; j < hi; j++ {
			var sw, sb float64
			for q := range chunks {
				sw += part[q*2*c+j]
				sb += part[q*2*c+c+j]
			}
			dweight[j] = T(sw)
			if dbias != nil {
				dbias[j] = T(sb)
			}
		}
	})
}

// RMSNorm divides each row of x (n, c) by the root of its mean square: y = x rms weight with rms = 1/sqrt(mean(x²) + eps). rms (n), unless nil, is
// what RMSNormGrad takes.
func RMSNorm[T float32 | float64](n, c int, eps float64, x, weight, y []T, rms []float64) {
	weight = weight[:c]
	parallel.For(n, max(1, grainCheap/max(1, c)), func(lo, hi int) {
		bias, biasBlock := borrow[T](c)
		defer biasBlock.Put()
		clear(bias)
		for i := lo; i < hi; i++ {
			row, out := x[i*c:(i+1)*c], y[i*c:(i+1)*c]
			r := 1 / math.Sqrt(SumSquares(row)/float64(c)+eps)
			if rms != nil {
				rms[i] = r
			}
			scale := T(r)
			if k := vectors[T](); k != nil {
				k.normalize(as32(out), as32(row), as32(weight), as32(bias), 0, float32(scale), 0, streams(len(y)))
				continue
			}
			for j, w := range weight {
				out[j] = row[j] * scale * w
			}
		}
		fence()
	})
}

// RMSNormGrad computes, with x̂ = x rms and g = dy weight, for each row
//
//	dx = rms (g - x̂ mean(g x̂)),  and over rows dweight = Σ dy x̂.
func RMSNormGrad[T float32 | float64](n, c int, dy, x, weight []T, rms []float64, dx, dweight []T) {
	normGradRows(n, c, dweight, nil, func(i int, pw, pb []float64) {
		g, x, dx := dy[i*c:(i+1)*c], x[i*c:(i+1)*c], dx[i*c:(i+1)*c]
		weight, pw, r := weight[:c], pw[:c], rms[i]
		var sx float64
		if k := vectors[T](); k != nil {
			_, sx = k.normGradSums(as32(g), as32(x), as32(weight), 0, r, pw, pb) // Σ g x̂
			k.normGrad(as32(dx), as32(g), as32(x), as32(weight), 0, float32(r), 0, float32(sx*r/float64(c)), streams(n*c))
			return
		}
		for j, v := range g {
			pw[j] += float64(v) * (float64(x[j]) * r)
			sx += float64(v) * float64(weight[j]) * float64(x[j])
		}
		sx *= r * r / float64(c)
		for j, v := range g {
			dx[j] = T(r * (float64(v)*float64(weight[j]) - float64(x[j])*sx))
		}
	})
}

func layerNormGradRow[T float32 | float64](g, x, weight []T, mu, r float64, dx []T, pw, pb []float64, stream bool) {
	x, weight, dx, pw, pb = x[:len(g)], weight[:len(g)], dx[:len(g)], pw[:len(g)], pb[:len(g)]
	var sg, sx float64
	if k := vectors[T](); k != nil {
		sg, sx = k.normGradSums(as32(g), as32(x), as32(weight), mu, r, pw, pb)
		sg /= float64(len(g))
		sx *= r / float64(len(g))
		m := float32(mu)
		k.normGrad(as32(dx), as32(g), as32(x), as32(weight), m, float32(r), float32(sg+(float64(m)-mu)*sx), float32(sx), stream)
		return
	}
	for j, v := range g {
		xh := (float64(x[j]) - mu) * r
		pw[j] += float64(v) * xh
		pb[j] += float64(v)
		gw := float64(v) * float64(weight[j])
		sg += gw
		sx += gw * xh
	}
	sg /= float64(len(g))
	sx *= r / float64(len(g))
	for j, v := range g {
		dx[j] = T(r * (float64(v)*float64(weight[j]) - sg - (float64(x[j])-mu)*sx))
	}
}

// columnSumSquares is sumSquares, less the first row, down the columns of x, n rows apart by ld.
func columnSumSquares[T float32 | float64](n, ld int, x []T, s, q []float64) {
	clear(s)
	clear(q)
	first := x[:len(s)]
	q = q[:len(s)]
	for i := 1; i < n; i++ {
		row := x[i*ld:][:len(s)]
		for k, v := range first {
			d := float64(row[k]) - float64(v)
			s[k] += d
			q[k] += d * d
		}
	}
}

// columnSumProducts is sumProducts down the columns of g and x.
func columnSumProducts[T float32 | float64](n, ld int, g, x []T, mu, s, p []float64) {
	clear(s)
	clear(p)
	mu, p = mu[:len(s)], p[:len(s)]
	for i := range n {
		gi, xi := g[i*ld:][:len(s)], x[i*ld:][:len(s)]
		for k, v := range gi {
			s[k] += float64(v)
			p[k] += float64(v) * (float64(xi[k]) - mu[k])
		}
	}
}

// sumProducts returns Σ g and Σ g (x - mu) in float64.
func sumProducts[T float32 | float64](g, x []T, mu float64) (s, p float64) {
	x = x[:len(g)]
	if k := vectors[T](); k != nil {
		return k.sumProducts(as32(g), as32(x), mu)
	}
	var s1, p1 float64
	i := 0
	for ; i+2 <= len(g); i += 2 {
		a, b := float64(g[i]), float64(g[i+1])
		s += a
		p += a * (float64(x[i]) - mu)
		s1 += b
		p1 += b * (float64(x[i+1]) - mu)
	}
	if i < len(g) {
		s += float64(g[i])
		p += float64(g[i]) * (float64(x[i]) - mu)
	}
	return s + s1, p + p1
}

// SumSquares returns Σ x² in float64.
func SumSquares[T float32 | float64](x []T) float64 {
	_, q := sumSquares(x, 0)
	return q
}

// Moments are the number n of elements, Σ (x - x0) and Σ (x - x0)², where x0 is the first of them: near the mean, so that the variance
// q/n - (s/n)² does not cancel.
type Moments struct{ n, x0, s, q float64 }

// Variance is Σ (x - mean)² / (n - correction), NaN unless n > correction.
func (m Moments) Variance(correction int) float64 {
	k := m.n - float64(correction)
	if k <= 0 {
		return math.NaN()
	}
	return max(0, m.q-m.s*(m.s/m.n)) / k
}

// join returns the moments of both.
func (m Moments) join(o Moments) Moments {
	if m.n == 0 {
		return o
	}
	d := o.x0 - m.x0
	if o.n == 0 {
		d = 0
	}
	return Moments{m.n + o.n, m.x0, m.s + (o.s + o.n*d), m.q + (o.q + d*(2*o.s+o.n*d))}
}

// MomentsReducer folds elements into their moments.
func MomentsReducer[T float32 | float64]() Reducer[T, Moments] {
	return Reducer[T, Moments]{
		Run: func(m Moments, x []T, _ int) Moments {
			s, q := sumSquares(x, x[0])
			return m.join(Moments{float64(len(x)), float64(x[0]), s, q})
		},
		Cols: func(acc []Moments, x []T, _ int) {
			for i, v := range x[:len(acc)] {
				m := &acc[i]
				if m.n == 0 {
					m.x0 = float64(v)
				}
				d := float64(v) - m.x0
				m.n++
				m.s += d
				m.q += d * d
			}
		},
		Merge: Moments.join,
	}
}

// sumSquares returns Σ (x - x0) and Σ (x - x0)² in float64.
func sumSquares[T float32 | float64](x []T, x0 T) (s, q float64) {
	if k := vectors[T](); k != nil {
		return k.sumSquares(as32(x), float32(x0))
	}
	var s1, q1 float64
	i := 0
	for ; i+2 <= len(x); i += 2 {
		a, b := float64(x[i])-float64(x0), float64(x[i+1])-float64(x0)
		s += a
		q += a * a
		s1 += b
		q1 += b * b
	}
	if i < len(x) {
		a := float64(x[i]) - float64(x0)
		s += a
		q += a * a
	}
	return s + s1, q + q1
}

// affine computes y = (x - m) a + b.
func affine[T float32 | float64](y, x []T, m, a, b T, stream bool) {
	y = y[:len(x)]
	if k := vectors[T](); k != nil {
		k.affine(as32(y), as32(x), float32(m), float32(a), float32(b), stream)
		return
	}
	for j, v := range x {
		y[j] = (v-m)*a + b
	}
}

// affineGrad computes dx = a g - ((x - m) t + b).
func affineGrad[T float32 | float64](dx, g, x []T, m, a, b, t T, stream bool) {
	dx, x = dx[:len(g)], x[:len(g)]
	if k := vectors[T](); k != nil {
		k.affineGrad(as32(dx), as32(g), as32(x), float32(m), float32(a), float32(b), float32(t), stream)
		return
	}
	for j, v := range g {
		dx[j] = a*v - ((x[j]-m)*t + b)
	}
}
