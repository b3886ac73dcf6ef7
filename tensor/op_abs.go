package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Abs returns |x| elementwise. Its derivative at 0 is 0, as in PyTorch.
func (x *Tensor) Abs() *Tensor { return Apply1(absOp{}, x) }

type absOp struct{ pointwise }

func (absOp) Name() string          { return "abs" }
func (absOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Abs} }
func (absOp) Reads() Reads          { return ReadsIn(0) }
func (absOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.In(0).Sign())) }
