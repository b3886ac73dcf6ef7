package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Erf returns the error function 2/√π ∫₀ˣ e^(-t²) dt elementwise; integers become float32.
func (x *Tensor) Erf() *Tensor { return Apply1(erfOp{}, x) }

type erfOp struct{ floatPointwise }

func (erfOp) Name() string          { return "erf" }
func (erfOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Erf} }
func (erfOp) Reads() Reads          { return ReadsIn(0) }
func (erfOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.In(0).gaussian())) }

// gaussian returns 2/√π e^(-x²), the derivative of Erf.
func (x *Tensor) gaussian() *Tensor { return x.Square().Neg().Exp().MulScalar(2 / math.SqrtPi) }
