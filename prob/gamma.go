package prob

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Exponential is the distribution with density rate e^(−rate x) for x >= 0.
type Exponential struct {
	scalars
	Rate *tensor.Tensor // > 0
}

// NewExponential returns the distribution. It panics with ErrValue unless rate is positive.
func NewExponential(rate *tensor.Tensor) *Exponential {
	d := &Exponential{join("exponential", rate), rate}
	require("exponential", "rate", "positive", rate, positive)
	return d
}

// Sample implements Distribution.
func (d *Exponential) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.RSample(g, n...).Detach()
}

// RSample returns −ln(u)/rate.
func (d *Exponential) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.noise(g, n, (*random.Stream).Exponential).Div(d.Rate)
}

// LogProb implements Distribution.
func (d *Exponential) LogProb(x *tensor.Tensor) *tensor.Tensor {
	x = d.at("exponential", x)
	return inside(x.Detach().GeScalar(0), d.Rate.Log().Sub(d.Rate.Mul(x)))
}

// CDF returns 1 − e^(−rate x), 0 below 0.
func (d *Exponential) CDF(x *tensor.Tensor) *tensor.Tensor {
	return d.at("exponential", x).ClampMin(0).Mul(d.Rate).Neg().Expm1().Neg()
}

// ICDF returns −ln(1−p)/rate.
func (d *Exponential) ICDF(p *tensor.Tensor) *tensor.Tensor {
	return d.at("exponential", p).Neg().Log1p().Neg().Div(d.Rate)
}

// Mean returns 1/rate.
func (d *Exponential) Mean() *tensor.Tensor { return d.Rate.Reciprocal() }

// Variance returns 1/rate².
func (d *Exponential) Variance() *tensor.Tensor { return d.Rate.Square().Reciprocal() }

// Entropy returns 1 − ln rate.
func (d *Exponential) Entropy() *tensor.Tensor { return d.Rate.Log().RSubScalar(1) }

// Gamma is the distribution with density rate^a x^(a−1) e^(−rate x) / Γ(a), a the concentration, for x > 0. ChiSquared(k) is
// Gamma with concentration k/2 and rate ½.
type Gamma struct {
	scalars
	Concentration, Rate *tensor.Tensor // both > 0
}

// NewGamma returns the distribution. It panics with ErrValue unless both parameters are positive.
func NewGamma(concentration, rate *tensor.Tensor) *Gamma {
	d := &Gamma{join("gamma", concentration, rate), concentration, rate}
	require("gamma", "concentration", "positive", concentration, positive)
	require("gamma", "rate", "positive", rate, positive)
	return d
}

// NewChiSquared returns the distribution of the sum of k squared standard normal numbers, k > 0 the degrees of freedom.
func NewChiSquared(k *tensor.Tensor) *Gamma {
	return NewGamma(k.MulScalar(0.5), tensor.With(k.DType()).Full(0.5))
}

// Sample implements Distribution.
func (d *Gamma) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.draw(g, n, []*tensor.Tensor{d.Concentration, d.Rate}, func(s *random.Stream, p []float64) float64 {
		return positiveOf(d.dtype, s.Gamma(p[0])/p[1])
	})
}

// positiveOf returns x, at least the smallest normal number of the dtype: a draw of 0 would have no logarithm.
func positiveOf(d tensor.DType, x float64) float64 {
	if d == tensor.Float64 {
		return max(x, 0x1p-1022)
	}
	return max(x, 0x1p-126)
}

// RSample differentiates the draw implicitly; its gradient cannot be differentiated again.
func (d *Gamma) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.logDraw(g, n).Exp().ClampMin(positiveOf(d.dtype, 0)).Div(d.Rate)
}

// logDraw returns the logarithm of draws of rate 1, with gradients to the concentration.
func (d *Gamma) logDraw(g *random.Generator, n []int) *tensor.Tensor {
	a := d.Concentration.ExpandTo(d.batch).ExpandTo(d.shape(n))
	wide := scalars{d.shape(n), tensor.Float64}
	z := wide.draw(g, nil, []*tensor.Tensor{a.To(tensor.Float64)}, func(s *random.Stream, p []float64) float64 { return s.LogGamma(p[0]) })
	return tensor.Function{
		Name:    "gamma_sample",
		Forward: func([]*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{z.To(d.dtype)} },
		VJP: func(in, _, douts []*tensor.Tensor) []*tensor.Tensor {
			as, zs := in[0].Detach().Floats(), z.Floats()
			for i, a := range as {
				zs[i] = logGammaSlope(a, zs[i])
			}
			slope := tensor.OfShape(zs, z.Shape()).To(d.dtype)
			if in[0].RequiresGrad() {
				slope = once(in[0], slope)
			}
			return []*tensor.Tensor{douts[0].Mul(slope)}
		},
	}.Apply(a)[0]
}

// once returns slope, a function of a whose derivative is not known: differentiating it panics.
func once(a, slope *tensor.Tensor) *tensor.Tensor {
	return tensor.Function{
		Name:    "gamma_sample",
		Forward: func([]*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{slope} },
		VJP: func(_, _, _ []*tensor.Tensor) []*tensor.Tensor {
			tensor.Fail("gamma_sample", tensor.ErrGraph, []tensor.Shape{slope.Shape()}, "the second derivative of a gamma sample by its concentration is not known")
			return nil
		},
	}.Apply(a)[0]
}

// logGammaSlope returns the derivative of y = ln x by a where P(a, x), the regularised incomplete gamma function, stays as it
// is (Figurnov, Mohamed and Mnih: "Implicit Reparameterization Gradients", 2018):
//
//	dy/da = −∂P/∂a / (x ∂P/∂x), P = x^a e^(−x)/Γ(a+1) Σ_n x^n / ((a+1)…(a+n))
//
// For a > 10⁴ it is that of x = d(1 + cz)³ with z held, as the sampler draws.
func logGammaSlope(a, y float64) float64 {
	x := math.Exp(y)
	if a > 1e4 {
		d := a - 1./3
		r := math.Cbrt(x / d) // 1 + cz, and dc/da = −c/(2d)
		return 1/d - 3*(r-1)/(2*d*r)
	}
	sum, slope, term, inverse := 1.0, 0.0, 1.0, 0.0
	for n := 1.0; ; n++ {
		term *= x / (a + n)
		inverse += 1 / (a + n)
		sum += term
		slope -= term * inverse
		if term < 1e-17*sum && n > x-a {
			break
		}
	}
	return -(sum*(y-digamma(a+1)) + slope) / a
}

func digamma(x float64) float64 { return tensor.Scalar(x).Digamma().Item() }

// LogProb implements Distribution.
func (d *Gamma) LogProb(x *tensor.Tensor) *tensor.Tensor {
	x = d.at("gamma", x)
	ok := x.Detach().GtScalar(0)
	x = x.MaskedFill(ok.LogicalNot(), 1)
	logp := xlogy(d.Concentration, d.Rate).Add(xlogy(d.Concentration.SubScalar(1), x)).Sub(d.Rate.Mul(x)).Sub(d.Concentration.Lgamma())
	return inside(ok, logp)
}

// Mean returns a/rate.
func (d *Gamma) Mean() *tensor.Tensor { return d.Concentration.Div(d.Rate) }

// Variance returns a/rate².
func (d *Gamma) Variance() *tensor.Tensor { return d.Concentration.Div(d.Rate.Square()) }

// Entropy returns a − ln rate + ln Γ(a) + (1−a) ψ(a).
func (d *Gamma) Entropy() *tensor.Tensor {
	a := d.Concentration
	return a.Sub(d.Rate.Log()).Add(a.Lgamma()).Add(a.RSubScalar(1).Mul(a.Digamma()))
}

// StudentT is Student's distribution with df degrees of freedom, of (x−loc)/scale.
type StudentT struct {
	scalars
	DF, Loc, Scale *tensor.Tensor // df > 0, scale > 0
}

// NewStudentT returns the distribution. It panics with ErrValue unless df and scale are positive and loc is finite.
func NewStudentT(df, loc, scale *tensor.Tensor) *StudentT {
	d := &StudentT{join("student_t", df, loc, scale), df, loc, scale}
	require("student_t", "df", "positive", df, positive)
	require("student_t", "loc", "finite", loc, finite)
	require("student_t", "scale", "positive", scale, positive)
	return d
}

// Sample implements Distribution.
func (d *StudentT) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.RSample(g, n...).Detach()
}

// RSample returns loc + scale z √(df/χ²) for a normal z and χ² with df degrees of freedom.
func (d *StudentT) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	chi := NewChiSquared(d.DF.ExpandTo(d.batch)).RSample(g, n...)
	z := d.noise(g, n, (*random.Stream).Normal)
	return d.Loc.Add(d.Scale.Mul(z.Mul(d.DF.Div(chi).Sqrt())))
}

// LogProb returns the logarithm of Γ((df+1)/2) / (Γ(df/2) √(π df) scale) (1 + z²/df)^(−(df+1)/2).
func (d *StudentT) LogProb(x *tensor.Tensor) *tensor.Tensor {
	z := d.at("student_t", x).Sub(d.Loc).Div(d.Scale)
	h := d.DF.AddScalar(1).MulScalar(0.5)
	norm := d.Scale.Log().Add(d.DF.MulScalar(math.Pi).Log().MulScalar(0.5)).Add(d.DF.MulScalar(0.5).Lgamma()).Sub(h.Lgamma())
	return h.Mul(z.Square().Div(d.DF).Log1p()).Add(norm).Neg()
}

// Mean returns loc where df > 1, else NaN.
func (d *StudentT) Mean() *tensor.Tensor {
	return tensor.Where(d.spread(d.DF.Detach()).GtScalar(1), d.spread(d.Loc), d.filled(math.NaN()))
}

// Variance returns scale² df/(df−2) where df > 2, infinity where df > 1, else NaN.
func (d *StudentT) Variance() *tensor.Tensor {
	df := d.spread(d.DF)
	low := df.Detach().LeScalar(2)
	v := d.Scale.Square().Mul(df.Div(df.SubScalar(2).MaskedFill(low, 1)))
	v = tensor.Where(low, d.filled(math.Inf(1)), v)
	return tensor.Where(df.Detach().LeScalar(1), d.filled(math.NaN()), v)
}

// Entropy returns ln scale + (df+1)/2 (ψ((df+1)/2) − ψ(df/2)) + ½ ln df + ln B(½, df/2).
func (d *StudentT) Entropy() *tensor.Tensor {
	h, k := d.DF.AddScalar(1).MulScalar(0.5), d.DF.MulScalar(0.5)
	logB := k.Lgamma().AddScalar(0.5 * math.Log(math.Pi)).Sub(h.Lgamma())
	return d.spread(d.Scale.Log().Add(h.Mul(h.Digamma().Sub(k.Digamma()))).Add(d.DF.Log().MulScalar(0.5)).Add(logB))
}
