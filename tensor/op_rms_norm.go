package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// RMSNorm divides x by the root of its mean square over the last dimensions, those of weight (Zhang and Sennrich, 2019):
//
//	y = x/√(mean(x²) + eps) · weight
//
// It panics with ErrShape when weight's shape is not the end of x's.
func RMSNorm(x, weight *Tensor, eps float64) *Tensor {
	k := weight.shape.rank
	fits := k >= 1 && k <= x.shape.rank
	axes := make([]int, k)
	for i := 0; fits && i < k; i++ {
		axes[i] = i - k
		fits = x.shape.at(x.shape.rank-k+i) == weight.shape.at(i)
	}
	if !fits || weight.Numel() == 0 {
		Fail("rms_norm", ErrShape, []Shape{x.shape, weight.shape}, "the weight must have the shape of the input's last dimensions, not empty")
	}
	c := weight.Numel()
	return Apply1(rmsNormOp{eps}, x.ReshapeTo(ShapeOf(x.Numel()/c, c)), weight.ReshapeTo(ShapeOf(c))).ReshapeTo(x.shape)
}

type rmsNormOp struct{ eps float64 }

type rmsNormKernel interface {
	RMSNorm(eps float64, x, weight, y, rms View)
	RMSNormGrad(dy, x, weight, rms, dx, dweight View)
}

func (rmsNormOp) Name() string { return "rms_norm" }
func (rmsNormOp) Reads() Reads { return ReadsIn(0, 1) }
func (rmsNormOp) Infer(c *Call) {
	c.Output(c.In[0].shape, c.SameDType())
	if c.Recording() {
		c.Save(ShapeOf(c.In[0].shape.at(0)), Float64) // 1/√(mean(x²) + eps)
	}
}
func (o rmsNormOp) Run(d Device, c *Call) bool {
	k, ok := d.(rmsNormKernel)
	if ok {
		var rms View
		if c.Recording() {
			rms = c.S(0)
		}
		k.RMSNorm(o.eps, c.X(0), c.X(1), c.Y(0), rms)
	}
	return ok
}
func (o rmsNormOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply(rmsNormGradOp(o), b.Dout(0), b.In(0), b.In(1), b.Saved(0))...)
}

// rmsNormGradOp maps (dy, x, weight, rms) to (dx, dweight). Lower computes rms anew, so that second derivatives flow through x.
type rmsNormGradOp struct{ eps float64 }

func (rmsNormGradOp) Name() string { return "rms_norm_grad" }
func (rmsNormGradOp) Reads() Reads { return ReadsAllIn }
func (rmsNormGradOp) Infer(c *Call) {
	x, w := c.In[1], c.In[2]
	c.Output(x.shape, x.dtype)
	c.Output(w.shape, x.dtype)
}
func (rmsNormGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(rmsNormKernel)
	if ok {
		k.RMSNormGrad(c.X(0), c.X(1), c.X(2), c.X(3), c.Y(0), c.Y(1))
	}
	return ok
}
func (rmsNormGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (o rmsNormGradOp) Lower(in []*Tensor) []*Tensor {
	dy, x, w := in[0], in[1], in[2]
	mean := func(t *Tensor) *Tensor { return t.SumKeepdim(1).MulScalar(1 / float64(x.shape.at(1))) }
	rms := mean(x.Mul(x)).AddScalar(o.eps).Rsqrt()
	xh, g := x.Mul(rms), dy.Mul(w)
	return []*Tensor{rms.Mul(g.Sub(xh.Mul(mean(g.Mul(xh))))), dy.Mul(xh).Sum(0)}
}

func (cpuDevice) RMSNorm(eps float64, x, weight, y, rms View) {
	n, c := x.Shape.at(0), x.Shape.at(1)
	if x.DType == Float64 {
		cpu.RMSNorm(n, c, eps, sliceOf[float64](x), sliceOf[float64](weight), sliceOf[float64](y), optional[float64](rms))
	} else {
		cpu.RMSNorm(n, c, eps, sliceOf[float32](x), sliceOf[float32](weight), sliceOf[float32](y), optional[float64](rms))
	}
}

func (cpuDevice) RMSNormGrad(dy, x, weight, rms, dx, dweight View) {
	n, c := x.Shape.at(0), x.Shape.at(1)
	if x.DType == Float64 {
		cpu.RMSNormGrad(n, c, sliceOf[float64](dy), sliceOf[float64](x), sliceOf[float64](weight), sliceOf[float64](rms), sliceOf[float64](dx), sliceOf[float64](dweight))
	} else {
		cpu.RMSNormGrad(n, c, sliceOf[float32](dy), sliceOf[float32](x), sliceOf[float32](weight), sliceOf[float64](rms), sliceOf[float32](dx), sliceOf[float32](dweight))
	}
}
