package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// ELU returns x where x > 0, else alpha (e^x - 1), elementwise (Clevert, Unterthiner and Hochreiter, 2016; PyTorch's
// default alpha is 1). Integers become float32.
func (x *Tensor) ELU(alpha float64) *Tensor {
	return Apply1(eluOp{alpha: alpha, scale: 1, inner: 1}, x)
}

// SELU returns λ x where x > 0, else λ α (e^x - 1), elementwise, with the λ and α that keep mean 0 and variance 1 (Klambauer
// et al., 2017). Integers become float32.
func (x *Tensor) SELU() *Tensor {
	return Apply1(eluOp{alpha: 1.6732632423543772848170429916717, scale: 1.0507009873554804934193349852946, inner: 1}, x)
}

// CELU returns x where x > 0, else alpha (e^(x/alpha) - 1), elementwise (Barron, 2017; PyTorch's default alpha is 1).
// Integers become float32. It panics with ErrValue unless alpha > 0.
func (x *Tensor) CELU(alpha float64) *Tensor {
	if !(alpha > 0) {
		Fail("celu", ErrValue, []Shape{x.shape}, "alpha must be positive, not %v", alpha)
	}
	return Apply1(eluOp{alpha: alpha, scale: 1, inner: 1 / alpha}, x)
}

// eluOp is scale x where x > 0, else scale alpha (e^(inner x) - 1).
type eluOp struct {
	floatPointwise
	alpha, scale, inner float64
}

func (eluOp) Name() string { return "elu" }
func (o eluOp) Kernel() cpu.Pointwise {
	return cpu.Pointwise{Code: cpu.ELU, S0: o.alpha, S1: o.scale, S2: o.inner}
}
func (eluOp) Reads() Reads { return ReadsIn(0) }
func (o eluOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(eluGradOp{alpha: o.alpha, scale: o.scale, inner: o.inner}, b.Dout(0), b.In(0)))
}

// eluGradOp is dx = scale dy where x > 0, else scale alpha inner e^(inner x) dy.
type eluGradOp struct {
	pointwise
	alpha, scale, inner float64
}

func (eluGradOp) Name() string { return "elu_grad" }
func (o eluGradOp) Kernel() cpu.Pointwise {
	return cpu.Pointwise{Code: cpu.ELUGrad, S0: o.alpha, S1: o.scale, S2: o.inner}
}
func (eluGradOp) Reads() Reads          { return ReadsAllIn }
func (eluGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (o eluGradOp) Lower(in []*Tensor) []*Tensor {
	dy, x := in[0], in[1]
	// e^x would overflow where it is not chosen, and its derivative there be 0 times infinity. As in PyTorch the second
	// derivative at 0 is 0, as Hardtanh's first is.
	e := x.Hardtanh(math.Inf(-1), 0).MulScalar(o.inner).Exp()
	return []*Tensor{Where(x.LeScalar(0), dy.Mul(e).MulScalar(o.alpha*o.inner), dy).MulScalar(o.scale)}
}
