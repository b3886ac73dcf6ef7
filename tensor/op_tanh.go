package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Tanh returns the hyperbolic tangent elementwise; integers become float32.
func (x *Tensor) Tanh() *Tensor { return Apply1(tanhOp{}, x) }

type tanhOp struct{ floatPointwise }

func (tanhOp) Name() string          { return "tanh" }
func (tanhOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Tanh} }
func (tanhOp) Reads() Reads          { return ReadsOut }
func (tanhOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(tanhGradOp{}, b.Dout(0), b.Out(0))) }

// tanhGradOp is dx = dy (1 - y²).
type tanhGradOp struct{ pointwise }

func (tanhGradOp) Name() string          { return "tanh_grad" }
func (tanhGradOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.TanhGrad} }
func (tanhGradOp) Reads() Reads          { return ReadsIn(0, 1) }
func (tanhGradOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil)
	d, y := b.Dout(0), b.In(1)
	if b.Need(0) {
		g[0] = Apply1(tanhGradOp{}, d, y)
	}
	if b.Need(1) {
		g[1] = d.Mul(b.In(0)).Mul(y).MulScalar(-2)
	}
	return g
}
