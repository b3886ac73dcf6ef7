package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// ReLU returns max(x, 0) elementwise, NaN for NaN. Its derivative at 0 is 0.
func (x *Tensor) ReLU() *Tensor { return Apply1(reluOp{}, x) }

type reluOp struct{ pointwise }

func (reluOp) Name() string          { return "relu" }
func (reluOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.ReLU} }
func (reluOp) Reads() Reads          { return ReadsOut }
func (reluOp) VJP(b *Back) []*Tensor { return b.Give(b.rectified(b.Dout(0), b.Out(0))) }

// reluGradOp is dx = dy, but 0 where y <= 0.
type reluGradOp struct{ pointwise }

func (reluGradOp) Name() string          { return "relu_grad" }
func (reluGradOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.ReLUGrad} }
func (reluGradOp) Reads() Reads          { return ReadsIn(1) }
func (reluGradOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(reluGradOp{}, b.Dout(0), b.In(1)), nil)
}
