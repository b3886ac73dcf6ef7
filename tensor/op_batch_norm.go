package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// BatchNorm normalises x (N, C, ...) over all dimensions but the second, by the statistics of the batch (Ioffe and
// Szegedy, 2015):
//
//	y = (x − mean)/√(var + eps) · weight + bias
//
// with the biased variance; weight and bias are (C,). It also returns mean and variance (C,), detached and float32 for
// halves, for running statistics. One value a channel has variance 0. It panics with ErrShape when weight or bias do not fit or the batch is
// empty.
func BatchNorm(x, weight, bias *Tensor, eps float64) (y, mean, variance *Tensor) {
	r := Apply(batchNormOp{eps}, x, weight, bias)
	return r[0], r[1].Detach(), r[2].Detach()
}

type batchNormOp struct{ eps float64 }

type batchNormKernel interface {
	BatchNorm(eps float64, x, weight, bias, y, mean, variance, mu, rstd View)
	BatchNormGrad(dy, x, weight, mu, rstd, dx, dweight, dbias View)
}

func (batchNormOp) Name() string { return "batch_norm" }
func (batchNormOp) Reads() Reads { return ReadsIn(0, 1) }
func (batchNormOp) Infer(c *Call) {
	d := c.SameDType()
	s := c.In[0].shape
	if s.rank < 2 {
		c.Fail(ErrShape, "the input must be (N, C) or (N, C, ...)")
	}
	ch := ShapeOf(s.at(1))
	if c.In[1].shape != ch || c.In[2].shape != ch {
		c.Fail(ErrShape, "weight and bias must have shape %v", ch)
	}
	if s.Numel() == 0 {
		c.Fail(ErrShape, "an empty batch has no mean")
	}
	if s.Numel() >= 32*s.at(0)*s.at(1) && !c.In[0].st.changes() {
		c.outputLater(s, d)
	} else {
		c.Output(s, d)
	}
	c.Output(ch, Promote(d, Float32)) // running statistics need more digits than halves have
	c.Output(ch, Promote(d, Float32))
	if c.Recording() {
		c.Save(ch, Float64) // mean
		c.Save(ch, Float64) // rstd
	}
}
func (o batchNormOp) Run(d Device, c *Call) bool {
	k, ok := d.(batchNormKernel)
	if ok {
		var mu, rstd View
		if c.Recording() {
			mu, rstd = c.S(0), c.S(1)
		}
		if c.isLater(0) {
			fill := batchNormLater(o.eps, c.X(0), c.X(1), c.X(2), c.Y(1), c.Y(2), mu, rstd)
			c.outs[0].st.putOff(cpu.Pointwise{}, fill, c.In[:1])
			return true
		}
		k.BatchNorm(o.eps, c.X(0), c.X(1), c.X(2), c.Y(0), c.Y(1), c.Y(2), mu, rstd)
	}
	return ok
}
func (o batchNormOp) VJP(b *Back) []*Tensor {
	// The results mean and variance are detached by BatchNorm, so that only y has a gradient.
	return b.Give(Apply(batchNormGradOp(o), b.Dout(0), b.In(0), b.In(1), b.Saved(0), b.Saved(1))...)
}

// batchNormGradOp maps (dy, x, weight, mean, rstd) to (dx, dweight, dbias). mean and rstd are x's own, kept for speed;
// Lower computes them anew, so that second derivatives flow through x.
type batchNormGradOp struct{ eps float64 }

func (batchNormGradOp) Name() string { return "batch_norm_grad" }
func (batchNormGradOp) Reads() Reads { return ReadsAllIn }
func (batchNormGradOp) Infer(c *Call) {
	x, w := c.In[1], c.In[2]
	c.Output(x.shape, x.dtype)
	c.Output(w.shape, x.dtype)
	c.Output(w.shape, x.dtype)
}
func (batchNormGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(batchNormKernel)
	if ok {
		k.BatchNormGrad(c.X(0), c.X(1), c.X(2), c.X(3), c.X(4), c.Y(0), c.Y(1), c.Y(2))
	}
	return ok
}
func (batchNormGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (o batchNormGradOp) Lower(in []*Tensor) []*Tensor {
	dy, x, w := in[0], in[1], in[2]
	var axes []int
	per := Shape{rank: x.shape.rank}
	n := 1
	for i := range x.shape.rank {
		if i == 1 {
			per.set(i, x.shape.at(i))
			continue
		}
		per.set(i, 1)
		axes = append(axes, i)
		n *= x.shape.at(i)
	}
	mean := func(t *Tensor) *Tensor { return t.SumKeepdim(axes...).MulScalar(1 / float64(n)) }
	d := x.Sub(mean(x))
	d = d.Sub(mean(d)) // what the first mean was rounded by
	rstd := mean(d.Mul(d)).AddScalar(o.eps).Rsqrt()
	xh := d.Mul(rstd)
	g := dy.Mul(w.ReshapeTo(per))
	dx := rstd.Mul(g.Sub(mean(g)).Sub(xh.Mul(mean(g.Mul(xh)))))
	return []*Tensor{dx, dy.Mul(xh).Sum(axes...), dy.Sum(axes...)}
}

func (cpuDevice) BatchNorm(eps float64, x, weight, bias, y, mean, variance, mu, rstd View) {
	n, c := x.Shape.at(0), x.Shape.at(1)
	hw := x.Shape.Numel() / (n * c)
	if x.DType == Float64 {
		cpu.BatchNorm(n, c, hw, eps, sliceOf[float64](x), sliceOf[float64](weight), sliceOf[float64](bias), sliceOf[float64](y), sliceOf[float64](mean), sliceOf[float64](variance), optional[float64](mu), optional[float64](rstd))
	} else {
		cpu.BatchNorm(n, c, hw, eps, sliceOf[float32](x), sliceOf[float32](weight), sliceOf[float32](bias), sliceOf[float32](y), sliceOf[float32](mean), sliceOf[float32](variance), optional[float64](mu), optional[float64](rstd))
	}
}

// batchNormLater is BatchNorm on the CPU without y, which the function that it returns computes.
func batchNormLater(eps float64, x, weight, bias, mean, variance, mu, rstd View) filler {
	if x.DType == Float64 {
		return batchNormFill[float64](eps, x, weight, bias, mean, variance, mu, rstd)
	}
	return batchNormFill[float32](eps, x, weight, bias, mean, variance, mu, rstd)
}

func batchNormFill[T cpu.Float](eps float64, x, weight, bias, mean, variance, mu, rstd View) filler {
	n, c := x.Shape.at(0), x.Shape.at(1)
	hw := x.Shape.Numel() / (n * c)
	fill := cpu.BatchNormLater(n, c, hw, eps, sliceOf[T](x), sliceOf[T](weight), sliceOf[T](bias), sliceOf[T](mean), sliceOf[T](variance), optional[float64](mu), optional[float64](rstd))
	return func(dst View, lo int, stream bool) { fill(sliceOf[T](dst), lo, stream) }
}

func (cpuDevice) BatchNormGrad(dy, x, weight, mu, rstd, dx, dweight, dbias View) {
	n, c := x.Shape.at(0), x.Shape.at(1)
	hw := x.Shape.Numel() / (n * c)
	if x.DType == Float64 {
		cpu.BatchNormGrad(n, c, hw, sliceOf[float64](dy), sliceOf[float64](x), sliceOf[float64](weight), sliceOf[float64](mu), sliceOf[float64](rstd), sliceOf[float64](dx), sliceOf[float64](dweight), sliceOf[float64](dbias))
	} else {
		cpu.BatchNormGrad(n, c, hw, sliceOf[float32](dy), sliceOf[float32](x), sliceOf[float32](weight), sliceOf[float64](mu), sliceOf[float64](rstd), sliceOf[float32](dx), sliceOf[float32](dweight), sliceOf[float32](dbias))
	}
}
