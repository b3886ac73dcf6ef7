package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Exp returns e^x elementwise; integers become float32. As with all elementwise functions, float32 is computed in float64
// and rounded once: it is within 0.63 units in the last place.
func (x *Tensor) Exp() *Tensor { return Apply1(expOp{}, x) }

type expOp struct{ floatPointwise }

func (expOp) Name() string          { return "exp" }
func (expOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Exp} }
func (expOp) Reads() Reads          { return ReadsOut }
func (expOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.Out(0))) }
