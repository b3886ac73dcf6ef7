package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Sinh returns the hyperbolic sine elementwise; integers become float32.
func (x *Tensor) Sinh() *Tensor { return Apply1(sinhOp{}, x) }

type sinhOp struct{ floatPointwise }

func (sinhOp) Name() string          { return "sinh" }
func (sinhOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Sinh} }
func (sinhOp) Reads() Reads          { return ReadsIn(0) }
func (sinhOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.In(0).Cosh())) }
