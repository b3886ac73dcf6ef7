package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// FractionalMaxPoolConfig are the options of FractionalMaxPool2d. Each pair is (height, width).
type FractionalMaxPoolConfig struct {
	Kernel [2]int
	Size   [2]int     // of the result
	Ratio  [2]float64 // in place of Size: the result's part of the input's size, between 0 and 1
}

// FractionalMaxPool2d returns the largest element of each Kernel-sized window of x (N, C, H, W), the windows' steps being a
// random mix of ⌊α⌋ and ⌈α⌉ that ends at the edge: window i starts at ⌊(i + u)·α⌋ − ⌊u·α⌋, α = (H − kernel)/(h − 1), the last at
// H − kernel (Graham, 2014). samples (N, C, 2), of x's dtype, has u in [0, 1) for the columns and the rows of each channel;
// With(x.DType()).Rand(g, n, c, 2) draws them. It panics with ErrShape where the windows or samples do not fit and with ErrValue on
// other options or samples.
func FractionalMaxPool2d(x, samples *Tensor, cfg FractionalMaxPoolConfig) *Tensor {
	return Apply1(fractionalMaxPoolOp{cfg.window(x), false}, x, samples)
}

// FractionalMaxPool2dWithIndices is FractionalMaxPool2d that also returns, as Int64, where in its channel each maximum lies.
func FractionalMaxPool2dWithIndices(x, samples *Tensor, cfg FractionalMaxPoolConfig) (y, indices *Tensor) {
	r := Apply(fractionalMaxPoolOp{cfg.window(x), true}, x, samples)
	return r[0], r[1].To(Int64)
}

func (cfg FractionalMaxPoolConfig) window(x *Tensor) poolWindow {
	const op = "fractional_max_pool2d"
	in := poolSizes(op, x, 2)
	g := cpu.Window{In: in, Out: [3]int{1, 1, 1}, Kernel: [3]int{1, cfg.Kernel[0], cfg.Kernel[1]}}
	for i := range 2 {
		size, ratio, k := cfg.Size[i], cfg.Ratio[i], cfg.Kernel[i]
		if (size == 0) == (ratio == 0) || ratio != 0 && !(ratio > 0 && ratio < 1) {
			Fail(op, ErrValue, []Shape{x.shape}, "give either sizes, not %v, or ratios between 0 and 1, not %v", cfg.Size, cfg.Ratio)
		}
		if size == 0 {
			size = int(float64(in[1+i]) * ratio)
		}
		if k < 1 || size < 1 {
			Fail(op, ErrValue, []Shape{x.shape}, "kernel %d and output size %d must be positive", k, size)
		}
		if size+k-1 > in[1+i] {
			Fail(op, ErrShape, []Shape{x.shape}, "%d windows of %d do not fit into %d", size, k, in[1+i])
		}
		g.Out[1+i] = size
	}
	return poolWindow{op, g}
}

type fractionalMaxPoolOp maxPoolOp

type fractionalMaxPoolKernel interface {
	FractionalMaxPool(g cpu.Window, x, samples, y, at View)
}

func (o fractionalMaxPoolOp) Name() string { return o.name }
func (o fractionalMaxPoolOp) Reads() Reads { return maxPoolOp(o).Reads() }
func (o fractionalMaxPoolOp) Infer(c *Call) {
	c.SameDType()
	if s := c.In[1].shape; s != ShapeOf(c.In[0].shape.at(0), c.In[0].shape.at(1), 2) {
		c.Fail(ErrShape, "the samples must be (N, C, 2)")
	}
	maxPoolOp(o).Infer(c)
}
func (o fractionalMaxPoolOp) Run(d Device, c *Call) bool {
	k, ok := d.(fractionalMaxPoolKernel)
	if ok {
		if c.dev == CPU {
			c.checkSamples(1)
		}
		k.FractionalMaxPool(o.Window, c.X(0), c.X(1), c.Y(0), maxPoolOp(o).places(c))
	}
	return ok
}
func (o fractionalMaxPoolOp) VJP(b *Back) []*Tensor {
	o.Window = cpu.Window{In: o.In} // the windows do not slide
	return append(maxPoolOp(o).VJP(b), nil)
}

// checkSamples panics unless input i lies in [0, 1).
func (c *Call) checkSamples(i int) {
	for at, u := range c.In[i].Floats() {
		if !(u >= 0 && u < 1) {
			c.Fail(ErrValue, "sample %v at position %d is outside [0, 1)", u, at)
		}
	}
}

func (cpuDevice) FractionalMaxPool(g cpu.Window, x, samples, y, at View) {
	if y.DType == Float64 {
		cpu.FractionalMaxPool(g, planes(x), sliceOf[float64](x), sliceOf[float64](samples), sliceOf[float64](y), optional[int32](at))
	} else {
		cpu.FractionalMaxPool(g, planes(x), sliceOf[float32](x), sliceOf[float32](samples), sliceOf[float32](y), optional[int32](at))
	}
}
