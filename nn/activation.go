package nn

import "github.com/hadal-go/hadal/tensor"

// The activations below apply the tensor method of the same name; see there for formulas.

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

// Softmax normalises exp(x) along Axis.
type Softmax struct{ Axis int }

// Forward applies the function along the axis.
func (l Softmax) Forward(x *tensor.Tensor) *tensor.Tensor { return x.Softmax(l.Axis) }

// LogSoftmax is the logarithm of Softmax.
type LogSoftmax struct{ Axis int }

// Forward applies the function along the axis.
func (l LogSoftmax) Forward(x *tensor.Tensor) *tensor.Tensor { return x.LogSoftmax(l.Axis) }

func or(p *float64, otherwise float64) float64 {
	if p == nil {
		return otherwise
	}
	return *p
}
