package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// PoolConfig are the options of pooling. Each pair is (height, width).
type PoolConfig struct {
	Kernel   [2]int
	Stride   [2]int // 0: the kernel's size
	Padding  [2]int // at most half the kernel; maxima ignore it
	Dilation [2]int // of MaxPool; 0: 1
	CeilMode bool   // also windows that hang over the padded end, if they start in the input or the padding before it
	// IgnorePadding divides averages by the elements inside the input alone (PyTorch's count_include_pad=False).
	IgnorePadding bool
}

// Square returns a PoolConfig with an n by n kernel and stride n.
func Square(n int) PoolConfig { return PoolConfig{Kernel: [2]int{n, n}} }

// MaxPool2d returns the largest element of each n by n window, stride n: (N, C, H, W) -> (N, C, ⌊H/n⌋, ⌊W/n⌋).
func (x *Tensor) MaxPool2d(n int) *Tensor { return MaxPool2d(x, Square(n)) }

// AvgPool2d returns the mean of each n by n window, stride n: (N, C, H, W) -> (N, C, ⌊H/n⌋, ⌊W/n⌋).
func (x *Tensor) AvgPool2d(n int) *Tensor { return AvgPool2d(x, Square(n)) }

// MaxPool2d returns the largest element of each window of x (N, C, H, W), NaN where there is one; the gradient goes to the
// first of equals. Result sizes are ⌊(H + 2·padding − dilation·(kernel−1) − 1)/stride⌋ + 1, rounded up in ceil mode. A
// window that dilation takes into the padding alone gives -Inf. It panics with ErrShape when the kernel does not fit and
// with ErrValue when an option is out of its range.
func MaxPool2d(x *Tensor, cfg PoolConfig) *Tensor {
	return Apply1(maxPoolOp{cfg.window("max_pool2d", x)}, x)
}

// AvgPool2d returns the mean of each window of x (N, C, H, W), of the sizes and with the panics of MaxPool2d. Zeros of the
// padding count unless cfg.IgnorePadding; what hangs over the padded end in ceil mode never does. It panics with ErrValue
// when a dilation is set.
func AvgPool2d(x *Tensor, cfg PoolConfig) *Tensor {
	g := cfg.window("avg_pool2d", x)
	if g.DilH != 1 || g.DilW != 1 {
		Fail("avg_pool2d", ErrValue, []Shape{x.shape}, "averages have no dilation")
	}
	return Apply1(avgPoolOp{g, !cfg.IgnorePadding}, x)
}

// MaxPool1d is MaxPool2d for sequences (N, C, L); of each pair in cfg the second counts.
func MaxPool1d(x *Tensor, cfg PoolConfig) *Tensor {
	return MaxPool2d(sequence("max_pool1d", x), cfg.flat()).Squeeze(2)
}

// AvgPool1d is AvgPool2d for sequences (N, C, L); of each pair in cfg the second counts.
func AvgPool1d(x *Tensor, cfg PoolConfig) *Tensor {
	return AvgPool2d(sequence("avg_pool1d", x), cfg.flat()).Squeeze(2)
}

// AdaptiveMaxPool2d pools x (N, C, H, W) to (N, C, h, w): output i covers rows ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉. It panics with
// ErrValue when a size is 0.
func AdaptiveMaxPool2d(x *Tensor, h, w int) *Tensor {
	return Apply1(maxPoolOp{adaptive("adaptive_max_pool2d", x, h, w)}, x)
}

// AdaptiveAvgPool2d pools x (N, C, H, W) to (N, C, h, w): output i is the mean of rows ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉. It panics
// with ErrValue when a size is 0.
func AdaptiveAvgPool2d(x *Tensor, h, w int) *Tensor {
	return Apply1(avgPoolOp{adaptive("adaptive_avg_pool2d", x, h, w), false}, x)
}

// AdaptiveMaxPool1d pools x (N, C, L) to (N, C, n).
func AdaptiveMaxPool1d(x *Tensor, n int) *Tensor {
	return AdaptiveMaxPool2d(sequence("adaptive_max_pool1d", x), 1, n).Squeeze(2)
}

// AdaptiveAvgPool1d pools x (N, C, L) to (N, C, n).
func AdaptiveAvgPool1d(x *Tensor, n int) *Tensor {
	return AdaptiveAvgPool2d(sequence("adaptive_avg_pool1d", x), 1, n).Squeeze(2)
}

func sequence(op string, x *Tensor) *Tensor {
	if x.shape.rank != 3 {
		Fail(op, ErrShape, []Shape{x.shape}, "input must be (N, C, L)")
	}
	return x.Unsqueeze(2)
}

func (c PoolConfig) flat() PoolConfig {
	c.Kernel[0], c.Stride[0], c.Padding[0], c.Dilation[0] = 1, 1, 0, 1
	return c
}

func (c PoolConfig) window(op string, x *Tensor) cpu.Window {
	if x.shape.rank != 4 {
		Fail(op, ErrShape, []Shape{x.shape}, "input must be (N, C, H, W)")
	}
	var out [2]int
	for i := range 2 {
		if c.Stride[i] == 0 {
			c.Stride[i] = c.Kernel[i]
		}
		if c.Dilation[i] == 0 {
			c.Dilation[i] = 1
		}
		k, s, p, d, size := c.Kernel[i], c.Stride[i], c.Padding[i], c.Dilation[i], x.shape.at(2+i)
		if k < 1 || s < 1 || d < 1 || p < 0 || 2*p > k {
			Fail(op, ErrValue, []Shape{x.shape}, "kernel %d, stride %d and dilation %d must be positive, padding %d between 0 and half the kernel", k, s, d, p)
		}
		n := size + 2*p - d*(k-1) - 1
		if c.CeilMode {
			n += s - 1
		}
		out[i] = n/s + 1
		if c.CeilMode && (out[i]-1)*s >= size+p {
			out[i]--
		}
		if n < 0 || out[i] < 1 {
			Fail(op, ErrShape, []Shape{x.shape}, "the kernel spans %d, more than the padded input's %d", d*(k-1)+1, size+2*p)
		}
	}
	return cpu.Window{H: x.shape.at(2), W: x.shape.at(3), OH: out[0], OW: out[1], R: c.Kernel[0], S: c.Kernel[1], StrideH: c.Stride[0], StrideW: c.Stride[1],
		PadH: c.Padding[0], PadW: c.Padding[1], DilH: c.Dilation[0], DilW: c.Dilation[1]}
}

func adaptive(op string, x *Tensor, h, w int) cpu.Window {
	if x.shape.rank != 4 {
		Fail(op, ErrShape, []Shape{x.shape}, "input must be (N, C, H, W)")
	}
	if h < 1 || w < 1 || x.shape.at(2) < 1 || x.shape.at(3) < 1 {
		Fail(op, ErrValue, []Shape{x.shape}, "input and output sizes (%d, %d) must be positive", h, w)
	}
	return cpu.Window{H: x.shape.at(2), W: x.shape.at(3), OH: h, OW: w, Adaptive: true}
}

func pooled(s Shape, h, w int) Shape {
	s.set(2, h)
	s.set(3, w)
	return s
}

type maxPoolOp struct{ win cpu.Window }

type poolKernel interface {
	MaxPool(g cpu.Window, x, y, at View)
	PoolScatter(dy, at, dx View)
	PoolGather(x, at, y View)
	AvgPool(g cpu.Window, padded bool, x, y View)
	AvgPoolGrad(g cpu.Window, padded bool, dy, dx View)
}

func (maxPoolOp) Name() string { return "max_pool2d" }
func (maxPoolOp) Reads() Reads { return ReadsNothing }
func (o maxPoolOp) Infer(c *Call) {
	s := pooled(c.In[0].shape, o.win.OH, o.win.OW)
	c.Output(s, c.SameDType())
	if c.Recording() {
		c.Save(s, Int32)
	}
}
func (o maxPoolOp) Run(d Device, c *Call) bool {
	k, ok := d.(poolKernel)
	if ok {
		var at View
		if c.Recording() {
			at = c.S(0)
		}
		k.MaxPool(o.win, c.X(0), c.Y(0), at)
	}
	return ok
}
func (o maxPoolOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(poolScatterOp(o), b.Dout(0), b.Saved(0)))
}

// poolScatterOp adds each dy to the element of its plane that at names; poolGatherOp is its transpose.
type poolScatterOp struct{ win cpu.Window }

func (poolScatterOp) Name() string { return "pool_scatter" }
func (poolScatterOp) Reads() Reads { return ReadsIn(1) }
func (o poolScatterOp) Infer(c *Call) {
	c.Output(pooled(c.In[0].shape, o.win.H, o.win.W), c.In[0].dtype)
}
func (o poolScatterOp) Run(d Device, c *Call) bool {
	k, ok := d.(poolKernel)
	if ok {
		k.PoolScatter(c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o poolScatterOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(poolGatherOp(o), b.Dout(0), b.In(1)), nil)
}

type poolGatherOp struct{ win cpu.Window }

func (poolGatherOp) Name() string { return "pool_gather" }
func (poolGatherOp) Reads() Reads { return ReadsIn(1) }
func (o poolGatherOp) Infer(c *Call) {
	c.Output(c.In[1].shape, c.In[0].dtype)
}
func (o poolGatherOp) Run(d Device, c *Call) bool {
	k, ok := d.(poolKernel)
	if ok {
		k.PoolGather(c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o poolGatherOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(poolScatterOp(o), b.Dout(0), b.In(1)), nil)
}

// avgPoolOp and avgPoolGradOp are linear and each other's transposes.
type avgPoolOp struct {
	win    cpu.Window
	padded bool
}

func (avgPoolOp) Name() string { return "avg_pool2d" }
func (avgPoolOp) Reads() Reads { return ReadsNothing }
func (o avgPoolOp) Infer(c *Call) {
	c.Output(pooled(c.In[0].shape, o.win.OH, o.win.OW), c.SameDType())
}
func (o avgPoolOp) Run(d Device, c *Call) bool {
	k, ok := d.(poolKernel)
	if ok {
		k.AvgPool(o.win, o.padded, c.X(0), c.Y(0))
	}
	return ok
}
func (o avgPoolOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(avgPoolGradOp(o), b.Dout(0))) }

type avgPoolGradOp avgPoolOp

func (avgPoolGradOp) Name() string { return "avg_pool2d_grad" }
func (avgPoolGradOp) Reads() Reads { return ReadsNothing }
func (o avgPoolGradOp) Infer(c *Call) {
	c.Output(pooled(c.In[0].shape, o.win.H, o.win.W), c.In[0].dtype)
}
func (o avgPoolGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(poolKernel)
	if ok {
		k.AvgPoolGrad(o.win, o.padded, c.X(0), c.Y(0))
	}
	return ok
}
func (o avgPoolGradOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(avgPoolOp(o), b.Dout(0))) }

func planes(v View) int { return v.Shape.at(0) * v.Shape.at(1) }

func (cpuDevice) MaxPool(g cpu.Window, x, y, at View) {
	if y.DType == Float64 {
		cpu.MaxPool(g, planes(x), sliceOf[float64](x), sliceOf[float64](y), optional[int32](at))
	} else {
		cpu.MaxPool(g, planes(x), sliceOf[float32](x), sliceOf[float32](y), optional[int32](at))
	}
}

func (cpuDevice) PoolScatter(dy, at, dx View) {
	hw, out := dx.Shape.at(2)*dx.Shape.at(3), dy.Shape.at(2)*dy.Shape.at(3)
	if dx.DType == Float64 {
		cpu.PoolScatter(planes(dx), hw, out, sliceOf[float64](dy), sliceOf[int32](at), sliceOf[float64](dx))
	} else {
		cpu.PoolScatter(planes(dx), hw, out, sliceOf[float32](dy), sliceOf[int32](at), sliceOf[float32](dx))
	}
}

func (cpuDevice) PoolGather(x, at, y View) {
	hw, out := x.Shape.at(2)*x.Shape.at(3), y.Shape.at(2)*y.Shape.at(3)
	if y.DType == Float64 {
		cpu.PoolGather(planes(x), hw, out, sliceOf[float64](x), sliceOf[int32](at), sliceOf[float64](y))
	} else {
		cpu.PoolGather(planes(x), hw, out, sliceOf[float32](x), sliceOf[int32](at), sliceOf[float32](y))
	}
}

func (cpuDevice) AvgPool(g cpu.Window, padded bool, x, y View) {
	if y.DType == Float64 {
		cpu.AvgPool(g, planes(x), padded, sliceOf[float64](x), sliceOf[float64](y))
	} else {
		cpu.AvgPool(g, planes(x), padded, sliceOf[float32](x), sliceOf[float32](y))
	}
}

func (cpuDevice) AvgPoolGrad(g cpu.Window, padded bool, dy, dx View) {
	if dx.DType == Float64 {
		cpu.AvgPoolGrad(g, planes(dx), padded, sliceOf[float64](dy), sliceOf[float64](dx))
	} else {
		cpu.AvgPoolGrad(g, planes(dx), padded, sliceOf[float32](dy), sliceOf[float32](dx))
	}
}
