package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Add returns x + y, broadcast and promoted.
func (x *Tensor) Add(y *Tensor) *Tensor { return Apply1(addOp{}, x, y) }

type addOp struct{ pointwise }

func (addOp) Name() string          { return "add" }
func (addOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Add} }
func (addOp) Reads() Reads          { return ReadsNothing }
func (addOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0), b.Dout(0)) }
