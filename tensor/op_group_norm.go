package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// GroupNorm normalises each sample of x (N, C, ...) over groups of C/groups neighbouring channels and all that follows (Wu
// and He, 2018):
//
//	y = (x − mean)/√(var + eps) · weight + bias
//
// with the biased variance of each group; weight and bias (C) may be nil. One group is layer norm over (C, ...), C groups
// are instance norm (Ulyanov et al., 2016). It panics with ErrShape where the shapes do not fit.
func GroupNorm(x *Tensor, groups int, weight, bias *Tensor, eps float64) *Tensor {
	if x.shape.rank < 2 || groups < 1 || x.shape.at(1)%groups != 0 {
		Fail("group_norm", ErrShape, []Shape{x.shape}, "the input must be (N, C, ...) with C a multiple of the %d groups", groups)
	}
	n, c := x.shape.at(0), x.shape.at(1)
	if x.Numel() == 0 {
		if n != 0 {
			Fail("group_norm", ErrShape, []Shape{x.shape}, "there is nothing to normalise")
		}
		return x
	}
	for _, p := range []*Tensor{weight, bias} {
		if p != nil && p.shape != ShapeOf(c) {
			Fail("group_norm", ErrShape, []Shape{x.shape, p.shape}, "weight and bias must have shape (%d,), one value a channel", c)
		}
	}
	f := With(x.dtype).On(x.dev)
	if weight == nil {
		weight = f.Ones(c)
	}
	if bias == nil {
		bias = f.Zeros(c)
	}
	return Apply1(groupNormOp{groups, eps}, x.ReshapeTo(ShapeOf(n, c, x.Numel()/(n*c))), weight, bias).ReshapeTo(x.shape)
}

type groupNormOp struct {
	groups int
	eps    float64
}

type groupNormKernel interface {
	GroupNorm(groups int, eps float64, x, weight, bias, y, mu, rstd View)
	GroupNormGrad(groups int, dy, x, weight, mu, rstd, dx, dweight, dbias View)
}

func (groupNormOp) Name() string { return "group_norm" }
func (groupNormOp) Reads() Reads { return ReadsIn(0, 1) }
func (o groupNormOp) Infer(c *Call) {
	c.Output(c.In[0].shape, c.SameDType())
	if c.Recording() {
		s := ShapeOf(c.In[0].shape.at(0), o.groups)
		c.Save(s, Float64) // mean
		c.Save(s, Float64) // rstd
	}
}
func (o groupNormOp) Run(d Device, c *Call) bool {
	k, ok := d.(groupNormKernel)
	if ok {
		var mu, rstd View
		if c.Recording() {
			mu, rstd = c.S(0), c.S(1)
		}
		k.GroupNorm(o.groups, o.eps, c.X(0), c.X(1), c.X(2), c.Y(0), mu, rstd)
	}
	return ok
}
func (o groupNormOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply(groupNormGradOp(o), b.Dout(0), b.In(0), b.In(1), b.Saved(0), b.Saved(1))...)
}

// groupNormGradOp maps (dy, x, weight, mean, rstd) to (dx, dweight, dbias). Lower computes mean and rstd anew, so that second derivatives
// flow through x.
type groupNormGradOp struct {
	groups int
	eps    float64
}

func (groupNormGradOp) Name() string { return "group_norm_grad" }
func (groupNormGradOp) Reads() Reads { return ReadsAllIn }
func (groupNormGradOp) Infer(c *Call) {
	x, w := c.In[1], c.In[2]
	c.Output(x.shape, x.dtype)
	c.Output(w.shape, x.dtype)
	c.Output(w.shape, x.dtype)
}
func (o groupNormGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(groupNormKernel)
	if ok {
		k.GroupNormGrad(o.groups, c.X(0), c.X(1), c.X(2), c.X(3), c.X(4), c.Y(0), c.Y(1), c.Y(2))
	}
	return ok
}
func (groupNormGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (o groupNormGradOp) Lower(in []*Tensor) []*Tensor {
	dy, x, w := in[0], in[1], in[2]
	n, c := x.shape.at(0), x.shape.at(1)
	size := x.Numel() / (n * o.groups)
	rows := func(t *Tensor) *Tensor { return t.ReshapeTo(ShapeOf(n*o.groups, size)) }
	mean := func(t *Tensor) *Tensor { return t.SumKeepdim(1).MulScalar(1 / float64(size)) }
	d := rows(x)
	d = d.Sub(mean(d))
	d = d.Sub(mean(d)) // what the first mean was rounded by
	rstd := mean(d.Mul(d)).AddScalar(o.eps).Rsqrt()
	xh, g := d.Mul(rstd), rows(dy.Mul(w.ReshapeTo(ShapeOf(c, 1))))
	dx := rstd.Mul(g.Sub(mean(g)).Sub(xh.Mul(mean(g.Mul(xh)))))
	return []*Tensor{dx.ReshapeTo(x.shape), dy.Mul(xh.ReshapeTo(x.shape)).Sum(0, 2), dy.Sum(0, 2)}
}

func (cpuDevice) GroupNorm(groups int, eps float64, x, weight, bias, y, mu, rstd View) {
	n, c, hw := x.Shape.at(0), x.Shape.at(1), x.Shape.at(2)
	if x.DType == Float64 {
		cpu.GroupNorm(n, c, hw, groups, eps, sliceOf[float64](x), sliceOf[float64](weight), sliceOf[float64](bias), sliceOf[float64](y), optional[float64](mu), optional[float64](rstd))
	} else {
		cpu.GroupNorm(n, c, hw, groups, eps, sliceOf[float32](x), sliceOf[float32](weight), sliceOf[float32](bias), sliceOf[float32](y), optional[float64](mu), optional[float64](rstd))
	}
}

func (cpuDevice) GroupNormGrad(groups int, dy, x, weight, mu, rstd, dx, dweight, dbias View) {
	n, c, hw := x.Shape.at(0), x.Shape.at(1), x.Shape.at(2)
	if x.DType == Float64 {
		cpu.GroupNormGrad(n, c, hw, groups, sliceOf[float64](dy), sliceOf[float64](x), sliceOf[float64](weight), sliceOf[float64](mu), sliceOf[float64](rstd), sliceOf[float64](dx), sliceOf[float64](dweight), sliceOf[float64](dbias))
	} else {
		cpu.GroupNormGrad(n, c, hw, groups, sliceOf[float32](dy), sliceOf[float32](x), sliceOf[float32](weight), sliceOf[float64](mu), sliceOf[float64](rstd), sliceOf[float32](dx), sliceOf[float32](dweight), sliceOf[float32](dbias))
	}
}
