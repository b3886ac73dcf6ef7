package bench

import (
	"fmt"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// convolutions are convolutions and what stands beside them in networks for pictures.
func convolutions() []Case {
	var cs []Case
	for _, c := range []convCase{{64, 56, 64, 3, 1, 1}, {3, 224, 64, 7, 2, 3}, {256, 14, 256, 3, 1, 1}, {256, 56, 64, 1, 1, 0}} {
		cs = append(cs, c.forward(), c.both())
	}
	return append(cs, batchNormBoth(), batchNorm(), maxPool("maxpool2x2/N32C64H56/fwd", 2, 2, 0), maxPoolBoth(), maxPool("maxpool3x3s2p1/N32C64H56/fwd", 3, 2, 1), reluBoth())
}

// batch is how many pictures there are.
const batch = 32

// convCase is a convolution of (32, C, H, H) with K filters R by R.
type convCase struct{ C, H, K, R, stride, padding int }

func (c convCase) out() int { return (c.H+2*c.padding-c.R)/c.stride + 1 }

func (c convCase) name() string {
	return fmt.Sprintf("conv/N%dC%dH%dK%d_%dx%ds%d", batch, c.C, c.H, c.K, c.R, c.R, c.stride)
}

func (c convCase) flops() float64 {
	return 2 * float64(batch*c.C*c.K*c.R*c.R) * float64(c.out()*c.out())
}

func (c convCase) layer() *nn.Conv2d {
	return nn.NewConv2d(generator(), c.C, c.K, c.R, nn.ConvConfig{Stride: c.stride, Padding: c.padding})
}

func (c convCase) forward() Case {
	return Case{Name: c.name() + "/fwd", FLOPs: c.flops(), New: func() func() {
		l := nn.Eval(c.layer())
		x := randn(generator(), batch, c.C, c.H, c.H)
		return scoped(func(s *tensor.Scope) { l.Forward(s.Enter(x)) })
	}}
}

// both is the forward pass and the gradients, that of the input unless it is a picture.
func (c convCase) both() Case {
	flops, note := 3*c.flops(), "input grad"
	if c.C == 3 {
		flops, note = 2*c.flops(), "no input grad"
	}
	return Case{Name: c.name() + "/fwdbwd", FLOPs: flops, Note: note, New: func() func() {
		l, g := c.layer(), generator()
		x, dy := randn(g, batch, c.C, c.H, c.H), randn(g, batch, c.K, c.out(), c.out())
		if c.C != 3 {
			x = x.RequireGrad()
		}
		return scoped(func(s *tensor.Scope) {
			x := s.Enter(x)
			wrt := []*tensor.Tensor{l.Weight.Tensor, l.Bias.Tensor}
			if c.C != 3 {
				wrt = append(wrt, x)
			}
			gradient(l.Forward(x), dy, wrt...)
		})
	}}
}

func batchNorm() Case {
	return Case{Name: "batchnorm2d/N32C64H56/fwd_train", Note: "no running statistics", New: func() func() {
		x, w, b := randn(generator(), batch, 64, 56, 56), tensor.Ones(64), tensor.Zeros(64)
		return scoped(func(s *tensor.Scope) {
			y, _, _ := tensor.BatchNorm(s.Enter(x), w, b, 1e-5)
			y.Materialize()
		})
	}}
}

func batchNormBoth() Case {
	return Case{Name: "batchnorm2d/N32C64H56/fwdbwd", New: func() func() {
		g := generator()
		x, dy := randn(g, batch, 64, 56, 56).RequireGrad(), randn(g, batch, 64, 56, 56)
		l := nn.NewBatchNorm2d(64, nn.BatchNormConfig{})
		return scoped(func(s *tensor.Scope) {
			x := s.Enter(x)
			gradient(l.Forward(x), dy, x, l.Weight.Tensor, l.Bias.Tensor)
		})
	}}
}

func maxPool(name string, kernel, stride, padding int) Case {
	return Case{Name: name, New: func() func() {
		x, l := randn(generator(), batch, 64, 56, 56), newMaxPool(kernel, stride, padding)
		return scoped(func(s *tensor.Scope) { l.Forward(s.Enter(x)) })
	}}
}

func newMaxPool(kernel, stride, padding int) *nn.MaxPool2d {
	l := nn.NewMaxPool2d(kernel)
	l.Config.Stride, l.Config.Padding = [2]int{stride, stride}, [2]int{padding, padding}
	return l
}

func maxPoolBoth() Case {
	return Case{Name: "maxpool2x2/N32C64H56/fwdbwd", New: func() func() {
		g := generator()
		x, dy := randn(g, batch, 64, 56, 56).RequireGrad(), randn(g, batch, 64, 28, 28)
		return scoped(func(s *tensor.Scope) {
			x := s.Enter(x)
			gradient(x.MaxPool2d(2), dy, x)
		})
	}}
}

func reluBoth() Case {
	return Case{Name: "relu/N32C64H56/fwdbwd", New: func() func() {
		g := generator()
		x, dy := randn(g, batch, 64, 56, 56).RequireGrad(), randn(g, batch, 64, 56, 56)
		return scoped(func(s *tensor.Scope) {
			x := s.Enter(x)
			gradient(x.ReLU(), dy, x)
		})
	}}
}
