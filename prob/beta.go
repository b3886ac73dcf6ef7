package prob

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Beta is the distribution with density x^(a−1) (1−x)^(b−1) / B(a, b) for x in (0, 1).
type Beta struct {
	scalars
	A, B *tensor.Tensor // both > 0; PyTorch's concentration1 and concentration0
}

// NewBeta returns the distribution. It panics with ErrValue unless both parameters are positive.
func NewBeta(a, b *tensor.Tensor) *Beta {
	d := &Beta{join("beta", a, b), a, b}
	require("beta", "a", "positive", a, positive)
	require("beta", "b", "positive", b, positive)
	return d
}

// Sample implements Distribution.
func (d *Beta) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.RSample(g, n...).Detach()
}

// RSample returns X/(X+Y) of two gamma draws, strictly between 0 and 1; its gradient cannot be differentiated again.
func (d *Beta) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	one := tensor.With(d.dtype).Ones()
	x := NewGamma(d.A.ExpandTo(d.batch), one).logDraw(g, n)
	y := NewGamma(d.B.ExpandTo(d.batch), one).logDraw(g, n)
	return belowOne(d.dtype, x.Sub(y).Sigmoid())
}

// belowOne keeps numbers inside (0, 1).
func belowOne(d tensor.DType, x *tensor.Tensor) *tensor.Tensor {
	if d == tensor.Float64 {
		return x.Clamp(positiveOf(d, 0), 1-0x1p-53)
	}
	return x.Clamp(positiveOf(d, 0), 1-0x1p-24)
}

func (d *Beta) logB() *tensor.Tensor {
	return d.A.Lgamma().Add(d.B.Lgamma()).Sub(d.A.Add(d.B).Lgamma())
}

// LogProb implements Distribution.
func (d *Beta) LogProb(x *tensor.Tensor) *tensor.Tensor {
	x = d.at("beta", x)
	ok := x.Detach().GeScalar(0).LogicalAnd(x.Detach().LeScalar(1))
	x = x.MaskedFill(ok.LogicalNot(), 0.5)
	return inside(ok, xlogy(d.A.SubScalar(1), x).Add(xlogy(d.B.SubScalar(1), x.RSubScalar(1))).Sub(d.logB()))
}

// Mean returns a/(a+b).
func (d *Beta) Mean() *tensor.Tensor { return d.A.Div(d.A.Add(d.B)) }

// Variance returns ab / ((a+b)² (a+b+1)).
func (d *Beta) Variance() *tensor.Tensor {
	s := d.A.Add(d.B)
	return d.A.Mul(d.B).Div(s.Square().Mul(s.AddScalar(1)))
}

// Entropy returns ln B(a, b) − (a−1)ψ(a) − (b−1)ψ(b) + (a+b−2)ψ(a+b).
func (d *Beta) Entropy() *tensor.Tensor {
	s := d.A.Add(d.B)
	return d.logB().Sub(d.A.SubScalar(1).Mul(d.A.Digamma())).Sub(d.B.SubScalar(1).Mul(d.B.Digamma())).Add(s.SubScalar(2).Mul(s.Digamma()))
}

// Dirichlet is the distribution of vectors x (K,) of positive numbers that sum to 1, with density Π x_k^(a_k−1) / B(a).
type Dirichlet struct {
	scalars
	k             int
	Concentration *tensor.Tensor // (batch..., K), > 0
}

// NewDirichlet returns the distribution. It panics with ErrShape when the concentration has no dimension or fewer than two
// elements in the last, and with ErrValue unless it is positive.
func NewDirichlet(concentration *tensor.Tensor) *Dirichlet {
	s, k := lastDimension("dirichlet", concentration, 2)
	require("dirichlet", "concentration", "positive", concentration, positive)
	return &Dirichlet{s, k, concentration}
}

// lastDimension returns the batch and the size of p's last dimension, which is the event or the classes.
func lastDimension(name string, p *tensor.Tensor, least int) (scalars, int) {
	s := join(name, p)
	r := p.Rank()
	if r == 0 || p.Dim(-1) < least {
		tensor.Fail(name, tensor.ErrShape, []tensor.Shape{p.Shape()}, "the parameter must be (..., K), K at least %d", least)
	}
	s.batch = p.Shape().Remove(r - 1)
	return s, p.Dim(-1)
}

// Event returns (K,).
func (d *Dirichlet) Event() tensor.Shape { return tensor.ShapeOf(d.k) }

// Sample implements Distribution.
func (d *Dirichlet) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.RSample(g, n...).Detach()
}

// RSample returns gamma draws divided by their sum; its gradient cannot be differentiated again.
func (d *Dirichlet) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	z := NewGamma(d.Concentration, tensor.With(d.dtype).Ones()).logDraw(g, n)
	return belowOne(d.dtype, z.Softmax(-1))
}

// LogProb implements Distribution. It does not look whether x sums to 1.
func (d *Dirichlet) LogProb(x *tensor.Tensor) *tensor.Tensor {
	if _, ok := tensor.Broadcast(x.Shape(), d.Concentration.Shape()); !ok || x.Rank() == 0 {
		tensor.Fail("dirichlet", tensor.ErrShape, []tensor.Shape{x.Shape(), d.Concentration.Shape()}, "the value does not broadcast against the concentration")
	}
	return xlogy(d.Concentration.SubScalar(1), x.To(d.dtype)).Sum(-1).Sub(d.logB())
}

func (d *Dirichlet) logB() *tensor.Tensor {
	return d.Concentration.Lgamma().Sum(-1).Sub(d.Concentration.Sum(-1).Lgamma())
}

// Mean returns a/Σa.
func (d *Dirichlet) Mean() *tensor.Tensor {
	return d.Concentration.Div(d.Concentration.SumKeepdim(-1))
}

// Variance returns m(1−m)/(Σa + 1) for the mean m.
func (d *Dirichlet) Variance() *tensor.Tensor {
	m := d.Mean()
	return m.Mul(m.RSubScalar(1)).Div(d.Concentration.SumKeepdim(-1).AddScalar(1))
}

// Entropy returns ln B(a) + (Σa − K)ψ(Σa) − Σ (a−1)ψ(a).
func (d *Dirichlet) Entropy() *tensor.Tensor {
	s := d.Concentration.Sum(-1)
	return d.logB().Add(s.SubScalar(float64(d.k)).Mul(s.Digamma())).Sub(d.Concentration.SubScalar(1).Mul(d.Concentration.Digamma()).Sum(-1))
}
