package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Cosh returns the hyperbolic cosine elementwise; integers become float32.
func (x *Tensor) Cosh() *Tensor { return Apply1(coshOp{}, x) }

type coshOp struct{ floatPointwise }

func (coshOp) Name() string          { return "cosh" }
func (coshOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Cosh} }
func (coshOp) Reads() Reads          { return ReadsIn(0) }
func (coshOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.In(0).Sinh())) }
