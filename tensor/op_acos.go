package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Acos returns the arccosine elementwise, in [0, π]; NaN outside [-1, 1]; integers become float32.
func (x *Tensor) Acos() *Tensor { return Apply1(acosOp{}, x) }

type acosOp struct{ floatPointwise }

func (acosOp) Name() string          { return "acos" }
func (acosOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Acos} }
func (acosOp) Reads() Reads          { return ReadsIn(0) }
func (acosOp) VJP(b *Back) []*Tensor {
	return b.Give(b.Dout(0).Mul(b.In(0).Square().RSubScalar(1).Rsqrt()).Neg())
}
