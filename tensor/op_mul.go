package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Mul returns x * y elementwise, broadcast and promoted.
func (x *Tensor) Mul(y *Tensor) *Tensor { return Apply1(mulOp{}, x, y) }

type mulOp struct{ pointwise }

func (mulOp) Name() string          { return "mul" }
func (mulOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Mul} }
func (mulOp) Reads() Reads          { return ReadsIn(0, 1) }
func (mulOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil)
	if b.Need(0) {
		g[0] = b.Dout(0).Mul(b.In(1))
	}
	if b.Need(1) {
		g[1] = b.Dout(0).Mul(b.In(0))
	}
	return g
}
