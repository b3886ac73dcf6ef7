package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Atan2 returns the angle of the point (x, y) for the receiver y, in [-π, π], broadcast and promoted; integers become
// float32.
func (y *Tensor) Atan2(x *Tensor) *Tensor { return Apply1(atan2Op{}, y, x) }

type atan2Op struct{ floatPointwise }

func (atan2Op) Name() string          { return "atan2" }
func (atan2Op) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Atan2} }
func (atan2Op) Reads() Reads          { return ReadsIn(0, 1) }

// VJP sets dy = d x / (x² + y²) and dx = -d y / (x² + y²).
func (atan2Op) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil)
	y, x := b.In(0), b.In(1)
	d := b.Dout(0).Div(x.Square().Add(y.Square()))
	if b.Need(0) {
		g[0] = d.Mul(x)
	}
	if b.Need(1) {
		g[1] = d.Mul(y).Neg()
	}
	return g
}
