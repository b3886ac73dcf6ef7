package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Digamma returns ψ(x) = Γ'(x)/Γ(x), the derivative of ln Γ, elementwise; integers become float32.
func (x *Tensor) Digamma() *Tensor { return Apply1(digammaOp{}, x) }

type digammaOp struct{ floatPointwise }

func (digammaOp) Name() string          { return "digamma" }
func (digammaOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Digamma} }
func (digammaOp) Reads() Reads          { return ReadsIn(0) }
func (digammaOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.In(0).Polygamma(1))) }
