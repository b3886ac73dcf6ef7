package prob

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Transform is an invertible differentiable function y = f(x), element by element.
type Transform interface {
	Forward(x *tensor.Tensor) *tensor.Tensor
	Inverse(y *tensor.Tensor) *tensor.Tensor
	// LogAbsDet returns ln |dy/dx| at x, where y = f(x).
	LogAbsDet(x, y *tensor.Tensor) *tensor.Tensor
}

// AffineTransform is y = loc + scale x, scale not 0.
type AffineTransform struct{ Loc, Scale *tensor.Tensor }

// Forward implements Transform.
func (t AffineTransform) Forward(x *tensor.Tensor) *tensor.Tensor { return t.Scale.Mul(x).Add(t.Loc) }

// Inverse implements Transform.
func (t AffineTransform) Inverse(y *tensor.Tensor) *tensor.Tensor { return y.Sub(t.Loc).Div(t.Scale) }

// LogAbsDet implements Transform.
func (t AffineTransform) LogAbsDet(x, _ *tensor.Tensor) *tensor.Tensor {
	return t.Scale.Abs().Log().Add(tensor.ZerosLike(x))
}

// ExpTransform is y = e^x.
type ExpTransform struct{}

// Forward implements Transform.
func (ExpTransform) Forward(x *tensor.Tensor) *tensor.Tensor { return x.Exp() }

// Inverse implements Transform.
func (ExpTransform) Inverse(y *tensor.Tensor) *tensor.Tensor { return y.Log() }

// LogAbsDet implements Transform.
func (ExpTransform) LogAbsDet(x, _ *tensor.Tensor) *tensor.Tensor { return x }

// SigmoidTransform is y = σ(x), from the real numbers to (0, 1).
type SigmoidTransform struct{}

// Forward implements Transform.
func (SigmoidTransform) Forward(x *tensor.Tensor) *tensor.Tensor { return x.Sigmoid() }

// Inverse implements Transform.
func (SigmoidTransform) Inverse(y *tensor.Tensor) *tensor.Tensor { return logit(y) }

// LogAbsDet implements Transform.
func (SigmoidTransform) LogAbsDet(x, _ *tensor.Tensor) *tensor.Tensor {
	return x.LogSigmoid().Add(x.Neg().LogSigmoid())
}

// TanhTransform is y = tanh x, from the real numbers to (−1, 1), as policies with bounded actions use.
type TanhTransform struct{}

// Forward implements Transform.
func (TanhTransform) Forward(x *tensor.Tensor) *tensor.Tensor { return x.Tanh() }

// Inverse implements Transform.
func (TanhTransform) Inverse(y *tensor.Tensor) *tensor.Tensor { return y.Atanh() }

// LogAbsDet returns ln(1 − tanh² x) as 2 (ln 2 − x − softplus(−2x)), which does not cancel.
func (TanhTransform) LogAbsDet(x, _ *tensor.Tensor) *tensor.Tensor {
	return x.Neg().AddScalar(math.Ln2).Add(x.MulScalar(2).LogSigmoid()).MulScalar(2)
}

// SoftplusTransform is y = ln(1 + e^x), from the real numbers to the positive ones.
type SoftplusTransform struct{}

// Forward implements Transform.
func (SoftplusTransform) Forward(x *tensor.Tensor) *tensor.Tensor { return x.Neg().LogSigmoid().Neg() }

// Inverse implements Transform.
func (SoftplusTransform) Inverse(y *tensor.Tensor) *tensor.Tensor {
	return y.Neg().Expm1().Neg().Log().Add(y)
}

// LogAbsDet implements Transform.
func (SoftplusTransform) LogAbsDet(x, _ *tensor.Tensor) *tensor.Tensor { return x.LogSigmoid() }

// Transformed is the distribution of t_n(...t_1(x)) for x of a base distribution.
type Transformed struct {
	Base       Distribution
	Transforms []Transform
}

// NewTransformed returns the distribution. The transforms' parameters, if any, broadcast against the base's batch and event.
func NewTransformed(base Distribution, transforms ...Transform) *Transformed {
	return &Transformed{base, transforms}
}

// Batch returns the base's.
func (d *Transformed) Batch() tensor.Shape { return d.Base.Batch() }

// Event returns the base's.
func (d *Transformed) Event() tensor.Shape { return d.Base.Event() }

func (d *Transformed) forward(x *tensor.Tensor) *tensor.Tensor {
	for _, t := range d.Transforms {
		x = t.Forward(x)
	}
	return x
}

// Sample implements Distribution.
func (d *Transformed) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.forward(d.Base.Sample(g, n...)).Detach()
}

// RSample transforms the base's RSample. It panics with ErrValue when that has none.
func (d *Transformed) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	return d.forward(reparameterised("transformed", d.Base).RSample(g, n...))
}

// LogProb returns ln p(x) − Σ ln |dt_i| at the x that becomes the value.
func (d *Transformed) LogProb(y *tensor.Tensor) *tensor.Tensor {
	var det *tensor.Tensor
	for i := len(d.Transforms) - 1; i >= 0; i-- {
		t := d.Transforms[i]
		x := t.Inverse(y)
		if l := t.LogAbsDet(x, y); det == nil {
			det = l
		} else {
			det = det.Add(l)
		}
		y = x
	}
	logp := d.Base.LogProb(y)
	if det == nil {
		return logp
	}
	for range d.Event().Rank() {
		det = det.Sum(-1)
	}
	return logp.Sub(det)
}

// Mean is NaN: there is no closed form.
func (d *Transformed) Mean() *tensor.Tensor { return nanLike(d.Base) }

// Variance is NaN: there is no closed form.
func (d *Transformed) Variance() *tensor.Tensor { return nanLike(d.Base) }

func nanLike(d Distribution) *tensor.Tensor {
	s := tensor.ShapeOf(append(d.Batch().Dims(), d.Event().Dims()...)...)
	return tensor.With(d.Mean().DType()).FullShape(math.NaN(), s)
}

// Entropy panics: there is no closed form.
func (d *Transformed) Entropy() *tensor.Tensor { return noEntropy("transformed") }
