package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Hardsigmoid returns min(max(x + 3, 0), 6) / 6 elementwise (Howard et al., 2019). Its derivative is 0 at -3 and 3.
// Integers become float32.
func (x *Tensor) Hardsigmoid() *Tensor { return Apply1(hardsigmoidOp{}, x) }

type hardsigmoidOp struct{ floatPointwise }

func (hardsigmoidOp) Name() string          { return "hardsigmoid" }
func (hardsigmoidOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Hardsigmoid} }
func (hardsigmoidOp) Reads() Reads          { return ReadsIn(0) }
func (hardsigmoidOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(hardsigmoidGradOp{}, b.Dout(0), b.In(0)))
}

// hardsigmoidGradOp is dx = dy / 6 where -3 < x < 3, else 0.
type hardsigmoidGradOp struct{ pointwise }

func (hardsigmoidGradOp) Name() string          { return "hardsigmoid_grad" }
func (hardsigmoidGradOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.HardsigmoidGrad} }
func (hardsigmoidGradOp) Reads() Reads          { return ReadsIn(1) }
func (hardsigmoidGradOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(hardsigmoidGradOp{}, b.Dout(0), b.In(1)), nil)
}
