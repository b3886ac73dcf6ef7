package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Log1p returns ln(1 + x) elementwise, accurate near 0; integers become float32.
func (x *Tensor) Log1p() *Tensor { return Apply1(log1pOp{}, x) }

type log1pOp struct{ floatPointwise }

func (log1pOp) Name() string          { return "log1p" }
func (log1pOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Log1p} }
func (log1pOp) Reads() Reads          { return ReadsIn(0) }
func (log1pOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Div(b.In(0).AddScalar(1))) }
