package prob

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// TruncatedNormal is a normal distribution conditioned on [low, high].
type TruncatedNormal struct {
	scalars
	Loc, Scale, Low, High *tensor.Tensor // Loc and Scale are those before the cut
}

// NewTruncatedNormal returns the distribution. It panics with ErrValue unless loc is finite, scale positive and low < high, and
// where the interval holds less than 1e-9 of the normal distribution.
func NewTruncatedNormal(loc, scale, low, high *tensor.Tensor) *TruncatedNormal {
	const name = "truncated_normal"
	d := &TruncatedNormal{join(name, loc, scale, low, high), loc, scale, low, high}
	require(name, "loc", "finite", loc, finite)
	require(name, "scale", "positive", scale, positive)
	lo, hi := d.bounds()
	require(name, "the interval's probability", "at least 1e-9: choose a wider one", hi.Sub(lo).Detach(), func(v float64) bool { return v >= 1e-9 })
	return d
}

func phi(z *tensor.Tensor) *tensor.Tensor { return z.MulScalar(-math.Sqrt2 / 2).Erfc().MulScalar(0.5) }

func density(z *tensor.Tensor) *tensor.Tensor {
	return z.Square().MulScalar(-0.5).SubScalar(halfLog2Pi).Exp()
}

// bounds returns Φ of the ends.
func (d *TruncatedNormal) bounds() (lo, hi *tensor.Tensor) {
	a, b := d.ends()
	return phi(a), phi(b)
}

// ends returns the ends in units of the scale.
func (d *TruncatedNormal) ends() (a, b *tensor.Tensor) {
	return d.Low.Sub(d.Loc).Div(d.Scale), d.High.Sub(d.Loc).Div(d.Scale)
}

// Sample implements Distribution.
func (d *TruncatedNormal) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.RSample(g, n...).Detach()
}

// RSample inverts the distribution function at a uniform number.
func (d *TruncatedNormal) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	u := tensor.With(tensor.Float64).Rand(g, d.shape(n).Dims()...)
	wide := &TruncatedNormal{d.scalars, d.Loc.To(tensor.Float64), d.Scale.To(tensor.Float64), d.Low.To(tensor.Float64), d.High.To(tensor.Float64)}
	lo, hi := wide.bounds()
	z := hi.Sub(lo).Mul(u).Add(lo).MulScalar(2).SubScalar(1).Erfinv().MulScalar(math.Sqrt2)
	return z.Mul(wide.Scale).Add(wide.Loc).Maximum(wide.Low).Minimum(wide.High).To(d.dtype)
}

// LogProb implements Distribution.
func (d *TruncatedNormal) LogProb(x *tensor.Tensor) *tensor.Tensor {
	x = d.at("truncated_normal", x)
	lo, hi := d.bounds()
	z := x.Sub(d.Loc).Div(d.Scale)
	logp := z.Square().MulScalar(-0.5).SubScalar(halfLog2Pi).Sub(d.Scale.Log()).Sub(hi.Sub(lo).Log())
	v := x.Detach()
	return inside(v.Ge(d.Low.Detach()).LogicalAnd(v.Le(d.High.Detach())), logp)
}

// finiteTimes returns z f, 0 where z is infinite.
func finiteTimes(z, f *tensor.Tensor) *tensor.Tensor {
	s, _ := tensor.Broadcast(z.Shape(), f.Shape())
	far := z.Detach().Abs().EqScalar(math.Inf(1))
	return z.MaskedFill(far, 0).Mul(f).ExpandTo(s)
}

// Mean returns loc + scale (φ(a) − φ(b))/Z for the ends a, b in units of the scale and Z = Φ(b) − Φ(a).
func (d *TruncatedNormal) Mean() *tensor.Tensor {
	a, b := d.ends()
	return d.spread(density(a).Sub(density(b)).Div(phi(b).Sub(phi(a))).Mul(d.Scale).Add(d.Loc))
}

// Variance returns scale² (1 + (aφ(a) − bφ(b))/Z − ((φ(a) − φ(b))/Z)²).
func (d *TruncatedNormal) Variance() *tensor.Tensor {
	a, b := d.ends()
	z := phi(b).Sub(phi(a))
	m := density(a).Sub(density(b)).Div(z)
	v := finiteTimes(a, density(a)).Sub(finiteTimes(b, density(b))).Div(z).AddScalar(1).Sub(m.Square())
	return d.spread(v.Mul(d.Scale.Square()))
}

// Entropy returns ln(√(2πe) scale Z) + (aφ(a) − bφ(b))/(2Z).
func (d *TruncatedNormal) Entropy() *tensor.Tensor {
	a, b := d.ends()
	z := phi(b).Sub(phi(a))
	e := finiteTimes(a, density(a)).Sub(finiteTimes(b, density(b))).Div(z.MulScalar(2))
	return d.spread(d.Scale.Mul(z).Log().AddScalar(0.5 + halfLog2Pi).Add(e))
}
