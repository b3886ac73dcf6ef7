package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// FractionalMaxPool2d keeps the largest elements of windows whose places are drawn anew at each call, in Eval modules as well
// (Graham, 2014); see tensor.FractionalMaxPool2d.
type FractionalMaxPool2d struct {
	Config    tensor.FractionalMaxPoolConfig
	Generator *random.Generator // draws the windows; saved with a run's state
}

// NewFractionalMaxPool2d returns a layer whose windows come from a child of g.
func NewFractionalMaxPool2d(g *random.Generator, cfg tensor.FractionalMaxPoolConfig) *FractionalMaxPool2d {
	return &FractionalMaxPool2d{cfg, g.Split()}
}

// Forward maps x (N, C, H, W) to (N, C, OH, OW).
func (l *FractionalMaxPool2d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.FractionalMaxPool2d(x, l.samples(x), l.Config)
}

// ForwardWithIndices also returns where the maxima lie.
func (l *FractionalMaxPool2d) ForwardWithIndices(x *tensor.Tensor) (y, indices *tensor.Tensor) {
	return tensor.FractionalMaxPool2dWithIndices(x, l.samples(x), l.Config)
}

func (l *FractionalMaxPool2d) samples(x *tensor.Tensor) *tensor.Tensor {
	const op = "fractional_max_pool2d"
	if l.Generator == nil {
		tensor.Fail(op, tensor.ErrValue, nil, "the layer has no generator; build it with NewFractionalMaxPool2d")
	}
	if x.Rank() != 4 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "input must be (N, C, H, W)")
	}
	return tensor.With(x.DType()).On(x.Device()).Rand(l.Generator, x.Dim(0), x.Dim(1), 2)
}
