package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Clamp returns min(max(x, lo), hi) elementwise; an infinite bound is none, and NaN stays NaN. The gradient passes where
// lo <= x <= hi, bounds included. Integers become float32 when a bound is not whole. It panics with ErrValue when a bound
// is NaN.
func (x *Tensor) Clamp(lo, hi float64) *Tensor {
	if lo != lo || hi != hi {
		Fail("clamp", ErrValue, []Shape{x.shape}, "the bounds %v and %v must be numbers; use infinity for no bound", lo, hi)
	}
	return Apply1(clampOp{lo: lo, hi: hi}, x)
}

// ClampMin returns max(x, lo) elementwise.
func (x *Tensor) ClampMin(lo float64) *Tensor { return x.Clamp(lo, math.Inf(1)) }

// ClampMax returns min(x, hi) elementwise.
func (x *Tensor) ClampMax(hi float64) *Tensor { return x.Clamp(math.Inf(-1), hi) }

// Hardtanh returns min(max(x, lo), hi) elementwise, an activation (-1 and 1 in Collobert, 2004). Unlike Clamp's, its
// gradient is 0 at the bounds themselves, as in PyTorch. It panics with ErrValue unless lo < hi.
func (x *Tensor) Hardtanh(lo, hi float64) *Tensor {
	if !(lo < hi) {
		Fail("hardtanh", ErrValue, []Shape{x.shape}, "the lower bound %v must be less than the upper bound %v", lo, hi)
	}
	return Apply1(clampOp{lo: lo, hi: hi, open: true}, x)
}

// ReLU6 returns min(max(x, 0), 6) elementwise (Howard et al., 2017).
func (x *Tensor) ReLU6() *Tensor { return x.Hardtanh(0, 6) }

type clampOp struct {
	pointwise
	lo, hi float64
	open   bool // no gradient at the bounds
}

func (o clampOp) Name() string {
	if o.open {
		return "hardtanh"
	}
	return "clamp"
}
func (o clampOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Clamp, S0: o.lo, S1: o.hi} }
func (clampOp) Reads() Reads            { return ReadsIn(0) }
func (o clampOp) Infer(c *Call) {
	d := c.In[0].scalarDType(o.lo)
	if !d.IsFloat() {
		d = c.In[0].scalarDType(o.hi)
	}
	c.Output(c.In[0].shape, d)
}
func (o clampOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(clampGradOp{lo: o.lo, hi: o.hi, open: o.open}, b.Dout(0), b.In(0)))
}

// clampGradOp is dy where x is within the bounds, else 0.
type clampGradOp struct {
	pointwise
	lo, hi float64
	open   bool
}

func (clampGradOp) Name() string { return "clamp_grad" }
func (o clampGradOp) Kernel() cpu.Pointwise {
	p := cpu.Pointwise{Code: cpu.ClampGrad, S0: o.lo, S1: o.hi}
	if o.open {
		p.Code = cpu.HardtanhGrad
	}
	return p
}
func (clampGradOp) Reads() Reads            { return ReadsIn(1) }
func (o clampGradOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(o, b.Dout(0), b.In(1)), nil) }
