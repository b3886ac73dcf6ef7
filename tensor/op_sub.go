package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Sub returns x - y, broadcast and promoted. Uint8 wraps around.
func (x *Tensor) Sub(y *Tensor) *Tensor { return Apply1(subOp{}, x, y) }

type subOp struct{ pointwise }

func (subOp) Name() string          { return "sub" }
func (subOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Sub} }
func (subOp) Reads() Reads          { return ReadsNothing }
func (subOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(b.Dout(0), nil)
	if b.Need(1) {
		g[1] = b.Dout(0).Neg()
	}
	return g
}
