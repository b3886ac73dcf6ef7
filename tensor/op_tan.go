package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Tan returns the tangent elementwise, of radians; integers become float32.
func (x *Tensor) Tan() *Tensor { return Apply1(tanOp{}, x) }

type tanOp struct{ floatPointwise }

func (tanOp) Name() string          { return "tan" }
func (tanOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Tan} }
func (tanOp) Reads() Reads          { return ReadsOut }
func (tanOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.Out(0).Square().AddScalar(1))) }
