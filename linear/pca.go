package linear

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// PCAConfig are the options of PCA.
type PCAConfig struct {
	Components int  // K, how many to keep; 0 is all min(N, D)
	Whiten     bool // Transform gives each component variance 1
}

// PCA is principal component analysis (Pearson, 1901; Hotelling, 1933): the K directions along which the data vary most, from the singular
// value decomposition X - mean = U diag(s) Vh. The directions are the rows of Vh, each with its largest element (the first of equal ones)
// positive, and the variance along one is s² / (N - 1). Of all projections onto K dimensions, that onto them has the least squared error:
// (N - 1) times the sum of the variances left out.
type PCA struct {
	Mean                   *tensor.Tensor // (D,), float64, as all of these
	Components             *tensor.Tensor // (K, D): orthonormal rows
	SingularValues         *tensor.Tensor // (K,), descending
	ExplainedVariance      *tensor.Tensor // (K,): s² / (N - 1)
	ExplainedVarianceRatio *tensor.Tensor // (K,): parts of the whole variance; 0 where that is 0

	cfg PCAConfig
}

// NewPCA returns an analysis to be fitted. It panics with ErrValue when Components is negative.
func NewPCA(cfg PCAConfig) *PCA {
	if cfg.Components < 0 {
		tensor.Fail("pca", tensor.ErrValue, nil, "Components is %d, must not be negative", cfg.Components)
	}
	return &PCA{cfg: cfg}
}

// Fit learns from rows x (N, D). Fewer than two of them, or than Components, is an ErrNoSamples, NaN or infinite data an ErrNotFinite,
// and when whitening a component without variance an ErrSingular. It panics with ErrShape when there are fewer features than Components.
func (p *PCA) Fit(x *tensor.Tensor) error {
	const op = "pca"
	x, err := samples(op, x)
	if err != nil {
		return err
	}
	n, d := x.Dim(0), x.Dim(1)
	if n < 2 {
		return fitError(op, ErrNoSamples, "one sample has no variance: give at least two")
	}
	k := p.cfg.Components
	if k == 0 {
		k = min(n, d)
	}
	if k > d {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "Components is %d, but there are %d features", k, d)
	}
	if k > n {
		return fitError(op, ErrNoSamples, "%d samples cannot have %d components: give more, or keep fewer components", n, k)
	}
	centered, mean := center(x)
	_, s, vh, err := thinSVD(centered)
	if err != nil {
		return fitError(op, err, "the samples cannot be decomposed")
	}
	variance := s.Square().DivScalar(float64(n - 1))
	total := variance.Sum().Item()
	if p.cfg.Whiten {
		least := float64(max(n, d)) * 0x1p-52 * s.Select(0, 0).Item()
		if s.Select(0, k-1).Item() <= least {
			return fitError(op, ErrSingular, "of %d components the last has no variance, so that it cannot be given variance 1: keep fewer", k)
		}
	}
	p.Mean = mean
	p.Components = positive(vh.Narrow(0, 0, k))
	p.SingularValues, p.ExplainedVariance = s.Narrow(0, 0, k).Contiguous(), variance.Narrow(0, 0, k).Contiguous()
	p.ExplainedVarianceRatio = p.ExplainedVariance.DivScalar(total)
	if total == 0 {
		p.ExplainedVarianceRatio = tensor.ZerosLike(p.ExplainedVariance)
	}
	return nil
}

// positive returns the rows of v with the signs that make the largest element of each positive.
func positive(v *tensor.Tensor) *tensor.Tensor {
	k, d := v.Dim(0), v.Dim(1)
	a := tensor.Data[float64](v.Contiguous())
	for row := range k {
		r := a[row*d : (row+1)*d]
		most := 0
		for j, x := range r {
			// A margin, so that rounding does not choose between equal ones.
			if math.Abs(x) > math.Abs(r[most])*(1+1e-9) {
				most = j
			}
		}
		if r[most] < 0 {
			for j := range r {
				r[j] = -r[j]
			}
		}
	}
	return tensor.Of(a, k, d)
}

// Transform returns the coordinates (N, K) of rows x (N, D) along the components, (x - Mean)·Componentsᵀ, when whitening each divided by
// its standard deviation; in the dtype of x.
func (p *PCA) Transform(x *tensor.Tensor) *tensor.Tensor {
	checkFitted("pca", x, p.Mean)
	return x.To(tensor.Float64).Sub(p.Mean).MatMul(p.scaled(false).T()).To(x.DType())
}

// InverseTransform returns the points (N, D) with the coordinates z (N, K), in the dtype of z. Of Transform's it is the nearest points to
// the samples in the plane of the components.
func (p *PCA) InverseTransform(z *tensor.Tensor) *tensor.Tensor {
	checkFitted("pca", z, p.ExplainedVariance)
	return z.To(tensor.Float64).MatMul(p.scaled(true)).Add(p.Mean).To(z.DType())
}

// scaled returns the components, when whitening divided by, or for the inverse multiplied with, the standard deviations.
func (p *PCA) scaled(inverse bool) *tensor.Tensor {
	if !p.cfg.Whiten {
		return p.Components
	}
	std := p.ExplainedVariance.Sqrt().Unsqueeze(1)
	if inverse {
		return p.Components.Mul(std)
	}
	return p.Components.Div(std)
}
