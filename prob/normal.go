package prob

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Normal is the normal distribution with density e^(−((x−loc)/scale)²/2) / (scale √(2π)).
type Normal struct {
	scalars
	Loc, Scale *tensor.Tensor // scale > 0
}

// NewNormal returns the distribution. It panics with ErrValue unless loc is finite and scale positive.
func NewNormal(loc, scale *tensor.Tensor) *Normal {
	return &Normal{locScale("normal", loc, scale), loc, scale}
}

// Sample implements Distribution.
func (d *Normal) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.RSample(g, n...).Detach()
}

// RSample returns loc + scale ε.
func (d *Normal) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	e := tensor.With(d.dtype).Randn(g, d.shape(n).Dims()...)
	return d.Loc.Add(d.Scale.Mul(e))
}

// LogProb implements Distribution.
func (d *Normal) LogProb(x *tensor.Tensor) *tensor.Tensor {
	z := d.at("normal", x).Sub(d.Loc).Div(d.Scale)
	return z.Square().MulScalar(-0.5).Sub(d.Scale.Log()).SubScalar(halfLog2Pi)
}

// CDF returns Φ((x−loc)/scale).
func (d *Normal) CDF(x *tensor.Tensor) *tensor.Tensor {
	return d.at("normal", x).Sub(d.Loc).Div(d.Scale).MulScalar(-math.Sqrt2 / 2).Erfc().MulScalar(0.5)
}

// ICDF returns the quantile loc + scale Φ⁻¹(p).
func (d *Normal) ICDF(p *tensor.Tensor) *tensor.Tensor {
	return d.at("normal", p).MulScalar(2).SubScalar(1).Erfinv().MulScalar(math.Sqrt2).Mul(d.Scale).Add(d.Loc)
}

// Mean implements Distribution.
func (d *Normal) Mean() *tensor.Tensor { return d.spread(d.Loc) }

// Variance implements Distribution.
func (d *Normal) Variance() *tensor.Tensor { return d.spread(d.Scale.Square()) }

// Entropy returns ½ ln(2πe scale²).
func (d *Normal) Entropy() *tensor.Tensor {
	return d.spread(d.Scale.Log().AddScalar(0.5 + halfLog2Pi))
}

// LogNormal is the distribution of e^x for a normal x; loc and scale are x's.
type LogNormal struct{ *Normal }

// NewLogNormal returns the distribution. It panics as NewNormal does.
func NewLogNormal(loc, scale *tensor.Tensor) LogNormal { return LogNormal{NewNormal(loc, scale)} }

// Sample implements Distribution.
func (d LogNormal) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.Normal.Sample(g, n...).Exp()
}

// RSample returns e^(loc + scale ε).
func (d LogNormal) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.Normal.RSample(g, n...).Exp()
}

// LogProb implements Distribution.
func (d LogNormal) LogProb(x *tensor.Tensor) *tensor.Tensor {
	x = d.at("log_normal", x)
	ok := x.Detach().GtScalar(0)
	l := x.MaskedFill(ok.LogicalNot(), 1).Log()
	return inside(ok, d.Normal.LogProb(l).Sub(l))
}

// CDF returns Φ((ln x − loc)/scale), 0 below 0.
func (d LogNormal) CDF(x *tensor.Tensor) *tensor.Tensor {
	return d.Normal.CDF(d.at("log_normal", x).ClampMin(0).Log())
}

// ICDF returns the quantile e^(loc + scale Φ⁻¹(p)).
func (d LogNormal) ICDF(p *tensor.Tensor) *tensor.Tensor { return d.Normal.ICDF(p).Exp() }

// Mean returns e^(loc + scale²/2).
func (d LogNormal) Mean() *tensor.Tensor {
	return d.spread(d.Loc.Add(d.Scale.Square().MulScalar(0.5)).Exp())
}

// Variance returns (e^(scale²) − 1) e^(2 loc + scale²).
func (d LogNormal) Variance() *tensor.Tensor {
	s := d.Scale.Square()
	return d.spread(s.Expm1().Mul(d.Loc.MulScalar(2).Add(s).Exp()))
}

// Entropy returns ½ ln(2πe scale²) + loc.
func (d LogNormal) Entropy() *tensor.Tensor { return d.Normal.Entropy().Add(d.Loc) }
