package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Cos returns the cosine elementwise, of radians; integers become float32.
func (x *Tensor) Cos() *Tensor { return Apply1(cosOp{}, x) }

type cosOp struct{ floatPointwise }

func (cosOp) Name() string          { return "cos" }
func (cosOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Cos} }
func (cosOp) Reads() Reads          { return ReadsIn(0) }
func (cosOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.In(0).Sin()).Neg()) }
