package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Atan returns the arctangent elementwise, in [-π/2, π/2]; integers become float32.
func (x *Tensor) Atan() *Tensor { return Apply1(atanOp{}, x) }

type atanOp struct{ floatPointwise }

func (atanOp) Name() string          { return "atan" }
func (atanOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Atan} }
func (atanOp) Reads() Reads          { return ReadsIn(0) }
func (atanOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Div(b.In(0).Square().AddScalar(1))) }
