package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Sigmoid returns 1 / (1 + e^-x) elementwise; integers become float32.
func (x *Tensor) Sigmoid() *Tensor { return Apply1(sigmoidOp{}, x) }

type sigmoidOp struct{ floatPointwise }

func (sigmoidOp) Name() string          { return "sigmoid" }
func (sigmoidOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Sigmoid} }
func (sigmoidOp) Reads() Reads          { return ReadsOut }
func (sigmoidOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(sigmoidGradOp{}, b.Dout(0), b.Out(0))) }

// sigmoidGradOp is dx = dy y (1 - y).
type sigmoidGradOp struct{ pointwise }

func (sigmoidGradOp) Name() string          { return "sigmoid_grad" }
func (sigmoidGradOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.SigmoidGrad} }
func (sigmoidGradOp) Reads() Reads          { return ReadsIn(0, 1) }
func (sigmoidGradOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil)
	d, y := b.Dout(0), b.In(1)
	if b.Need(0) {
		g[0] = Apply1(sigmoidGradOp{}, d, y)
	}
	if b.Need(1) { // d dy (1 - 2y)
		g[1] = d.Mul(b.In(0)).Mul(y.MulScalar(2).RSubScalar(1))
	}
	return g
}
