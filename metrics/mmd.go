package metrics

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Kernel takes two sets of vectors, (N, D) and (M, D) Float64, to the values of a positive definite function of all pairs, (N, M).
type Kernel func(x, y *tensor.Tensor) *tensor.Tensor

// PolynomialKernel returns (γ xᵀy + c)^degree. It panics with ErrValue unless the degree is positive.
func PolynomialKernel(degree int, gamma, c float64) Kernel {
	if degree < 1 {
		tensor.Fail("polynomial_kernel", tensor.ErrValue, nil, "the degree is %d, must be positive", degree)
	}
	return func(x, y *tensor.Tensor) *tensor.Tensor {
		b := x.MatMul(y.T()).MulScalar(gamma).AddScalar(c)
		p := b
		for range degree - 1 { // cheaper than powers by logarithms
			p = p.Mul(b)
		}
		return p
	}
}

// RBFKernel returns Σ_σ e^{−‖x − y‖²/2σ²}.
func RBFKernel(sigmas ...float64) Kernel {
	return func(x, y *tensor.Tensor) *tensor.Tensor {
		squares := tensor.Cdist(x, y, 2).Square()
		sum := tensor.ZerosLike(squares)
		for _, s := range sigmas {
			sum = sum.Add(squares.MulScalar(-1 / (2 * s * s)).Exp())
		}
		return sum
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
	columns("mmd", x, y)
	return mmd2(x.Detach().To(tensor.Float64), y.Detach().To(tensor.Float64), k)
}

// columns panics unless x and y are matrices of as many columns.
func columns(op string, x, y *tensor.Tensor) {
	if x.Rank() != 2 || y.Rank() != 2 || x.Dim(1) != y.Dim(1) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "both sets must be matrices with as many columns")
	}
}

func mmd2(x, y *tensor.Tensor, k Kernel) float64 {
	n, m := x.Dim(0), y.Dim(0)
	sum := func(a, b *tensor.Tensor, others bool) (total float64) { // others: without pairs of a vector and itself
		const block = 1024 // rows at a time, to bound memory
		for i := 0; i < a.Dim(0); i += block {
			rows := a.Slice(0, i, min(i+block, a.Dim(0)), 1)
			g := k(rows, b)
			total += g.Sum().Item()
			if others {
				total -= g.Diagonal(i, 0, 1).Sum().Item()
			}
		}
		return total
	}
	return sum(x, x, true)/(float64(n)*float64(n-1)) + sum(y, y, true)/(float64(m)*float64(m-1)) - 2*sum(x, y, false)/(float64(n)*float64(m))
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
	columns(op, real, generated)
	n, m, d := real.Dim(0), generated.Dim(0), real.Dim(1)
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
	draw := func(v *tensor.Tensor) *tensor.Tensor {
		at := make([]int64, size)
		for i, j := range g.Perm(v.Dim(0))[:size] {
			at[i] = int64(j)
		}
		return v.IndexSelect(0, tensor.Of(at))
	}
	x, y := real.Detach().To(tensor.Float64), generated.Detach().To(tensor.Float64)
	k := PolynomialKernel(3, 1/float64(d), 1)
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
