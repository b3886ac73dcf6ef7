package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Sqrt returns the square root elementwise, NaN below 0; integers become float32.
func (x *Tensor) Sqrt() *Tensor { return Apply1(sqrtOp{}, x) }

type sqrtOp struct{ floatPointwise }

func (sqrtOp) Name() string          { return "sqrt" }
func (sqrtOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Sqrt} }
func (sqrtOp) Reads() Reads          { return ReadsOut }
func (sqrtOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Div(b.Out(0)).MulScalar(0.5)) }
