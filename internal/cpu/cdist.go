package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// CdistPairs is the geometry of distances between all pairs of rows: x (Batch, N, K), y (Batch, M, K), d (Batch, N, M).
type CdistPairs struct{ Batch, N, M, K int }

// rows calls f with the batch and the number of each row of x.
func (g CdistPairs) rows(f func(b, i int)) {
	parallel.For(g.Batch*g.N, max(1, grainCostly/max(1, g.M*g.K)), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			f(r/g.N, r)
		}
	})
}

// Cdist computes d[b,i,j] = (Σ_k |x[b,i,k] - y[b,j,k]|^p)^(1/p), accumulated in float64.
func Cdist[T float32 | float64](g CdistPairs, p float64, x, y, d []T) {
	g.rows(func(b, i int) {
		xi, di := x[i*g.K:(i+1)*g.K], d[i*g.M:(i+1)*g.M]
		for j := range di {
			di[j] = T(distance(p, xi, y[(b*g.M+j)*g.K:][:g.K]))
		}
	})
}

func distance[T float32 | float64](p float64, x, y []T) (s float64) {
	y = y[:len(x)]
	switch {
	case p == 2:
		for k, v := range x {
			a := float64(v) - float64(y[k])
			s += a * a
		}
		return math.Sqrt(s)
	case p == 1:
		for k, v := range x {
			s += math.Abs(float64(v) - float64(y[k]))
		}
		return s
	case p == 0:
		for k, v := range x {
			if v != y[k] {
				s++
			}
		}
		return s
	case math.IsInf(p, 1):
		for k, v := range x {
			s = max(s, math.Abs(float64(v)-float64(y[k])))
		}
		return s
	}
	for k, v := range x {
		s += math.Pow(math.Abs(float64(v)-float64(y[k])), p)
	}
	return math.Pow(s, 1/p)
}

// nearby is the part of |x|² + |y|² below which |x|² + |y|² - 2x·y has lost too many digits.
const nearby = 1e-2

// CdistFromProducts replaces d = x·yᵀ by Euclid's distances; those of neighbours are computed from differences.
func CdistFromProducts[T float32 | float64](g CdistPairs, x, y, d []T) {
	norms := make([]float64, g.Batch*g.M)
	parallel.For(len(norms), max(1, grainCheap/max(1, g.K)), func(lo, hi int) {
		for j := lo; j < hi; j++ {
			norms[j] = squares(y[j*g.K : (j+1)*g.K])
		}
	})
	g.rows(func(b, i int) {
		xi, di := x[i*g.K:(i+1)*g.K], d[i*g.M:(i+1)*g.M]
		n := squares(xi)
		for j, ny := range norms[b*g.M:][:len(di)] {
			s := n + ny - 2*float64(di[j])
			if s > nearby*(n+ny) {
				di[j] = T(math.Sqrt(s))
			} else { // infinities and NaN too
				di[j] = T(distance(2, xi, y[(b*g.M+j)*g.K:][:g.K]))
			}
		}
	})
}

func squares[T float32 | float64](x []T) (s float64) {
	for _, v := range x {
		s += float64(v) * float64(v)
	}
	return s
}

// CdistGrad computes dx[b,i,k] = Σ_j dd[b,i,j] ∂d[b,i,j]/∂x[b,i,k] for p > 0. A zero difference has no influence; for an
// infinite p the gradient is shared evenly among the largest.
func CdistGrad[T float32 | float64](g CdistPairs, p float64, x, y, d, dd, dx []T) {
	g.rows(func(b, i int) {
		acc, block := borrow[float64](g.K)
		defer block.Put()
		clear(acc)
		xi := x[i*g.K : (i+1)*g.K]
		for j, w := range dd[i*g.M : (i+1)*g.M] {
			yj, dist := y[(b*g.M+j)*g.K:][:g.K], float64(d[i*g.M+j])
			if dist == 0 || w == 0 {
				continue
			}
			switch {
			case p == 1:
				for k, v := range xi {
					if v > yj[k] {
						acc[k] += float64(w)
					} else if v < yj[k] {
						acc[k] -= float64(w)
					}
				}
			case math.IsInf(p, 1):
				ties := 0.0
				for k, v := range xi {
					if T(math.Abs(float64(v)-float64(yj[k]))) == d[i*g.M+j] {
						ties++
					}
				}
				for k, v := range xi {
					if a := float64(v) - float64(yj[k]); T(math.Abs(a)) == d[i*g.M+j] {
						acc[k] += float64(w) * math.Copysign(1/ties, a)
					}
				}
			default:
				scale := float64(w) * math.Pow(dist, 1-p)
				for k, v := range xi {
					if a := float64(v) - float64(yj[k]); a != 0 {
						acc[k] += scale * math.Copysign(math.Pow(math.Abs(a), p-1), a)
					}
				}
			}
		}
		for k, v := range acc {
			dx[i*g.K+k] = T(v)
		}
	})
}
