package nn

import "github.com/hadal-go/hadal/tensor"

// Sine is sin(ω x), the activation of sinusoidal representation networks (Sitzmann et al., 2020). Their weights are uniform in
// ±√(6/in)/ω, those of the first layer in ±1/in, so that activations have the same distribution in every layer.
type Sine struct {
	Omega *float64 // ω; nil: 30
}

// Forward applies the function elementwise.
func (l Sine) Forward(x *tensor.Tensor) *tensor.Tensor { return x.MulScalar(or(l.Omega, 30)).Sin() }
