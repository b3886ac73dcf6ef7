package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Div returns x / y, broadcast and promoted; integers become float32 (FloorDivide keeps them).
func (x *Tensor) Div(y *Tensor) *Tensor { return Apply1(divOp{}, x, y) }

type divOp struct{ floatPointwise }

func (divOp) Name() string          { return "div" }
func (divOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Div} }
func (divOp) Reads() Reads          { return ReadsIn(1) | ReadsOut }
func (divOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(b.Dout(0).Div(b.In(1)), nil)
	if b.Need(1) { // -dy (x / y) / y
		g[1] = g[0].Mul(b.Out(0)).Neg()
	}
	return g
}
