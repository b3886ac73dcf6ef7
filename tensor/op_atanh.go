package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Atanh returns the inverse hyperbolic tangent elementwise, NaN outside [-1, 1]; integers become float32.
func (x *Tensor) Atanh() *Tensor { return Apply1(atanhOp{}, x) }

type atanhOp struct{ floatPointwise }

func (atanhOp) Name() string          { return "atanh" }
func (atanhOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Atanh} }
func (atanhOp) Reads() Reads          { return ReadsIn(0) }
func (atanhOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Div(b.In(0).Square().RSubScalar(1))) }
