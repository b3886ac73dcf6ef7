package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Rsqrt returns 1 / √x elementwise, rounded once; integers become float32.
func (x *Tensor) Rsqrt() *Tensor { return Apply1(rsqrtOp{}, x) }

type rsqrtOp struct{ floatPointwise }

func (rsqrtOp) Name() string          { return "rsqrt" }
func (rsqrtOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Rsqrt} }
func (rsqrtOp) Reads() Reads          { return ReadsOut }
func (rsqrtOp) VJP(b *Back) []*Tensor {
	y := b.Out(0)
	return b.Give(b.Dout(0).Mul(y.Square().Mul(y)).MulScalar(-0.5))
}
