package metrics

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Kernel is a positive definite function of pairs of vectors.
type Kernel func(x, y []float64) float64

// PolynomialKernel returns (γ xᵀy + c)^degree.
func PolynomialKernel(degree int, gamma, c float64) Kernel {
	return func(x, y []float64) float64 {
		b := gamma*dot(x, y) + c
		p := 1.0
		for range degree {
			p *= b
		}
		return p
	}
}

// RBFKernel returns Σ_σ e^{−‖x − y‖²/2σ²}.
func RBFKernel(sigmas ...float64) Kernel {
	return func(x, y []float64) (k float64) {
		d := squaredDistance(x, y)
		for _, s := range sigmas {
			k += math.Exp(-d / (2 * s * s))
		}
		return k
	}
}

// MMD2 returns the unbiased estimate of the squared maximum mean discrepancy of two sets of vectors, (N, D) and (M, D) (A. Gretton et al.,
// 2012):
//
//	1/(N(N−1)) Σ_{i≠j} k(x_i, x_j) + 1/(M(M−1)) Σ_{i≠j} k(y_i, y_j) − 2/(NM) Σ_{i,j} k(x_i, y_j)
//
// It is around zero, also below, for sets from one distribution, and NaN for fewer than two vectors. It panics with ErrShape when the
// shapes do not fit.
func MMD2(x, y *tensor.Tensor, k Kernel) float64 {
	a, n, d := features("mmd", "vectors", x)
	b, m, dy := features("mmd", "vectors", y)
	if d != dy {
		tensor.Fail("mmd", tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "both sets must have as many columns")
	}
	return mmd2(rows(a, n, d), rows(b, m, d), k)
}

func rows(x []float64, n, d int) [][]float64 {
	r := make([][]float64, n)
	for i := range r {
		r[i] = x[i*d : (i+1)*d]
	}
	return r
}

func mmd2(x, y [][]float64, k Kernel) float64 {
	within := func(v [][]float64) (s float64) {
		for i := range v {
			for j := range i {
				s += 2 * k(v[i], v[j])
			}
		}
		return s / (float64(len(v)) * float64(len(v)-1))
	}
	var across float64
	for i := range x {
		for j := range y {
			across += k(x[i], y[j])
		}
	}
	return within(x) + within(y) - 2*across/(float64(len(x))*float64(len(y)))
}

// KIDConfig are the options of KID.
type KIDConfig struct {
	Subsets int // default 100
	Size    int // of a subset; default 1000, at most the smaller set
}

// KID returns the kernel Inception distance of two sets of features, (N, D) and (M, D): MMD2 with the kernel (xᵀy/D + 1)³, mean and
// standard deviation over random subsets, drawn without replacement (M. Bińkowski et al., 2018). Unlike FID it is unbiased. It returns an
// error for sets of fewer than two vectors and panics with ErrShape when the shapes do not fit and with ErrValue on a negative option.
func KID(g *random.Generator, real, generated *tensor.Tensor, cfg KIDConfig) (mean, std float64, err error) {
	const op = "kid"
	a, n, d := features(op, "features", real)
	b, m, db := features(op, "features", generated)
	if d != db {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{real.Shape(), generated.Shape()}, "both sets must have as many columns")
	}
	if cfg.Subsets < 0 || cfg.Size < 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "%d subsets of %d: neither may be negative", cfg.Subsets, cfg.Size)
	}
	if cfg.Subsets == 0 {
		cfg.Subsets = 100
	}
	if cfg.Size == 0 {
		cfg.Size = 1000
	}
	size := min(cfg.Size, n, m)
	if size < 2 {
		return 0, 0, fmt.Errorf("KID needs subsets of two samples of either kind at least, not of %d from %d and %d", cfg.Size, n, m)
	}
	draw := func(v [][]float64) [][]float64 {
		r := make([][]float64, size)
		for i, j := range g.Perm(len(v))[:size] {
			r[i] = v[j]
		}
		return r
	}
	k, x, y := PolynomialKernel(3, 1/float64(d), 1), rows(a, n, d), rows(b, m, d)
	all := make([]float64, cfg.Subsets)
	for s := range all {
		all[s] = mmd2(draw(x), draw(y), k)
		mean += all[s] / float64(len(all))
	}
	for _, v := range all {
		std += (v - mean) * (v - mean) / float64(len(all))
	}
	return mean, math.Sqrt(std), nil
}
