package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Log returns the natural logarithm elementwise: -Inf at 0, NaN below; integers become float32.
func (x *Tensor) Log() *Tensor { return Apply1(logOp{}, x) }

type logOp struct{ floatPointwise }

func (logOp) Name() string          { return "log" }
func (logOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Log} }
func (logOp) Reads() Reads          { return ReadsIn(0) }
func (logOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Div(b.In(0))) }
