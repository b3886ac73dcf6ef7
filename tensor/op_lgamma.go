package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Lgamma returns ln |Γ(x)| elementwise; integers become float32.
func (x *Tensor) Lgamma() *Tensor { return Apply1(lgammaOp{}, x) }

type lgammaOp struct{ floatPointwise }

func (lgammaOp) Name() string          { return "lgamma" }
func (lgammaOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Lgamma} }
func (lgammaOp) Reads() Reads          { return ReadsIn(0) }
func (lgammaOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.In(0).Digamma())) }
