package nn

import (
	"math"

	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Bilinear is y_k = x₁ᵀ W_k x₂ + b_k.
type Bilinear struct {
	Weight *Param // (out, in1, in2)
	Bias   *Param // (out,), or nil: none
}

// NewBilinear returns a layer whose weights and biases are uniform within ±1/√in1, as PyTorch's. It
// panics with ErrValue unless the sizes are positive.
func NewBilinear(g *random.Generator, in1, in2, out int, cfg LinearConfig) *Bilinear {
	if in1 < 1 || in2 < 1 || out < 1 {
		tensor.Fail("bilinear", tensor.ErrValue, nil, "the sizes %d, %d and %d must be positive", in1, in2, out)
	}
	bound := 1 / math.Sqrt(float64(in1))
	l := &Bilinear{Weight: tensor.NewParam(initialize.Uniform(g, -bound, bound, out, in1, in2))}
	if !cfg.NoBias {
		l.Bias = tensor.NewParam(initialize.Uniform(g, -bound, bound, out))
	}
	return l
}

// Forward maps x1 (..., in1) and x2 (..., in2) to (..., out). It panics with ErrShape where the sizes do not fit.
func (l *Bilinear) Forward(x1, x2 *tensor.Tensor) *tensor.Tensor {
	out, in1, in2 := l.Weight.Dim(0), l.Weight.Dim(1), l.Weight.Dim(2)
	d1, d2 := x1.Shape(), x2.Shape()
	if d1.Rank() < 1 || d1.Rank() != d2.Rank() || d1.Dim(-1) != in1 || d2.Dim(-1) != in2 || d1.With(-1, 1) != d2.With(-1, 1) {
		tensor.Fail("bilinear", tensor.ErrShape, []tensor.Shape{d1, d2, l.Weight.Shape()}, "the inputs must be (..., %d) and (..., %d), alike but for the last size", in1, in2)
	}
	n := x1.Numel() / in1
	y := x1.Reshape(n, in1).MatMul(l.Weight.Permute(1, 0, 2).Reshape(in1, out*in2)).Reshape(n, out, in2)
	y = y.MatMul(x2.Reshape(n, in2, 1)).ReshapeTo(d1.With(-1, out))
	if l.Bias != nil {
		y = y.Add(l.Bias.Tensor)
	}
	return y
}
