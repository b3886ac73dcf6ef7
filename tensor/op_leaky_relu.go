package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// LeakyReLU returns x where x > 0, else slope x, elementwise (Maas, Hannun and Ng, 2013; PyTorch's default slope is 0.01).
// Its derivative at 0 is the slope. Integers become float32.
func (x *Tensor) LeakyReLU(slope float64) *Tensor { return Apply1(leakyReLUOp{slope: slope}, x) }

type leakyReLUOp struct {
	floatPointwise
	slope float64
}

func (leakyReLUOp) Name() string { return "leaky_relu" }
func (o leakyReLUOp) Kernel() cpu.Pointwise {
	return cpu.Pointwise{Code: cpu.LeakyReLU, S0: o.slope}
}
func (leakyReLUOp) Reads() Reads { return ReadsIn(0) }
func (o leakyReLUOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(leakyReLUGradOp{slope: o.slope}, b.Dout(0), b.In(0)))
}

// leakyReLUGradOp is dx = dy where x > 0, else slope dy.
type leakyReLUGradOp struct {
	pointwise
	slope float64
}

func (leakyReLUGradOp) Name() string { return "leaky_relu_grad" }
func (o leakyReLUGradOp) Kernel() cpu.Pointwise {
	return cpu.Pointwise{Code: cpu.LeakyReLUGrad, S0: o.slope}
}
func (leakyReLUGradOp) Reads() Reads            { return ReadsIn(1) }
func (o leakyReLUGradOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(o, b.Dout(0), b.In(1)), nil) }
