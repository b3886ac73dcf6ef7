package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Dropout zeroes each element with probability P while training and scales the others by 1/(1−P) (Srivastava et al.,
// 2014); Eval modules pass x through.
type Dropout struct {
	P         float64
	Generator *random.Generator // draws the masks; saved with a run's state
	Mode      Mode
}

// NewDropout returns a layer whose masks come from a child of g. It panics with ErrValue unless 0 <= p <= 1.
func NewDropout(g *random.Generator, p float64) *Dropout {
	if !(p >= 0 && p <= 1) {
		tensor.Fail("dropout", tensor.ErrValue, nil, "the probability %v must lie in [0, 1]", p)
	}
	return &Dropout{P: p, Generator: g.Split()}
}

// Forward drops elements of x.
func (l *Dropout) Forward(x *tensor.Tensor) *tensor.Tensor {
	if l.Mode == Infer || l.P == 0 {
		return x
	}
	return x.Dropout(l.P, key(l.Generator))
}

// key draws the key of a mask.
func key(g *random.Generator) random.Key {
	if g == nil {
		tensor.Fail("dropout", tensor.ErrValue, nil, "the layer has no generator; build it with NewDropout or NewDropout2d")
	}
	return g.Next()
}

// Dropout2d zeroes whole channels of x (N, C, H, W) with probability P while training and scales the others by 1/(1−P)
// (Tompson et al., 2015); Eval modules pass x through.
type Dropout2d struct {
	P         float64
	Generator *random.Generator // draws the masks; saved with a run's state
	Mode      Mode
}

// NewDropout2d returns a layer whose masks come from a child of g. It panics with ErrValue unless 0 <= p <= 1.
func NewDropout2d(g *random.Generator, p float64) *Dropout2d {
	d := NewDropout(g, p)
	return &Dropout2d{P: p, Generator: d.Generator}
}

// Forward drops channels of x (N, C, H, W) or (N, C, L).
func (l *Dropout2d) Forward(x *tensor.Tensor) *tensor.Tensor {
	if l.Mode == Infer || l.P == 0 {
		return x
	}
	if x.Rank() < 3 {
		tensor.Fail("dropout2d", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the input must be (N, C, H, W) or (N, C, L)")
	}
	dims := x.Shape().Dims()
	for i := 2; i < len(dims); i++ {
		dims[i] = 1
	}
	mask := tensor.With(x.DType()).On(x.Device()).Ones(dims...).Dropout(l.P, key(l.Generator))
	return x.Mul(mask)
}
