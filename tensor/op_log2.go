package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Log2 returns the logarithm to base 2 elementwise; integers become float32.
func (x *Tensor) Log2() *Tensor { return Apply1(log2Op{}, x) }

type log2Op struct{ floatPointwise }

func (log2Op) Name() string          { return "log2" }
func (log2Op) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Log2} }
func (log2Op) Reads() Reads          { return ReadsIn(0) }
func (log2Op) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Div(b.In(0)).MulScalar(1 / math.Ln2)) }
