package prob

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

const eulerGamma = 0.57721566490153286061

// Uniform is the uniform distribution on [low, high).
type Uniform struct {
	scalars
	Low, High *tensor.Tensor
}

// NewUniform returns the distribution. It panics with ErrValue unless low < high, both finite.
func NewUniform(low, high *tensor.Tensor) *Uniform {
	d := &Uniform{join("uniform", low, high), low, high}
	require("uniform", "low", "finite", low, finite)
	require("uniform", "high", "finite", high, finite)
	require("uniform", "high − low", "positive", high.Detach().Sub(low.Detach()), positive)
	return d
}

// Sample implements Distribution.
func (d *Uniform) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.RSample(g, n...).Detach()
}

// RSample returns low + (high − low) u.
func (d *Uniform) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	u := tensor.With(d.dtype).Rand(g, d.shape(n).Dims()...)
	return d.High.Sub(d.Low).Mul(u).Add(d.Low)
}

// LogProb implements Distribution.
func (d *Uniform) LogProb(x *tensor.Tensor) *tensor.Tensor {
	x = d.at("uniform", x).Detach()
	return inside(x.Ge(d.Low.Detach()).LogicalAnd(x.Lt(d.High.Detach())), d.High.Sub(d.Low).Log().Neg())
}

// CDF returns (x − low)/(high − low) between 0 and 1.
func (d *Uniform) CDF(x *tensor.Tensor) *tensor.Tensor {
	return d.at("uniform", x).Sub(d.Low).Div(d.High.Sub(d.Low)).Clamp(0, 1)
}

// ICDF returns low + (high − low) p.
func (d *Uniform) ICDF(p *tensor.Tensor) *tensor.Tensor {
	return d.at("uniform", p).Mul(d.High.Sub(d.Low)).Add(d.Low)
}

// Mean implements Distribution.
func (d *Uniform) Mean() *tensor.Tensor { return d.spread(d.Low.Add(d.High).MulScalar(0.5)) }

// Variance returns (high − low)²/12.
func (d *Uniform) Variance() *tensor.Tensor {
	return d.spread(d.High.Sub(d.Low).Square().DivScalar(12))
}

// Entropy returns ln(high − low).
func (d *Uniform) Entropy() *tensor.Tensor { return d.spread(d.High.Sub(d.Low).Log()) }

// Laplace is the distribution with density e^(−|x−loc|/scale) / (2 scale).
type Laplace struct {
	scalars
	Loc, Scale *tensor.Tensor // scale > 0
}

// NewLaplace returns the distribution. It panics with ErrValue unless loc is finite and scale positive.
func NewLaplace(loc, scale *tensor.Tensor) *Laplace {
	return &Laplace{locScale("laplace", loc, scale), loc, scale}
}

// Sample implements Distribution.
func (d *Laplace) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.RSample(g, n...).Detach()
}

// RSample returns loc + scale (E₁ − E₂) for two exponential numbers.
func (d *Laplace) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	e := d.noise(g, n, func(s *random.Stream) float64 { return s.Exponential() - s.Exponential() })
	return d.Loc.Add(d.Scale.Mul(e))
}

// LogProb implements Distribution.
func (d *Laplace) LogProb(x *tensor.Tensor) *tensor.Tensor {
	return d.at("laplace", x).Sub(d.Loc).Abs().Div(d.Scale).Add(d.Scale.MulScalar(2).Log()).Neg()
}

// CDF returns the probability of a draw below x.
func (d *Laplace) CDF(x *tensor.Tensor) *tensor.Tensor {
	z := d.at("laplace", x).Sub(d.Loc)
	return z.Sign().Mul(z.Abs().Div(d.Scale).Neg().Expm1()).MulScalar(-0.5).AddScalar(0.5)
}

// Mean implements Distribution.
func (d *Laplace) Mean() *tensor.Tensor { return d.spread(d.Loc) }

// Variance returns 2 scale².
func (d *Laplace) Variance() *tensor.Tensor { return d.spread(d.Scale.Square().MulScalar(2)) }

// Entropy returns 1 + ln(2 scale).
func (d *Laplace) Entropy() *tensor.Tensor {
	return d.spread(d.Scale.Log().AddScalar(1 + math.Ln2))
}

// Gumbel is the distribution of maxima, with distribution function e^(−e^(−(x−loc)/scale)).
type Gumbel struct {
	scalars
	Loc, Scale *tensor.Tensor // scale > 0
}

// NewGumbel returns the distribution. It panics with ErrValue unless loc is finite and scale positive.
func NewGumbel(loc, scale *tensor.Tensor) *Gumbel {
	return &Gumbel{locScale("gumbel", loc, scale), loc, scale}
}

// Sample implements Distribution.
func (d *Gumbel) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.RSample(g, n...).Detach()
}

// RSample returns loc − scale ln(−ln u).
func (d *Gumbel) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.Loc.Add(d.Scale.Mul(d.noise(g, n, (*random.Stream).Gumbel)))
}

// LogProb returns −z − e^(−z) − ln scale for z = (x−loc)/scale.
func (d *Gumbel) LogProb(x *tensor.Tensor) *tensor.Tensor {
	z := d.at("gumbel", x).Sub(d.Loc).Div(d.Scale).Neg()
	return z.Sub(z.Exp()).Sub(d.Scale.Log())
}

// CDF returns the probability of a draw below x.
func (d *Gumbel) CDF(x *tensor.Tensor) *tensor.Tensor {
	return d.at("gumbel", x).Sub(d.Loc).Div(d.Scale).Neg().Exp().Neg().Exp()
}

// Mean returns loc + γ scale, γ Euler's constant.
func (d *Gumbel) Mean() *tensor.Tensor { return d.spread(d.Loc.Add(d.Scale.MulScalar(eulerGamma))) }

// Variance returns π²/6 scale².
func (d *Gumbel) Variance() *tensor.Tensor {
	return d.spread(d.Scale.Square().MulScalar(math.Pi * math.Pi / 6))
}

// Entropy returns ln scale + γ + 1.
func (d *Gumbel) Entropy() *tensor.Tensor { return d.spread(d.Scale.Log().AddScalar(1 + eulerGamma)) }

// Cauchy is the distribution with density 1 / (π scale (1 + ((x−loc)/scale)²)); it has neither mean nor variance.
type Cauchy struct {
	scalars
	Loc, Scale *tensor.Tensor // scale > 0
}

// NewCauchy returns the distribution. It panics with ErrValue unless loc is finite and scale positive.
func NewCauchy(loc, scale *tensor.Tensor) *Cauchy {
	return &Cauchy{locScale("cauchy", loc, scale), loc, scale}
}

// Sample implements Distribution.
func (d *Cauchy) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.RSample(g, n...).Detach()
}

// RSample returns loc + scale times the quotient of two normal numbers.
func (d *Cauchy) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	e := d.noise(g, n, func(s *random.Stream) float64 { return s.Normal() / s.Normal() })
	return d.Loc.Add(d.Scale.Mul(e))
}

// LogProb implements Distribution.
func (d *Cauchy) LogProb(x *tensor.Tensor) *tensor.Tensor {
	z := d.at("cauchy", x).Sub(d.Loc).Div(d.Scale)
	return z.Square().Log1p().Add(d.Scale.Log()).AddScalar(math.Log(math.Pi)).Neg()
}

// CDF returns the probability of a draw below x.
func (d *Cauchy) CDF(x *tensor.Tensor) *tensor.Tensor {
	return d.at("cauchy", x).Sub(d.Loc).Div(d.Scale).Atan().DivScalar(math.Pi).AddScalar(0.5)
}

// Mean is NaN.
func (d *Cauchy) Mean() *tensor.Tensor { return d.filled(math.NaN()) }

// Variance is infinite.
func (d *Cauchy) Variance() *tensor.Tensor { return d.filled(math.Inf(1)) }

// Entropy returns ln(4π scale).
func (d *Cauchy) Entropy() *tensor.Tensor {
	return d.spread(d.Scale.Log().AddScalar(math.Log(4 * math.Pi)))
}
