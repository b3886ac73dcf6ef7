package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// AvgPool2d returns the mean of each n by n window, stride n: (N, C, H, W) -> (N, C, ⌊H/n⌋, ⌊W/n⌋).
func (x *Tensor) AvgPool2d(n int) *Tensor { return AvgPool2d(x, Square(n)) }

// AvgPool2d returns the mean of each window of x (N, C, H, W), of the sizes and with the panics of MaxPool2d. Zeros of the
// padding count unless cfg.IgnorePadding; what hangs over the padded end in ceil mode never does; cfg.DivisorOverride
// replaces the count. It panics with ErrValue when a dilation is set.
func AvgPool2d(x *Tensor, cfg PoolConfig) *Tensor {
	return avgPool(x, "avg_pool2d", cfg.rank2(), 2)
}

// AvgPool1d is AvgPool2d for sequences (N, C, L); of each pair in cfg the second counts.
func AvgPool1d(x *Tensor, cfg PoolConfig) *Tensor {
	return avgPool(x, "avg_pool1d", cfg.rank1(), 1)
}

// AvgPool3d is AvgPool2d for volumes (N, C, D, H, W).
func AvgPool3d(x *Tensor, cfg Pool3dConfig) *Tensor {
	return avgPool(x, "avg_pool3d", cfg, 3)
}

func avgPool(x *Tensor, op string, cfg Pool3dConfig, rank int) *Tensor {
	w := cfg.window(op, x, rank)
	if w.Dilated != [3]int{1, 1, 1} {
		Fail(op, ErrValue, []Shape{x.shape}, "averages have no dilation")
	}
	if cfg.DivisorOverride < 0 {
		Fail(op, ErrValue, []Shape{x.shape}, "the divisor %d must be positive, or 0 for the number of elements", cfg.DivisorOverride)
	}
	return Apply1(avgPoolOp{w, cfg.DivisorOverride, !cfg.IgnorePadding}, x)
}

// AdaptiveAvgPool2d pools x (N, C, H, W) to (N, C, h, w): output i is the mean of rows ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉. It panics
// with ErrValue when a size is 0.
func AdaptiveAvgPool2d(x *Tensor, h, w int) *Tensor {
	return Apply1(avgPoolOp{adaptive("adaptive_avg_pool2d", x, h, w), 0, false}, x)
}

// AdaptiveAvgPool1d pools x (N, C, L) to (N, C, n).
func AdaptiveAvgPool1d(x *Tensor, n int) *Tensor {
	return Apply1(avgPoolOp{adaptive("adaptive_avg_pool1d", x, n), 0, false}, x)
}

// AdaptiveAvgPool3d pools x (N, C, D, H, W) to (N, C, d, h, w).
func AdaptiveAvgPool3d(x *Tensor, d, h, w int) *Tensor {
	return Apply1(avgPoolOp{adaptive("adaptive_avg_pool3d", x, d, h, w), 0, false}, x)
}

// avgPoolOp and avgPoolGradOp are linear and each other's transposes.
type avgPoolOp struct {
	poolWindow
	divisor int // 0: the number of elements
	padded  bool
}

type avgPoolKernel interface {
	AvgPool(g cpu.Window, divisor int, padded bool, x, y View)
	AvgPoolGrad(g cpu.Window, divisor int, padded bool, dy, dx View)
}

func (o avgPoolOp) Name() string { return o.name }
func (avgPoolOp) Reads() Reads   { return ReadsNothing }
func (o avgPoolOp) Infer(c *Call) {
	c.Output(pooled(c.In[0].shape, o.Out), c.SameDType())
}
func (o avgPoolOp) Run(d Device, c *Call) bool {
	k, ok := d.(avgPoolKernel)
	if ok {
		k.AvgPool(o.Window, o.divisor, o.padded, c.X(0), c.Y(0))
	}
	return ok
}
func (o avgPoolOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(avgPoolGradOp(o), b.Dout(0))) }

type avgPoolGradOp avgPoolOp

func (o avgPoolGradOp) Name() string { return o.name + "_grad" }
func (avgPoolGradOp) Reads() Reads   { return ReadsNothing }
func (o avgPoolGradOp) Infer(c *Call) {
	c.Output(pooled(c.In[0].shape, o.In), c.In[0].dtype)
}
func (o avgPoolGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(avgPoolKernel)
	if ok {
		k.AvgPoolGrad(o.Window, o.divisor, o.padded, c.X(0), c.Y(0))
	}
	return ok
}
func (o avgPoolGradOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(avgPoolOp(o), b.Dout(0))) }

func (cpuDevice) AvgPool(g cpu.Window, divisor int, padded bool, x, y View) {
	if y.DType == Float64 {
		cpu.AvgPool(g, planes(x), divisor, padded, sliceOf[float64](x), sliceOf[float64](y))
	} else {
		cpu.AvgPool(g, planes(x), divisor, padded, sliceOf[float32](x), sliceOf[float32](y))
	}
}

func (cpuDevice) AvgPoolGrad(g cpu.Window, divisor int, padded bool, dy, dx View) {
	if dx.DType == Float64 {
		cpu.AvgPoolGrad(g, planes(dx), divisor, padded, sliceOf[float64](dy), sliceOf[float64](dx))
	} else {
		cpu.AvgPoolGrad(g, planes(dx), divisor, padded, sliceOf[float32](dy), sliceOf[float32](dx))
	}
}
