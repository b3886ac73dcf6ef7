package nn

import "github.com/hadal-go/hadal/tensor"

// WeightNorm is a layer whose weight is split into length and direction (Salimans and Kingma, 2016):
//
//	w = g · v/‖v‖
//
// with one length and one Euclidean norm for each index of dimension Dim, which is an output in Linear and Conv layers.
type WeightNorm struct {
	WeightG *Param   // the lengths, sizes 1 but along Dim
	WeightV *Param   // of the weight's shape
	Layer   Weighted `name:""` // has no weight of its own
	Dim     int
}

// NewWeightNorm returns l with its weight split along dimension dim, 0 for Linear and Conv layers, 1 for ConvTranspose; the
// weight begins as it is. It panics with ErrValue when l has no weight and with ErrAxis when it has no such dimension.
func NewWeightNorm(l Weighted, dim int) *WeightNorm {
	l, w := takeWeight("weight_norm", l)
	n := &WeightNorm{WeightV: w, Layer: l, Dim: dim}
	n.WeightG = tensor.NewParam(n.lengths())
	return n
}

// lengths returns ‖v‖.
func (l *WeightNorm) lengths() *tensor.Tensor {
	v := l.WeightV.Tensor
	v.Dim(l.Dim) // refuses what is out of range
	var axes []int
	for i := range v.Rank() {
		if i != l.Dim && i != l.Dim+v.Rank() {
			axes = append(axes, i)
		}
	}
	if len(axes) == 0 {
		return v.Abs()
	}
	return v.NormKeepdim(2, axes...)
}

func (l *WeightNorm) weight() *tensor.Tensor {
	return l.WeightV.Mul(l.WeightG.Div(l.lengths()))
}

// Forward is the layer's with the weight g·v/‖v‖.
func (l *WeightNorm) Forward(x *tensor.Tensor) *tensor.Tensor {
	return forwardWith(l.Layer, l.weight(), x)
}

// Remove returns the layer with the present weight as its parameter.
func (l *WeightNorm) Remove() Weighted { return withParam(l.Layer, l.weight()) }
