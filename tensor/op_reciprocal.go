package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Reciprocal returns 1 / x elementwise; integers become float32.
func (x *Tensor) Reciprocal() *Tensor { return Apply1(reciprocalOp{}, x) }

type reciprocalOp struct{ floatPointwise }

func (reciprocalOp) Name() string          { return "reciprocal" }
func (reciprocalOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Recip} }
func (reciprocalOp) Reads() Reads          { return ReadsOut }
func (reciprocalOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.Out(0).Square()).Neg()) }
