package nn

import "github.com/hadal-go/hadal/tensor"

// The activations below apply the tensor method of the same name. Func makes a layer of the others.

// Func is a layer made of a function without parameters, such as nn.Func((*tensor.Tensor).Mish).
type Func func(x *tensor.Tensor) *tensor.Tensor

// Forward returns f(x).
func (f Func) Forward(x *tensor.Tensor) *tensor.Tensor { return f(x) }

// ReLU is max(x, 0).
type ReLU struct{}

// Forward applies the function elementwise.
func (ReLU) Forward(x *tensor.Tensor) *tensor.Tensor { return x.ReLU() }

// LeakyReLU is x where x > 0, else Slope·x.
type LeakyReLU struct {
	Slope *float64 // nil: 0.01
}

// Forward applies the function elementwise.
func (l LeakyReLU) Forward(x *tensor.Tensor) *tensor.Tensor { return x.LeakyReLU(or(l.Slope, 0.01)) }

// ELU is x where x > 0, else Alpha (e^x − 1).
type ELU struct {
	Alpha *float64 // nil: 1
}

// Forward applies the function elementwise.
func (l ELU) Forward(x *tensor.Tensor) *tensor.Tensor { return x.ELU(or(l.Alpha, 1)) }

// GELU is x Φ(x), exact.
type GELU struct{}

// Forward applies the function elementwise.
func (GELU) Forward(x *tensor.Tensor) *tensor.Tensor { return x.GELU() }

// SiLU is x σ(x).
type SiLU struct{}

// Forward applies the function elementwise.
func (SiLU) Forward(x *tensor.Tensor) *tensor.Tensor { return x.SiLU() }

// Tanh is the hyperbolic tangent.
type Tanh struct{}

// Forward applies the function elementwise.
func (Tanh) Forward(x *tensor.Tensor) *tensor.Tensor { return x.Tanh() }

// Sigmoid is 1/(1 + e^−x).
type Sigmoid struct{}

// Forward applies the function elementwise.
func (Sigmoid) Forward(x *tensor.Tensor) *tensor.Tensor { return x.Sigmoid() }

// Softplus is ln(1 + e^x).
type Softplus struct{}

// Forward applies the function elementwise.
func (Softplus) Forward(x *tensor.Tensor) *tensor.Tensor { return x.Softplus(1, 20) }

// Softmax is e^x / Σ e^x, the sum being along Axis.
type Softmax struct {
	Axis *int // nil: the last
}

// Forward applies the function along the axis.
func (l Softmax) Forward(x *tensor.Tensor) *tensor.Tensor { return x.Softmax(or(l.Axis, -1)) }

// LogSoftmax is the logarithm of Softmax.
type LogSoftmax struct {
	Axis *int // nil: the last
}

// Forward applies the function along the axis.
func (l LogSoftmax) Forward(x *tensor.Tensor) *tensor.Tensor { return x.LogSoftmax(or(l.Axis, -1)) }

// or returns what p points to, or the default where it is nil.
func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
