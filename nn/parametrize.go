package nn

import "github.com/hadal-go/hadal/tensor"

// Weighted is a layer with one weight that can be replaced, by a function of other parameters or by a converted one.
type Weighted interface {
	Layer
	// ReplaceWeight returns a copy of the layer with weight w, and the weight that it had. The rest is shared.
	ReplaceWeight(w *Param) (layer Weighted, old *Param)
}

// Parametrized is a layer whose weight is a function of the parameter that trains: a mask, a symmetric or orthogonal matrix,
// a positive one. The function runs at each Forward, and gradients flow through it.
type Parametrized struct {
	Original *Param `name:"parametrizations.weight.original"`
	F        func(original *tensor.Tensor) *tensor.Tensor
	Layer    Weighted `name:""` // has no weight of its own
}

// NewParametrized returns l with the weight f(w), where w, which trains, begins as l's weight. It panics with ErrValue when
// l has no weight.
func NewParametrized(l Weighted, f func(original *tensor.Tensor) *tensor.Tensor) *Parametrized {
	l, w := takeWeight("parametrized", l)
	return &Parametrized{w, f, l}
}

// Forward is the layer's with the weight f(w).
func (l *Parametrized) Forward(x *tensor.Tensor) *tensor.Tensor {
	return forwardWith(l.Layer, l.F(l.Original.Tensor), x)
}

// Remove returns the layer with the present weight as its parameter.
func (l *Parametrized) Remove() Weighted { return withParam(l.Layer, l.F(l.Original.Tensor)) }

// takeWeight returns the layer without its weight, and the weight.
func takeWeight(op string, l Weighted) (Weighted, *Param) {
	l, w := l.ReplaceWeight(nil)
	if w == nil {
		tensor.Fail(op, tensor.ErrValue, nil, "the layer has no weight; it may be parametrized already")
	}
	return l, w
}

func forwardWith(l Weighted, w, x *tensor.Tensor) *tensor.Tensor {
	l, _ = l.ReplaceWeight(&Param{Tensor: w})
	return l.Forward(x)
}

func withParam(l Weighted, w *tensor.Tensor) Weighted {
	l, _ = l.ReplaceWeight(tensor.NewParam(w))
	return l
}

// ReplaceWeight implements Weighted.
func (l *Linear) ReplaceWeight(w *Param) (Weighted, *Param) {
	c := *l
	c.Weight = w
	return &c, l.Weight
}

// ReplaceWeight implements Weighted.
func (l *Embedding) ReplaceWeight(w *Param) (Weighted, *Param) {
	c := *l
	c.Weight = w
	return &c, l.Weight
}

// ReplaceWeight implements Weighted.
func (l *Conv1d) ReplaceWeight(w *Param) (Weighted, *Param) {
	c := *l
	c.Weight = w
	return &c, l.Weight
}

// ReplaceWeight implements Weighted.
func (l *Conv2d) ReplaceWeight(w *Param) (Weighted, *Param) {
	c := *l
	c.Weight = w
	return &c, l.Weight
}

// ReplaceWeight implements Weighted.
func (l *ConvTranspose1d) ReplaceWeight(w *Param) (Weighted, *Param) {
	c := *l
	c.Weight = w
	return &c, l.Weight
}

// ReplaceWeight implements Weighted.
func (l *ConvTranspose2d) ReplaceWeight(w *Param) (Weighted, *Param) {
	c := *l
	c.Weight = w
	return &c, l.Weight
}

// ReplaceWeight implements Weighted.
func (l *Conv3d) ReplaceWeight(w *Param) (Weighted, *Param) {
	c := *l
	c.Weight = w
	return &c, l.Weight
}

// ReplaceWeight implements Weighted.
func (l *ConvTranspose3d) ReplaceWeight(w *Param) (Weighted, *Param) {
	c := *l
	c.Weight = w
	return &c, l.Weight
}

// ReplaceWeight implements Weighted. The mask applies to the new weight.
func (l *MaskedConv2d) ReplaceWeight(w *Param) (Weighted, *Param) {
	c := *l
	c.Weight = w
	return &c, l.Weight
}
