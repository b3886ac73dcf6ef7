package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Expm1 returns e^x - 1 elementwise, accurate near 0; integers become float32.
func (x *Tensor) Expm1() *Tensor { return Apply1(expm1Op{}, x) }

type expm1Op struct{ floatPointwise }

func (expm1Op) Name() string          { return "expm1" }
func (expm1Op) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Expm1} }
func (expm1Op) Reads() Reads          { return ReadsOut }
func (expm1Op) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).Mul(b.Out(0).AddScalar(1))) }
