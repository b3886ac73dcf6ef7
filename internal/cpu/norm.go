package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// BatchNorm normalises x (n, c, hw) over n and hw for each channel: y = (x - mean) rstd weight + bias with rstd =
// 1/sqrt(var + eps) and the biased variance. weight and bias may be nil. mean, variance and rstd (c) are results too.
func BatchNorm[T float32 | float64](n, c, hw int, eps float64, x, weight, bias, y, mean, variance, rstd []T) {
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
			m := s / float64(n*hw)
			v := max(0, q/float64(n*hw)-m*m)
			r := 1 / math.Sqrt(v+eps)
			mu := float64(x0) + m
			mean[k], variance[k], rstd[k] = T(mu), T(v), T(r)
			a, b := r*at(weight, k, 1), at(bias, k, 0)-mu*r*at(weight, k, 1)
			scale, shift := T(a), T(b)
			if math.Abs(mu)*r > 1e3 { // x·scale + shift would cancel
				for i := range n {
					src, dst := x[(i*c+k)*hw:(i*c+k+1)*hw], y[(i*c+k)*hw:(i*c+k+1)*hw]
					for j, v := range src {
						dst[j] = T((float64(v)-mu)*a + at(bias, k, 0))
					}
				}
				continue
			}
			for i := range n {
				src, dst := x[(i*c+k)*hw:(i*c+k+1)*hw], y[(i*c+k)*hw:(i*c+k+1)*hw]
				for j, v := range src {
					dst[j] = v*scale + shift
				}
			}
		}
	})
}

// BatchNormGrad computes, with x̂ = (x - mean) rstd and m = n·hw,
//
//	dbias = Σ dy, dweight = Σ dy x̂, dx = weight rstd (dy - dbias/m - x̂ dweight/m).
func BatchNormGrad[T float32 | float64](n, c, hw int, dy, x, weight, mean, rstd, dx, dweight, dbias []T) {
	m := float64(n * hw)
	parallel.For(c, max(1, grainCheap/max(1, n*hw)), func(lo, hi int) {
		for k := lo; k < hi; k++ {
			mu, r := mean[k], rstd[k]
			var sb, sw float64
			for i := range n {
				g, v := dy[(i*c+k)*hw:(i*c+k+1)*hw], x[(i*c+k)*hw:(i*c+k+1)*hw]
				var b0, b1, w0, w1 float64
				j := 0
				for ; j+2 <= len(g); j += 2 {
					b0 += float64(g[j])
					b1 += float64(g[j+1])
					w0 += float64(g[j]) * float64(v[j]-mu)
					w1 += float64(g[j+1]) * float64(v[j+1]-mu)
				}
				for ; j < len(g); j++ {
					b0 += float64(g[j])
					w0 += float64(g[j]) * float64(v[j]-mu)
				}
				sb += b0 + b1
				sw += w0 + w1
			}
			sw *= float64(r)
			dbias[k], dweight[k] = T(sb), T(sw)
			a := T(float64(r) * at(weight, k, 1))
			b, w := T(sb/m), T(sw/m*float64(r))
			for i := range n {
				g, v, d := dy[(i*c+k)*hw:(i*c+k+1)*hw], x[(i*c+k)*hw:(i*c+k+1)*hw], dx[(i*c+k)*hw:(i*c+k+1)*hw]
				v, d = v[:len(g)], d[:len(g)]
				for j := range g {
					d[j] = a * (g[j] - b - (v[j]-mu)*w)
				}
			}
		}
	})
}

// LayerNorm normalises each row of x (n, c): y = (x - mean) rstd weight + bias with the biased variance. weight and bias
// (c) may be nil.
func LayerNorm[T float32 | float64](n, c int, eps float64, x, weight, bias, y, mean, rstd []T) {
	parallel.For(n, max(1, grainCheap/max(1, c)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row, out := x[i*c:(i+1)*c], y[i*c:(i+1)*c]
			s, q := sumSquares(row, row[0])
			m := s / float64(c)
			v := max(0, q/float64(c)-m*m)
			mu, r := T(float64(row[0])+m), T(1/math.Sqrt(v+eps))
			mean[i], rstd[i] = mu, r
			switch {
			case weight == nil && bias == nil:
				for j, v := range row {
					out[j] = (v - mu) * r
				}
			default:
				for j, v := range row {
					out[j] = T(float64((v-mu)*r)*at(weight, j, 1) + at(bias, j, 0))
				}
			}
		}
	})
}

// normChunk is the number of rows whose weight gradients are summed before the partial sums are added up in order.
const normChunk = 64

// LayerNormGrad computes, with x̂ = (x - mean) rstd and g = dy weight, for each row
//
//	dx = rstd (g - mean(g) - x̂ mean(g x̂)),  and over rows dweight = Σ dy x̂, dbias = Σ dy.
func LayerNormGrad[T float32 | float64](n, c int, dy, x, weight, mean, rstd, dx, dweight, dbias []T) {
	chunks := (n + normChunk - 1) / normChunk
	part := make([]float64, chunks*2*c)
	parallel.For(chunks, 1, func(lo, hi int) {
		for q := lo; q < hi; q++ {
			pw, pb := part[q*2*c:q*2*c+c], part[q*2*c+c:(q+1)*2*c]
			for i := q * normChunk; i < min(n, (q+1)*normChunk); i++ {
				g, row, d := dy[i*c:(i+1)*c], x[i*c:(i+1)*c], dx[i*c:(i+1)*c]
				mu, r := float64(mean[i]), float64(rstd[i])
				var sg, sx float64
				for j, v := range g {
					xh := (float64(row[j]) - mu) * r
					pw[j] += float64(v) * xh
					pb[j] += float64(v)
					gw := float64(v) * at(weight, j, 1)
					sg += gw
					sx += gw * xh
				}
				sg /= float64(c)
				sx /= float64(c)
				for j, v := range g {
					xh := (float64(row[j]) - mu) * r
					d[j] = T(r * (float64(v)*at(weight, j, 1) - sg - xh*sx))
				}
			}
		}
	})
	for j := range c {
		var sw, sb float64
		for q := range chunks {
			sw += part[q*2*c+j]
			sb += part[q*2*c+c+j]
		}
		dweight[j], dbias[j] = T(sw), T(sb)
	}
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

func at[T float32 | float64](x []T, i int, otherwise float64) float64 {
	if x == nil {
		return otherwise
	}
	return float64(x[i])
}
