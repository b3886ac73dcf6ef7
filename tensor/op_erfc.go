package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Erfc returns 1 - Erf(x) elementwise, accurate where that is small; integers become float32.
func (x *Tensor) Erfc() *Tensor { return Apply1(erfcOp{}, x) }

type erfcOp struct{ floatPointwise }

func (erfcOp) Name() string          { return "erfc" }
func (erfcOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Erfc} }
func (erfcOp) Reads() Reads          { return ReadsIn(0) }
func (erfcOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.In(0).gaussian()).Neg()) }
