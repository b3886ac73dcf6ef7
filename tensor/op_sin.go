package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Sin returns the sine elementwise, of radians; integers become float32.
func (x *Tensor) Sin() *Tensor { return Apply1(sinOp{}, x) }

type sinOp struct{ floatPointwise }

func (sinOp) Name() string          { return "sin" }
func (sinOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Sin} }
func (sinOp) Reads() Reads          { return ReadsIn(0) }
func (sinOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.In(0).Cos())) }
