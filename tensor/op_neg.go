package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Neg returns -x elementwise. Uint8 wraps around.
func (x *Tensor) Neg() *Tensor { return Apply1(negOp{}, x) }

type negOp struct{ pointwise }

func (negOp) Name() string          { return "neg" }
func (negOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Neg} }
func (negOp) Reads() Reads          { return ReadsNothing }
func (negOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Neg()) }
