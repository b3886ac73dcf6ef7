package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// LayerNorm normalises x over its last dimensions, those of weight and bias (Ba, Kiros and Hinton, 2016):
//
//	y = (x − mean)/√(var + eps) · weight + bias
//
// with the biased variance of each sample. It panics with ErrShape when weight's shape is not the end of x's or bias has
// another, and with ErrValue when one is nil.
func LayerNorm(x, weight, bias *Tensor, eps float64) *Tensor {
	if weight == nil || bias == nil {
		Fail("layer_norm", ErrValue, []Shape{x.shape}, "the weight or the bias is nil; give ones and zeros for none")
	}
	k := weight.shape.rank
	fits := k >= 1 && k <= x.shape.rank && bias.shape == weight.shape
	for i := 0; fits && i < k; i++ {
		fits = x.shape.at(x.shape.rank-k+i) == weight.shape.at(i)
	}
	if !fits || weight.Numel() == 0 {
		Fail("layer_norm", ErrShape, []Shape{x.shape, weight.shape, bias.shape}, "weight and bias must have the shape of the input's last dimensions, not empty")
	}
	c := weight.Numel()
	y := Apply1(layerNormOp{eps}, x.ReshapeTo(ShapeOf(x.Numel()/c, c)), weight.ReshapeTo(ShapeOf(c)), bias.ReshapeTo(ShapeOf(c)))
	return y.ReshapeTo(x.shape)
}

type layerNormOp struct{ eps float64 }

type layerNormKernel interface {
	LayerNorm(eps float64, x, weight, bias, y, mu, rstd View)
	LayerNormGrad(dy, x, weight, mu, rstd, dx, dweight, dbias View)
}

func (layerNormOp) Name() string { return "layer_norm" }
func (layerNormOp) Reads() Reads { return ReadsIn(0, 1) }
func (layerNormOp) Infer(c *Call) {
	d := c.SameDType()
	c.Output(c.In[0].shape, d)
	if c.Recording() {
		rows := ShapeOf(c.In[0].shape.at(0))
		c.Save(rows, Float64) // mean
		c.Save(rows, Float64) // rstd
	}
}
func (o layerNormOp) Run(d Device, c *Call) bool {
	k, ok := d.(layerNormKernel)
	if ok {
		var mu, rstd View
		if c.Recording() {
			mu, rstd = c.S(0), c.S(1)
		}
		k.LayerNorm(o.eps, c.X(0), c.X(1), c.X(2), c.Y(0), mu, rstd)
	}
	return ok
}
func (o layerNormOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply(layerNormGradOp(o), b.Dout(0), b.In(0), b.In(1), b.Saved(0), b.Saved(1))...)
}

// layerNormGradOp maps (dy, x, weight, mean, rstd) to (dx, dweight, dbias). mean and rstd are x's own, kept for speed;
// Lower computes them anew, so that second derivatives flow through x.
type layerNormGradOp struct{ eps float64 }

func (layerNormGradOp) Name() string { return "layer_norm_grad" }
func (layerNormGradOp) Reads() Reads { return ReadsAllIn }
func (layerNormGradOp) Infer(c *Call) {
	x, w := c.In[1], c.In[2]
	c.Output(x.shape, x.dtype)
	c.Output(w.shape, x.dtype)
	c.Output(w.shape, x.dtype)
}
func (layerNormGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(layerNormKernel)
	if ok {
		k.LayerNormGrad(c.X(0), c.X(1), c.X(2), c.X(3), c.X(4), c.Y(0), c.Y(1), c.Y(2))
	}
	return ok
}
func (layerNormGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (o layerNormGradOp) Lower(in []*Tensor) []*Tensor {
	dy, x, w := in[0], in[1], in[2]
	mean := func(t *Tensor) *Tensor { return t.SumKeepdim(1).MulScalar(1 / float64(x.shape.at(1))) }
	d := x.Sub(mean(x))
	d = d.Sub(mean(d)) // what the first mean was rounded by
	rstd := mean(d.Mul(d)).AddScalar(o.eps).Rsqrt()
	xh := d.Mul(rstd)
	g := dy.Mul(w)
	dx := rstd.Mul(g.Sub(mean(g)).Sub(xh.Mul(mean(g.Mul(xh)))))
	return []*Tensor{dx, dy.Mul(xh).Sum(0), dy.Sum(0)}
}

func (cpuDevice) LayerNorm(eps float64, x, weight, bias, y, mu, rstd View) {
	n, c := x.Shape.at(0), x.Shape.at(1)
	if x.DType == Float64 {
		cpu.LayerNorm(n, c, eps, sliceOf[float64](x), sliceOf[float64](weight), sliceOf[float64](bias), sliceOf[float64](y), optional[float64](mu), optional[float64](rstd))
	} else {
		cpu.LayerNorm(n, c, eps, sliceOf[float32](x), sliceOf[float32](weight), sliceOf[float32](bias), sliceOf[float32](y), optional[float64](mu), optional[float64](rstd))
	}
}

func (cpuDevice) LayerNormGrad(dy, x, weight, mu, rstd, dx, dweight, dbias View) {
	n, c := x.Shape.at(0), x.Shape.at(1)
	if x.DType == Float64 {
		cpu.LayerNormGrad(n, c, sliceOf[float64](dy), sliceOf[float64](x), sliceOf[float64](weight), sliceOf[float64](mu), sliceOf[float64](rstd), sliceOf[float64](dx), sliceOf[float64](dweight), sliceOf[float64](dbias))
	} else {
		cpu.LayerNormGrad(n, c, sliceOf[float32](dy), sliceOf[float32](x), sliceOf[float32](weight), sliceOf[float64](mu), sliceOf[float64](rstd), sliceOf[float32](dx), sliceOf[float32](dweight), sliceOf[float32](dbias))
	}
}
