package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// BatchNorm normalises x (n, c, hw) over n and hw for each channel: y = (x - mean) rstd weight + bias with rstd =
// 1/sqrt(var + eps) and the biased variance. mean and variance (c) are results too; mu and rstd (c), unless nil, get the mean
// and rstd that BatchNormGrad takes: rounded to float32, a mean of many deviations would be too coarse.
func BatchNorm[T float32 | float64](n, c, hw int, eps float64, x, weight, bias, y, mean, variance []T, mu, rstd []float64) {
	parallel.For(c, max(1, grainCheap/max(1, n*hw)), func(lo, hi int) {
		for k := lo; k < hi; k++ {
			// Sums of differences to the first element: no cancellation when the mean is large.
			x0 := x[k*hw]
			var s, q float64
			for i := range n {
				ds, dq := sumSquares(x[(i*c+k)*hw:(i*c+k+1)*hw], x0)
				s += ds
				q += dq
			}
			s /= float64(n * hw)
			v := max(0, q/float64(n*hw)-s*s)
			m, r := float64(x0)+s, 1/math.Sqrt(v+eps)
			mean[k], variance[k] = T(m), T(v)
			if mu != nil {
				mu[k], rstd[k] = m, r
			}
			a := r * float64(weight[k])
			// The rounding of the mean goes into the shift: (x - mean) is exact where it matters.
			center, scale := T(m), T(a)
			shift := T(float64(bias[k]) + (float64(center)-m)*a)
			for i := range n {
				src, dst := x[(i*c+k)*hw:(i*c+k+1)*hw], y[(i*c+k)*hw:(i*c+k+1)*hw]
				dst = dst[:len(src)]
				for j, v := range src {
					dst[j] = (v-center)*scale + shift
				}
			}
		}
	})
}

// BatchNormGrad computes, with x̂ = (x - mu) rstd and m = n·hw,
//
//	dbias = Σ dy, dweight = Σ dy x̂, dx = weight rstd (dy - dbias/m - x̂ dweight/m).
func BatchNormGrad[T float32 | float64](n, c, hw int, dy, x, weight []T, mu, rstd []float64, dx, dweight, dbias []T) {
	parallel.For(c, max(1, grainCheap/max(1, n*hw)), func(lo, hi int) {
		for k := lo; k < hi; k++ {
			mean, r := mu[k], rstd[k]
			var sb, sw float64
			for i := range n {
				db, dw := sumProducts(dy[(i*c+k)*hw:(i*c+k+1)*hw], x[(i*c+k)*hw:(i*c+k+1)*hw], mean)
				sb += db
				sw += dw
			}
			sw *= r
			dbias[k], dweight[k] = T(sb), T(sw)
			sb /= float64(n * hw)
			sw *= r / float64(n*hw)
			center, scale, slope := T(mean), T(r*float64(weight[k])), T(sw)
			shift := T(sb + (float64(center)-mean)*sw)
			for i := range n {
				g, v, d := dy[(i*c+k)*hw:(i*c+k+1)*hw], x[(i*c+k)*hw:(i*c+k+1)*hw], dx[(i*c+k)*hw:(i*c+k+1)*hw]
				v, d = v[:len(g)], d[:len(g)]
				for j := range g {
					d[j] = scale * (g[j] - shift - (v[j]-center)*slope)
				}
			}
		}
	})
}

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
			for j, w := range weight {
				out[j] = ((row[j]-center)*scale+shift)*w + bias[j]
			}
		}
	})
}

// normChunk is the number of rows whose weight gradients are summed before the partial sums are added up in order.
const normChunk = 64

// LayerNormGrad computes, with x̂ = (x - mu) rstd and g = dy weight, for each row
//
//	dx = rstd (g - mean(g) - x̂ mean(g x̂)),  and over rows dweight = Σ dy x̂, dbias = Σ dy.
func LayerNormGrad[T float32 | float64](n, c int, dy, x, weight []T, mu, rstd []float64, dx, dweight, dbias []T) {
	chunks := (n + normChunk - 1) / normChunk
	part := columns[float64](chunks * 2 * c)
	defer putColumns(part)
	parallel.For(chunks, max(1, grainCheap/max(1, normChunk*c)), func(lo, hi int) {
		for q := lo; q < hi; q++ {
			pw, pb := (*part)[q*2*c:q*2*c+c], (*part)[q*2*c+c:(q+1)*2*c]
			clear(pw)
			clear(pb)
			for i := q * normChunk; i < min(n, (q+1)*normChunk); i++ {
				layerNormGradRow(dy[i*c:(i+1)*c], x[i*c:(i+1)*c], weight, mu[i], rstd[i], dx[i*c:(i+1)*c], pw, pb)
			}
		}
	})
	parallel.For(c, max(1, grainCheap/max(1, chunks)), func(lo, hi int) {
		for j := lo; j < hi; j++ {
			var sw, sb float64
			for q := range chunks {
				sw += (*part)[q*2*c+j]
				sb += (*part)[q*2*c+c+j]
			}
			dweight[j], dbias[j] = T(sw), T(sb)
		}
	})
}

func layerNormGradRow[T float32 | float64](g, x, weight []T, mu, r float64, dx []T, pw, pb []float64) {
	x, weight, dx, pw, pb = x[:len(g)], weight[:len(g)], dx[:len(g)], pw[:len(g)], pb[:len(g)]
	var sg, sx float64
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

// sumProducts returns Σ g and Σ g (x - mu) in float64.
func sumProducts[T float32 | float64](g, x []T, mu float64) (s, p float64) {
	x = x[:len(g)]
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

// sumSquares returns Σ (x - x0) and Σ (x - x0)² in float64.
func sumSquares[T float32 | float64](x []T, x0 T) (s, q float64) {
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
