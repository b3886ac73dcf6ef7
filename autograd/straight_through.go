package autograd

import "github.com/hadal-go/hadal/tensor"

// StraightThrough returns f(x), of x's shape, with the gradient of the identity: what arrives at the result goes to x
// unchanged. It trains through rounding, thresholds and samples (Bengio, Léonard and Courville: "Estimating or Propagating
// Gradients Through Stochastic Neurons", 2013). It panics with ErrShape when f changes the shape or dtype.
func StraightThrough(f func(x *tensor.Tensor) *tensor.Tensor, x *tensor.Tensor) *tensor.Tensor {
	y := Function{
		Name:    "straight_through",
		Forward: func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{f(in[0])} },
		VJP:     func(_, _, douts []*tensor.Tensor) []*tensor.Tensor { return douts },
	}.Apply(x)[0]
	if y.Shape() != x.Shape() || y.DType() != x.DType() {
		tensor.Fail("straight_through", tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "the function must keep shape and dtype (%v, got %v)", x.DType(), y.DType())
	}
	return y
}

// ReverseGradient returns x; the gradient that arrives at the result goes to x multiplied by −lambda. A classifier behind
// it learns to tell domains apart while the layers before it learn to make that impossible (Ganin and Lempitsky:
// "Unsupervised Domain Adaptation by Backpropagation", 2015).
func ReverseGradient(x *tensor.Tensor, lambda float64) *tensor.Tensor {
	return x.WithHook(func(g *tensor.Tensor) *tensor.Tensor { return g.MulScalar(-lambda) })
}

// StopGradient returns x as a constant: no gradient goes through it. It is x.Detach() under the name that papers use.
func StopGradient(x *tensor.Tensor) *tensor.Tensor { return x.Detach() }
