package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Softplus returns ln(1 + e^(beta x)) / beta elementwise, and x itself where beta x > threshold (PyTorch's defaults are 1
// and 20); integers become float32. It panics with ErrValue unless beta > 0.
func (x *Tensor) Softplus(beta, threshold float64) *Tensor {
	if !(beta > 0) {
		Fail("softplus", ErrValue, []Shape{x.shape}, "beta must be positive, not %v", beta)
	}
	return Apply1(softplusOp{beta: beta, threshold: threshold}, x)
}

type softplusOp struct {
	floatPointwise
	beta, threshold float64
}

func (softplusOp) Name() string { return "softplus" }
func (o softplusOp) Kernel() cpu.Pointwise {
	return cpu.Pointwise{Code: cpu.Softplus, S0: o.beta, S1: o.threshold}
}
func (softplusOp) Reads() Reads { return ReadsIn(0) }
func (o softplusOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(softplusGradOp{beta: o.beta, threshold: o.threshold}, b.Dout(0), b.In(0)))
}

// softplusGradOp is dx = dy Sigmoid(beta x), and dy where beta x > threshold.
type softplusGradOp struct {
	pointwise
	beta, threshold float64
}

func (softplusGradOp) Name() string { return "softplus_grad" }
func (o softplusGradOp) Kernel() cpu.Pointwise {
	return cpu.Pointwise{Code: cpu.SoftplusGrad, S0: o.beta, S1: o.threshold}
}
func (softplusGradOp) Reads() Reads          { return ReadsAllIn }
func (softplusGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (o softplusGradOp) Lower(in []*Tensor) []*Tensor {
	dy, z := in[0], in[1].MulScalar(o.beta)
	return []*Tensor{Where(z.GtScalar(o.threshold), dy, dy.Mul(z.Sigmoid()))}
}
