package prob

import (
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// MultivariateNormal is the normal distribution of vectors x (K,), with density
//
//	e^(−½ (x−loc)ᵀ Σ⁻¹ (x−loc)) / √((2π)^K |Σ|), Σ = L Lᵀ
type MultivariateNormal struct {
	scalars
	k         int
	Loc       *tensor.Tensor // (..., K)
	ScaleTril *tensor.Tensor // L (..., K, K): lower triangular with a positive diagonal
}

// NewMultivariateNormal returns the distribution with mean loc (..., K) and covariance Σ (..., K, K), whose lower triangle is
// read. It returns an error when a covariance is not positive definite and panics with ErrShape when the shapes do not fit.
func NewMultivariateNormal(loc, covariance *tensor.Tensor) (*MultivariateNormal, error) {
	matrix("multivariate_normal", loc, covariance)
	l, err := linalg.Cholesky(covariance)
	if err != nil {
		return nil, err
	}
	return NewMultivariateNormalTril(loc, l), nil
}

// NewMultivariateNormalTril returns the distribution with mean loc (..., K) and covariance L Lᵀ, L (..., K, K) lower
// triangular; above the diagonal it is not read. It panics with ErrValue unless the diagonal is positive, and with ErrShape
// when the shapes do not fit.
func NewMultivariateNormalTril(loc, l *tensor.Tensor) *MultivariateNormal {
	const name = "multivariate_normal"
	matrix(name, loc, l)
	require(name, "loc", "finite", loc, finite)
	require(name, "the diagonal", "positive", l.Detach().Diagonal(0, -2, -1), positive)
	s := join(name, loc.Detach(), l.Detach().Select(-1, 0))
	s.batch = s.batch.Remove(s.batch.Rank() - 1)
	return &MultivariateNormal{s, loc.Dim(-1), loc, l.Tril(0)}
}

func matrix(name string, loc, m *tensor.Tensor) {
	shapes := []tensor.Shape{loc.Shape(), m.Shape()}
	if loc.Rank() < 1 || m.Rank() < 2 || m.Dim(-1) != loc.Dim(-1) || m.Dim(-2) != loc.Dim(-1) || loc.Dim(-1) < 1 {
		tensor.Fail(name, tensor.ErrShape, shapes, "the mean must be (..., K) and the matrix (..., K, K)")
	}
}

// Event returns (K,).
func (d *MultivariateNormal) Event() tensor.Shape { return tensor.ShapeOf(d.k) }

// Covariance returns Σ = L Lᵀ, (batch..., K, K).
func (d *MultivariateNormal) Covariance() *tensor.Tensor {
	return d.ScaleTril.MatMul(d.ScaleTril.Transpose(-1, -2)).ExpandTo(d.matrices(d.batch))
}

// matrices returns (batch..., K, K).
func (d *MultivariateNormal) matrices(batch tensor.Shape) tensor.Shape {
	return tensor.ShapeOf(append(batch.Dims(), d.k, d.k)...)
}

func (d *MultivariateNormal) vectors(batch tensor.Shape) tensor.Shape {
	return tensor.ShapeOf(append(batch.Dims(), d.k)...)
}

// Sample implements Distribution.
func (d *MultivariateNormal) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.RSample(g, n...).Detach()
}

// RSample returns loc + L ε.
func (d *MultivariateNormal) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	e := tensor.With(d.dtype).Randn(g, d.vectors(d.shape(n)).Dims()...)
	return d.ScaleTril.MatMul(e.Unsqueeze(-1)).Squeeze(-1).Add(d.Loc)
}

// LogProb implements Distribution.
func (d *MultivariateNormal) LogProb(x *tensor.Tensor) *tensor.Tensor {
	s, ok := tensor.Broadcast(x.Shape(), d.vectors(d.batch))
	if !ok || x.Rank() == 0 {
		tensor.Fail("multivariate_normal", tensor.ErrShape, []tensor.Shape{x.Shape(), d.vectors(d.batch)}, "the value does not broadcast against the mean")
	}
	far := whiten(d.ScaleTril, x.To(d.dtype).Sub(d.Loc).ExpandTo(s)).Square().Sum(-1)
	return far.MulScalar(-0.5).Sub(d.halfLogDet()).SubScalar(float64(d.k) * halfLog2Pi)
}

// whiten returns L⁻¹ x for vectors x (..., K).
func whiten(l, x *tensor.Tensor) *tensor.Tensor {
	batch := x.Shape().Remove(x.Rank() - 1)
	l = l.ExpandTo(tensor.ShapeOf(append(batch.Dims(), l.Dim(-1), l.Dim(-1))...))
	return linalg.Must(linalg.SolveTriangular(l, x.Unsqueeze(-1), linalg.SolveTriangularConfig{})).Squeeze(-1)
}

// halfLogDet returns ½ ln |Σ|.
func (d *MultivariateNormal) halfLogDet() *tensor.Tensor {
	return d.ScaleTril.Diagonal(0, -2, -1).Log().Sum(-1)
}

// Mean returns loc.
func (d *MultivariateNormal) Mean() *tensor.Tensor { return d.Loc.ExpandTo(d.vectors(d.batch)) }

// Variance returns the diagonal of Σ.
func (d *MultivariateNormal) Variance() *tensor.Tensor {
	return d.ScaleTril.Square().Sum(-1).ExpandTo(d.vectors(d.batch))
}

// Entropy returns ½ ln((2πe)^K |Σ|).
func (d *MultivariateNormal) Entropy() *tensor.Tensor {
	return d.spread(d.halfLogDet().AddScalar(float64(d.k) * (0.5 + halfLog2Pi)))
}

// klMultivariateNormal is ½ (tr(Σ_q⁻¹ Σ_p) + mᵀ Σ_q⁻¹ m − K) + ½ ln(|Σ_q|/|Σ_p|), m the difference of the means.
func klMultivariateNormal(p, q *MultivariateNormal) *tensor.Tensor {
	batch, ok := tensor.Broadcast(p.batch, q.batch)
	if !ok || p.k != q.k {
		tensor.Fail("kl", tensor.ErrShape, []tensor.Shape{p.Loc.Shape(), q.Loc.Shape()}, "the distributions do not broadcast")
	}
	l := q.ScaleTril.ExpandTo(q.matrices(batch))
	m := linalg.Must(linalg.SolveTriangular(l, p.ScaleTril.ExpandTo(p.matrices(batch)), linalg.SolveTriangularConfig{}))
	far := whiten(q.ScaleTril, p.Loc.Sub(q.Loc).ExpandTo(p.vectors(batch)))
	sum := m.Square().Sum(-2, -1).Add(far.Square().Sum(-1)).SubScalar(float64(p.k))
	return sum.MulScalar(0.5).Add(q.halfLogDet()).Sub(p.halfLogDet())
}
