package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Erfinv returns the inverse of Erf elementwise: ±∞ at ±1, NaN beyond; integers become float32.
func (x *Tensor) Erfinv() *Tensor { return Apply1(erfinvOp{}, x) }

type erfinvOp struct{ floatPointwise }

func (erfinvOp) Name() string          { return "erfinv" }
func (erfinvOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Erfinv} }
func (erfinvOp) Reads() Reads          { return ReadsOut }

// VJP is √π/2 e^(y²).
func (erfinvOp) VJP(b *Back) []*Tensor {
	return b.Give(b.Dout(0).Mul(b.Out(0).Square().Exp().MulScalar(math.SqrtPi / 2)))
}
