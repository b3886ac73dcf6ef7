package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Log10 returns the logarithm to base 10 elementwise; integers become float32.
func (x *Tensor) Log10() *Tensor { return Apply1(log10Op{}, x) }

type log10Op struct{ floatPointwise }

func (log10Op) Name() string          { return "log10" }
func (log10Op) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Log10} }
func (log10Op) Reads() Reads          { return ReadsIn(0) }
func (log10Op) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Div(b.In(0)).MulScalar(1 / math.Ln10)) }
