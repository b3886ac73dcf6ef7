package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// SiLU returns x Sigmoid(x) elementwise, also called Swish (Elfwing, Uchibe and Doya, 2018); integers become float32.
func (x *Tensor) SiLU() *Tensor { return Apply1(siluOp{}, x) }

type siluOp struct{ floatPointwise }

func (siluOp) Name() string          { return "silu" }
func (siluOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.SiLU} }
func (siluOp) Reads() Reads          { return ReadsIn(0) }
func (siluOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(siluGradOp{}, b.Dout(0), b.In(0))) }

// siluGradOp is dx = dy s (1 + x (1 - s)) where s = Sigmoid(x).
type siluGradOp struct{ pointwise }

func (siluGradOp) Name() string          { return "silu_grad" }
func (siluGradOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.SiLUGrad} }
func (siluGradOp) Reads() Reads          { return ReadsAllIn }
func (siluGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (siluGradOp) Lower(in []*Tensor) []*Tensor {
	dy, x := in[0], in[1]
	s := x.Sigmoid()
	return []*Tensor{dy.Mul(s).Mul(s.RSubScalar(1).Mul(x).AddScalar(1))}
}
