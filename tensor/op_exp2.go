package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Exp2 returns 2^x elementwise; integers become float32.
func (x *Tensor) Exp2() *Tensor { return Apply1(exp2Op{}, x) }

type exp2Op struct{ floatPointwise }

func (exp2Op) Name() string          { return "exp2" }
func (exp2Op) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Exp2} }
func (exp2Op) Reads() Reads          { return ReadsOut }
func (exp2Op) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.Out(0)).MulScalar(math.Ln2)) }
