package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// CosineLinear is a dense layer of cosines: each output says how well the direction of x matches a pattern, whatever the lengths of the
// two (Luo et al., 2017; as a classifier with a learned scale, Gidaris and Komodakis, 2018):
//
//	y_j = s cos(x, w_j) = s x·w_j / (max(‖x‖, ε) max(‖w_j‖, ε))
//
// Without a scale y lies in [-1, 1]. The output of x = 0 is 0.
type CosineLinear struct {
	Weight *Param  // (out, in): a pattern for each output
	Scale  *Param  // (1,): s, or nil for s = 1
	Eps    float64 // ε
}

// CosineLinearConfig are the options of NewCosineLinear.
type CosineLinearConfig struct {
	Scale float64 // what a learned scale begins with; 0: there is no scale
	Eps   float64 // the least length that is divided by; 0: 1e-8
}

// NewCosineLinear returns a layer from in to out features with the initial weights of Linear. It panics with ErrValue on a scale or an Eps
// that is negative or no number.
func NewCosineLinear(g *random.Generator, in, out int, cfg CosineLinearConfig) *CosineLinear {
	if !(cfg.Scale >= 0) || !(cfg.Eps >= 0) {
		tensor.Fail("cosine_linear", tensor.ErrValue, nil, "the scale, %v, and Eps, %v, must not be negative", cfg.Scale, cfg.Eps)
	}
	w, _ := torchDefault(g, []int{out, in}, out, true)
	l := &CosineLinear{Weight: w, Eps: cfg.Eps}
	if l.Eps == 0 {
		l.Eps = 1e-8
	}
	if cfg.Scale != 0 {
		l.Scale = tensor.NewParam(tensor.Full(cfg.Scale, 1))
	}
	return l
}

// Forward maps x (..., in) to (..., out).
func (l *CosineLinear) Forward(x *tensor.Tensor) *tensor.Tensor {
	w := l.Weight.Tensor
	if x.Rank() < 1 || x.Dim(-1) != w.Dim(1) {
		tensor.Fail("cosine_linear", tensor.ErrShape, []tensor.Shape{x.Shape(), w.Shape()}, "the input must be (..., %d), as the weight (out, in) says", w.Dim(1))
	}
	// Dividing first keeps products of long vectors in range.
	y := tensor.Linear(x.Div(x.NormKeepdim(2, -1).ClampMin(l.Eps)), w.Div(w.NormKeepdim(2, -1).ClampMin(l.Eps)), nil)
	if l.Scale != nil {
		y = y.Mul(l.Scale.Tensor)
	}
	return y
}
