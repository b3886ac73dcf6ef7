package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Square returns x² elementwise.
func (x *Tensor) Square() *Tensor { return Apply1(squareOp{}, x) }

type squareOp struct{ pointwise }

func (squareOp) Name() string          { return "square" }
func (squareOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Square} }
func (squareOp) Reads() Reads          { return ReadsIn(0) }
func (squareOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.In(0)).MulScalar(2)) }
