package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Hardswish returns x Hardsigmoid(x) elementwise (Howard et al., 2019). Its derivative is 0 where x < -3, 1 where x >= 3 and
// x/3 + 1/2 between. Integers become float32.
func (x *Tensor) Hardswish() *Tensor { return Apply1(hardswishOp{}, x) }

type hardswishOp struct{ floatPointwise }

func (hardswishOp) Name() string          { return "hardswish" }
func (hardswishOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Hardswish} }
func (hardswishOp) Reads() Reads          { return ReadsIn(0) }
func (hardswishOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(hardswishGradOp{}, b.Dout(0), b.In(0)))
}

// hardswishGradOp is dx = dy times Hardswish's derivative at x.
type hardswishGradOp struct{ pointwise }

func (hardswishGradOp) Name() string          { return "hardswish_grad" }
func (hardswishGradOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.HardswishGrad} }
func (hardswishGradOp) Reads() Reads          { return ReadsIn(0, 1) }
func (hardswishGradOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil)
	if b.Need(0) {
		g[0] = Apply1(hardswishGradOp{}, b.Dout(0), b.In(1))
	}
	if b.Need(1) { // the second derivative is 1/3 where Hardsigmoid's first is 1/6
		g[1] = Apply1(hardsigmoidGradOp{}, b.Dout(0).Mul(b.In(0)), b.In(1)).MulScalar(2)
	}
	return g
}
