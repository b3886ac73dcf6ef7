package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// GroupNorm normalises x (n, c, hw) over hw and c/groups neighbouring channels for each group: y = (x - mean) rstd weight + bias with
// rstd = 1/sqrt(var + eps) and the biased variance. mu and rstd (n groups), unless nil, get what GroupNormGrad takes.
func GroupNorm[T float32 | float64](n, c, hw, groups int, eps float64, x, weight, bias, y []T, mu, rstd []float64) {
	per := c / groups
	size := per * hw
	parallel.For(n*groups, max(1, grainCheap/size), func(lo, hi int) {
		for t := lo; t < hi; t++ {
			group := x[t*size : (t+1)*size]
			s, q := sumSquares(group, group[0])
			s /= float64(size)
			v := max(0, q/float64(size)-s*s)
			m, r := float64(group[0])+s, 1/math.Sqrt(v+eps)
			if mu != nil {
				mu[t], rstd[t] = m, r
			}
			center := T(m)
			for k := range per {
				ch := t%groups*per + k
				a := r * float64(weight[ch])
				scale, shift := T(a), T(float64(bias[ch])+(float64(center)-m)*a)
				src, dst := group[k*hw:(k+1)*hw], y[t*size+k*hw:][:hw]
				if hw >= shortPlane {
					affine(dst, src, center, scale, shift, streams(len(x)))
					continue
				}
				for j, v := range src {
					dst[j] = (v-center)*scale + shift
				}
			}
		}
		fence()
	})
}

// shortPlane is the number of elements below which a call of a kernel costs more than the elements.
const shortPlane = 16

// GroupNormGrad computes, with x̂ = (x - mu) rstd, g = dy weight and means over groups,
//
//	dx = rstd (g - mean(g) - x̂ mean(g x̂)),  and over n and hw dweight = Σ dy x̂, dbias = Σ dy.
func GroupNormGrad[T float32 | float64](n, c, hw, groups int, dy, x, weight []T, mu, rstd []float64, dx, dweight, dbias []T) {
	per := c / groups
	size := per * hw
	sums, block := borrow[float64](2 * n * c) // of each plane: Σ dy (x - mu) and Σ dy
	defer block.Put()
	parallel.For(n*groups, max(1, grainCheap/size), func(lo, hi int) {
		for t := lo; t < hi; t++ {
			m, r := mu[t], rstd[t]
			var s, p float64
			for k := range per {
				at := t*size + k*hw
				ds, dp := planeProducts(dy[at:at+hw], x[at:at+hw], m)
				sums[2*(t*per+k)], sums[2*(t*per+k)+1] = dp*r, ds
				w := float64(weight[t%groups*per+k])
				s += w * ds
				p += w * dp
			}
			center, slope := T(m), r*r*r*p/float64(size)
			shift := T(r*s/float64(size) + (float64(center)-m)*slope)
			for k := range per {
				at := t*size + k*hw
				a := T(r * float64(weight[t%groups*per+k]))
				g, v, d := dy[at:at+hw], x[at:at+hw], dx[at:at+hw]
				if hw >= shortPlane {
					affineGrad(d, g, v, center, a, shift, T(slope), streams(len(x)))
					continue
				}
				for j := range g {
					d[j] = a*g[j] - ((v[j]-center)*T(slope) + shift)
				}
			}
		}
		fence()
	})
	for ch := range c {
		var w, b float64
		for i := range n {
			w += sums[2*(i*c+ch)]
			b += sums[2*(i*c+ch)+1]
		}
		dweight[ch], dbias[ch] = T(w), T(b)
	}
}

// planeProducts is sumProducts, by a loop where the plane is short.
func planeProducts[T float32 | float64](g, x []T, mu float64) (s, p float64) {
	if len(g) >= shortPlane {
		return sumProducts(g, x, mu)
	}
	for i, v := range g {
		s += float64(v)
		p += float64(v) * (float64(x[i]) - mu)
	}
	return s, p
}
