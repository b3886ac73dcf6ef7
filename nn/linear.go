package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Linear is a dense layer: y = x Wᵀ + b, x (..., in), y (..., out).
type Linear struct {
	Weight *Param // (out, in)
	Bias   *Param // (out,), or nil
}

// LinearConfig are the options of NewLinear.
type LinearConfig struct {
	NoBias bool
}

// NewLinear returns a layer from in to out features, initialised as PyTorch does: uniform in ±1/√in.
func NewLinear(g *random.Generator, in, out int, cfg LinearConfig) *Linear {
	w, b := torchDefault(g, []int{out, in}, out, cfg.NoBias)
	return &Linear{w, b}
}

// Forward maps x (..., in) to (..., out).
func (l *Linear) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.Linear(x, l.Weight.Tensor, optional(l.Bias))
}

// optional returns the tensor of a parameter that may be absent.
func optional(p *Param) *tensor.Tensor {
	if p == nil {
		return nil
	}
	return p.Tensor
}
