package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Asinh returns the inverse hyperbolic sine elementwise; integers become float32.
func (x *Tensor) Asinh() *Tensor { return Apply1(asinhOp{}, x) }

type asinhOp struct{ floatPointwise }

func (asinhOp) Name() string          { return "asinh" }
func (asinhOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Asinh} }
func (asinhOp) Reads() Reads          { return ReadsIn(0) }
func (asinhOp) VJP(b *Back) []*Tensor {
	return b.Give(b.Dout(0).Mul(b.In(0).Square().AddScalar(1).Rsqrt()))
}
