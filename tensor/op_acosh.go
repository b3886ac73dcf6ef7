package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Acosh returns the inverse hyperbolic cosine elementwise, NaN below 1; integers become float32.
func (x *Tensor) Acosh() *Tensor { return Apply1(acoshOp{}, x) }

type acoshOp struct{ floatPointwise }

func (acoshOp) Name() string          { return "acosh" }
func (acoshOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Acosh} }
func (acoshOp) Reads() Reads          { return ReadsIn(0) }
func (acoshOp) VJP(b *Back) []*Tensor {
	return b.Give(b.Dout(0).Mul(b.In(0).Square().AddScalar(-1).Rsqrt()))
}
