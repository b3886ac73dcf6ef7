package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Asin returns the arcsine elementwise, in [-π/2, π/2]; NaN outside [-1, 1]; integers become float32.
func (x *Tensor) Asin() *Tensor { return Apply1(asinOp{}, x) }

type asinOp struct{ floatPointwise }

func (asinOp) Name() string          { return "asin" }
func (asinOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Asin} }
func (asinOp) Reads() Reads          { return ReadsIn(0) }
func (asinOp) VJP(b *Back) []*Tensor {
	return b.Give(b.Dout(0).Mul(b.In(0).Square().RSubScalar(1).Rsqrt()))
}
