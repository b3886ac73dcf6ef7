package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Mish returns x tanh(ln(1 + e^x)) elementwise (Misra, 2019); integers become float32.
func (x *Tensor) Mish() *Tensor { return Apply1(mishOp{}, x) }

type mishOp struct{ floatPointwise }

func (mishOp) Name() string          { return "mish" }
func (mishOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Mish} }
func (mishOp) Reads() Reads          { return ReadsIn(0) }
func (mishOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(mishGradOp{}, b.Dout(0), b.In(0))) }

// mishGradOp is dx = dy (t + x (1 - t²) Sigmoid(x)) where t = tanh(ln(1 + e^x)).
type mishGradOp struct{ pointwise }

func (mishGradOp) Name() string          { return "mish_grad" }
func (mishGradOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.MishGrad} }
func (mishGradOp) Reads() Reads          { return ReadsAllIn }
func (mishGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (mishGradOp) Lower(in []*Tensor) []*Tensor {
	dy, x := in[0], in[1]
	t := x.Softplus(1, 20).Tanh()
	return []*Tensor{dy.Mul(t.Add(x.Mul(t.Square().RSubScalar(1)).Mul(x.Sigmoid())))}
}
