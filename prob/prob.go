// Package prob holds probability distributions over tensors: sampling, log-probabilities, entropies, divergences.
//
// The parameters are tensors that broadcast; their common shape is the batch, one distribution for each element, computed
// together. A draw's shape is the shape asked for, then the batch, then the event, what a single distribution is about: none
// for numbers, (K,) for vectors. Log-probabilities sum over the event. Names and parameters are those of
// torch.distributions, formulas stand with each distribution.
//
// Sample gives constants. RSample, of those that have it, gives the same numbers as functions of the parameters, so that
// gradients flow through the draw ("reparameterised": Kingma and Welling, 2014; implicitly for gamma and what is made of
// it: Figurnov, Mohamed and Mnih, 2018). A draw depends on the generator's state alone, not on how work is split.
//
// Parameters that make no distribution panic with ErrValue when it is made. LogProb of what cannot be drawn is −∞.
package prob

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Distribution is what all distributions do.
type Distribution interface {
	// Sample returns draws of shape (n..., batch..., event...), constants.
	Sample(g *random.Generator, n ...int) *tensor.Tensor
	// LogProb returns the logarithm of the density, or the probability, at x, whose shape broadcasts against (batch..., event...);
	// the result has no event dimensions. It is differentiable by x and the parameters.
	LogProb(x *tensor.Tensor) *tensor.Tensor
	// Mean returns the expectation, (batch..., event...); NaN where there is none.
	Mean() *tensor.Tensor
	// Variance returns the variance of each element, (batch..., event...); infinite or NaN where there is none.
	Variance() *tensor.Tensor
	// Entropy returns −E ln p, in nats, (batch...). It panics with ErrValue for distributions without a closed form.
	Entropy() *tensor.Tensor
	// Batch and Event return the two shapes.
	Batch() tensor.Shape
	Event() tensor.Shape
}

// Reparameterised is a distribution whose draws are differentiable functions of its parameters.
type Reparameterised interface {
	Distribution
	// RSample is Sample with gradients to the parameters.
	RSample(g *random.Generator, n ...int) *tensor.Tensor
}

// scalars is embedded in distributions of single numbers; it holds the batch's shape and dtype.
type scalars struct {
	batch tensor.Shape
	dtype tensor.DType
}

// Batch returns the shape of the parameters together.
func (s scalars) Batch() tensor.Shape { return s.batch }

// Event returns the empty shape: a draw is one number.
func (s scalars) Event() tensor.Shape { return tensor.Shape{} }

// join returns the parameters' batch. It panics unless they are floating-point, of one dtype, and broadcast.
func join(name string, params ...*tensor.Tensor) scalars {
	s := scalars{params[0].Shape(), params[0].DType()}
	var shapes []tensor.Shape
	for _, p := range params {
		shapes = append(shapes, p.Shape())
	}
	for _, p := range params {
		var ok bool
		if s.batch, ok = tensor.Broadcast(s.batch, p.Shape()); !ok {
			tensor.Fail(name, tensor.ErrShape, shapes, "the parameters do not broadcast")
		}
		if p.DType() != s.dtype || p.DType() != tensor.Float32 && p.DType() != tensor.Float64 {
			tensor.Fail(name, tensor.ErrDType, shapes, "the parameters are %v and %v; they must all be float32 or all float64", s.dtype, p.DType())
		}
	}
	return s
}

// require panics with ErrValue unless ok holds for every element of p.
func require(name, what, must string, p *tensor.Tensor, ok func(v float64) bool) {
	if p.Device() == tensor.Meta {
		return
	}
	for i, v := range p.Detach().Floats() {
		if !ok(v) {
			tensor.Fail(name, tensor.ErrValue, []tensor.Shape{p.Shape()}, "element %d of %s is %v; it must be %s", i, what, v, must)
		}
	}
}

// locScale is join for a location, which must be finite, and a scale, which must be positive.
func locScale(name string, loc, scale *tensor.Tensor) scalars {
	s := join(name, loc, scale)
	require(name, "loc", "finite", loc, finite)
	require(name, "scale", "positive", scale, positive)
	return s
}

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 1) }
func finite(v float64) bool   { return v-v == 0 }
func unit(v float64) bool     { return v >= 0 && v <= 1 }

// shape returns (n..., batch...).
func (s scalars) shape(n []int) tensor.Shape {
	return tensor.ShapeOf(append(append([]int(nil), n...), s.batch.Dims()...)...)
}

// noise returns standard draws of shape (n..., batch...): constants that a reparameterised draw is a function of.
func (s scalars) noise(g *random.Generator, n []int, f func(s *random.Stream) float64) *tensor.Tensor {
	return s.draw(g, n, nil, func(st *random.Stream, _ []float64) float64 { return f(st) })
}

// draw returns f of each element's own stream and parameters, (n..., batch...).
func (s scalars) draw(g *random.Generator, n []int, params []*tensor.Tensor, f func(s *random.Stream, p []float64) float64) *tensor.Tensor {
	key, shape := g.Next(), s.shape(n)
	v, width := make([]float64, shape.Numel()), s.batch.Numel()
	p := make([][]float64, len(params))
	for i, t := range params {
		p[i] = t.Detach().ExpandTo(s.batch).Floats()
	}
	parallel.For(len(v), 1<<8, func(lo, hi int) {
		args := make([]float64, len(p))
		for i := lo; i < hi; i++ {
			for k := range p {
				args[k] = p[k][i%width]
			}
			st := key.Stream(i)
			v[i] = f(&st, args)
		}
	})
	return tensor.OfShape(v, shape).To(s.dtype)
}

// filled returns v for each distribution of the batch.
func (s scalars) filled(v float64) *tensor.Tensor { return tensor.With(s.dtype).FullShape(v, s.batch) }

// spread returns t with the shape of the batch.
func (s scalars) spread(t *tensor.Tensor) *tensor.Tensor { return t.ExpandTo(s.batch) }

// inside returns logp where ok, else −∞; logp must be finite at what x is replaced by.
func inside(ok, logp *tensor.Tensor) *tensor.Tensor {
	s, _ := tensor.Broadcast(ok.Shape(), logp.Shape())
	return tensor.Where(ok.ExpandTo(s), logp.ExpandTo(s), tensor.With(logp.DType()).FullShape(math.Inf(-1), s))
}

// at returns x in the distributions' dtype. It panics with ErrShape unless x broadcasts against the batch.
func (s scalars) at(name string, x *tensor.Tensor) *tensor.Tensor {
	if _, ok := tensor.Broadcast(x.Shape(), s.batch); !ok {
		tensor.Fail(name, tensor.ErrShape, []tensor.Shape{x.Shape(), s.batch}, "the value does not broadcast against the batch")
	}
	return x.To(s.dtype)
}

// xlogy returns x ln y, 0 where both are 0.
func xlogy(x, y *tensor.Tensor) *tensor.Tensor {
	s, _ := tensor.Broadcast(x.Shape(), y.Shape())
	x, y = x.ExpandTo(s), y.ExpandTo(s)
	zero := x.Detach().EqScalar(0).LogicalAnd(y.Detach().EqScalar(0))
	return x.Mul(y.MaskedFill(zero, 1).Log())
}

const halfLog2Pi = 0.91893853320467274178
