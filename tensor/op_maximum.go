package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Maximum returns the larger of x and y elementwise, NaN where either is, broadcast and promoted. Where they are equal each
// gets half of the gradient.
func (x *Tensor) Maximum(y *Tensor) *Tensor { return Apply1(maximumOp{min: false}, x, y) }

// Minimum returns the smaller of x and y elementwise, NaN where either is, broadcast and promoted. Where they are equal
// each gets half of the gradient.
func (x *Tensor) Minimum(y *Tensor) *Tensor { return Apply1(maximumOp{min: true}, x, y) }

type maximumOp struct {
	pointwise
	min bool
}

func (o maximumOp) Name() string {
	if o.min {
		return "minimum"
	}
	return "maximum"
}
func (o maximumOp) Kernel() cpu.Pointwise {
	if o.min {
		return cpu.Pointwise{Code: cpu.Min}
	}
	return cpu.Pointwise{Code: cpu.Max}
}
func (maximumOp) Reads() Reads { return ReadsIn(0, 1) }
func (o maximumOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil)
	if b.Need(0) {
		g[0] = Apply1(maximumGradOp{min: o.min}, b.Dout(0), b.In(0), b.In(1))
	}
	if b.Need(1) {
		g[1] = Apply1(maximumGradOp{min: o.min}, b.Dout(0), b.In(1), b.In(0))
	}
	return g
}

// maximumGradOp is the gradient of its second input: dz where it won, half of dz on a tie.
type maximumGradOp struct {
	pointwise
	min bool
}

func (maximumGradOp) Name() string { return "maximum_grad" }
func (o maximumGradOp) Kernel() cpu.Pointwise {
	if o.min {
		return cpu.Pointwise{Code: cpu.MinGrad}
	}
	return cpu.Pointwise{Code: cpu.MaxGrad}
}
func (maximumGradOp) Reads() Reads { return ReadsIn(1, 2) }
func (o maximumGradOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(o, b.Dout(0), b.In(1), b.In(2)), nil, nil)
}
