package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// MaxPool2d returns the largest element of each n by n window, stride n: (N, C, H, W) -> (N, C, ⌊H/n⌋, ⌊W/n⌋).
func (x *Tensor) MaxPool2d(n int) *Tensor { return MaxPool2d(x, Square(n)) }

// MaxPool2d returns the largest element of each window of x (N, C, H, W), NaN where there is one; the gradient goes to the
// first of equals. Result sizes are ⌊(H + 2·padding − dilation·(kernel−1) − 1)/stride⌋ + 1, rounded up in ceil mode. A
// window that dilation takes into the padding alone gives -Inf. It panics with ErrShape when the kernel does not fit and
// with ErrValue when an option is out of its range.
func MaxPool2d(x *Tensor, cfg PoolConfig) *Tensor {
	return maxPool(x, cfg.rank2().window("max_pool2d", x, 2))
}

// MaxPool1d is MaxPool2d for sequences (N, C, L); of each pair in cfg the second counts.
func MaxPool1d(x *Tensor, cfg PoolConfig) *Tensor {
	return maxPool(x, cfg.rank1().window("max_pool1d", x, 1))
}

// MaxPool3d is MaxPool2d for volumes (N, C, D, H, W).
func MaxPool3d(x *Tensor, cfg Pool3dConfig) *Tensor {
	return maxPool(x, cfg.window("max_pool3d", x, 3))
}

// MaxPool2dWithIndices is MaxPool2d that also returns, as Int64, where in its channel each maximum lies: row·W + column. A
// window of padding alone has -1.
func MaxPool2dWithIndices(x *Tensor, cfg PoolConfig) (y, indices *Tensor) {
	return maxPoolIndices(x, cfg.rank2().window("max_pool2d", x, 2))
}

// MaxPool1dWithIndices is MaxPool1d that also returns the positions of the maxima as Int64.
func MaxPool1dWithIndices(x *Tensor, cfg PoolConfig) (y, indices *Tensor) {
	return maxPoolIndices(x, cfg.rank1().window("max_pool1d", x, 1))
}

// MaxPool3dWithIndices is MaxPool3d that also returns, as Int64, where in its channel each maximum lies:
// (depth·H + row)·W + column.
func MaxPool3dWithIndices(x *Tensor, cfg Pool3dConfig) (y, indices *Tensor) {
	return maxPoolIndices(x, cfg.window("max_pool3d", x, 3))
}

// AdaptiveMaxPool2d pools x (N, C, H, W) to (N, C, h, w): output i covers rows ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉. It panics with
// ErrValue when a size is 0.
func AdaptiveMaxPool2d(x *Tensor, h, w int) *Tensor {
	return maxPool(x, adaptive("adaptive_max_pool2d", x, h, w))
}

// AdaptiveMaxPool1d pools x (N, C, L) to (N, C, n).
func AdaptiveMaxPool1d(x *Tensor, n int) *Tensor {
	return maxPool(x, adaptive("adaptive_max_pool1d", x, n))
}

// AdaptiveMaxPool3d pools x (N, C, D, H, W) to (N, C, d, h, w).
func AdaptiveMaxPool3d(x *Tensor, d, h, w int) *Tensor {
	return maxPool(x, adaptive("adaptive_max_pool3d", x, d, h, w))
}

// AdaptiveMaxPool2dWithIndices is AdaptiveMaxPool2d that also returns the places of the maxima as MaxPool2dWithIndices does.
func AdaptiveMaxPool2dWithIndices(x *Tensor, h, w int) (y, indices *Tensor) {
	return maxPoolIndices(x, adaptive("adaptive_max_pool2d", x, h, w))
}

// AdaptiveMaxPool1dWithIndices is AdaptiveMaxPool1d that also returns the positions of the maxima as Int64.
func AdaptiveMaxPool1dWithIndices(x *Tensor, n int) (y, indices *Tensor) {
	return maxPoolIndices(x, adaptive("adaptive_max_pool1d", x, n))
}

// AdaptiveMaxPool3dWithIndices is AdaptiveMaxPool3d that also returns the places of the maxima as MaxPool3dWithIndices does.
func AdaptiveMaxPool3dWithIndices(x *Tensor, d, h, w int) (y, indices *Tensor) {
	return maxPoolIndices(x, adaptive("adaptive_max_pool3d", x, d, h, w))
}

func maxPool(x *Tensor, w poolWindow) *Tensor { return Apply1(maxPoolOp{w, false}, x) }

func maxPoolIndices(x *Tensor, w poolWindow) (y, indices *Tensor) {
	r := Apply(maxPoolOp{w, true}, x)
	return r[0], r[1].To(Int64)
}

type maxPoolOp struct {
	poolWindow
	indices bool // the second result says where the maxima are; else that is saved
}

type maxPoolKernel interface {
	MaxPool(g cpu.Window, x, y, at View)
	PoolScatter(g cpu.Window, dy, at, dx View)
	PoolGather(x, at, y View)
}

func (o maxPoolOp) Name() string { return o.name }
func (o maxPoolOp) Reads() Reads {
	if o.indices {
		return ReadsOut
	}
	return ReadsNothing
}
func (o maxPoolOp) Infer(c *Call) {
	s := pooled(c.In[0].shape, o.Out)
	c.Output(s, c.SameDType())
	switch {
	case o.indices:
		c.Output(s, Int32)
	case c.Recording():
		c.Save(s, Int32)
	}
}
func (o maxPoolOp) Run(d Device, c *Call) bool {
	k, ok := d.(maxPoolKernel)
	if ok {
		k.MaxPool(o.Window, c.X(0), c.Y(0), o.places(c))
	}
	return ok
}

// places is where a call puts the places of the maxima, if anywhere.
func (o maxPoolOp) places(c *Call) (at View) {
	switch {
	case o.indices:
		at = c.Y(1)
	case c.Recording():
		at = c.S(0)
	}
	return at
}
func (o maxPoolOp) VJP(b *Back) []*Tensor {
	if o.indices {
		return b.Give(Apply1(poolScatterOp{o.Window}, b.Dout(0), b.Out(1)))
	}
	return b.Give(Apply1(poolScatterOp{o.Window}, b.Dout(0), b.Saved(0)))
}

// poolScatterOp adds each dy to the element of its channel that at names; poolGatherOp is its transpose.
type poolScatterOp struct {
	cpu.Window // of the pooling that at is from; only In: of another op
}

func (poolScatterOp) Name() string { return "pool_scatter" }
func (poolScatterOp) Reads() Reads { return ReadsIn(1) }
func (o poolScatterOp) Infer(c *Call) {
	c.Output(pooled(c.In[0].shape, o.In), c.In[0].dtype)
}
func (o poolScatterOp) Run(d Device, c *Call) bool {
	k, ok := d.(maxPoolKernel)
	if ok {
		k.PoolScatter(o.Window, c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o poolScatterOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(poolGatherOp(o), b.Dout(0), b.In(1)), nil)
}

type poolGatherOp poolScatterOp

func (poolGatherOp) Name() string { return "pool_gather" }
func (poolGatherOp) Reads() Reads { return ReadsIn(1) }
func (o poolGatherOp) Infer(c *Call) {
	c.Output(c.In[1].shape, c.In[0].dtype)
}
func (o poolGatherOp) Run(d Device, c *Call) bool {
	k, ok := d.(maxPoolKernel)
	if ok {
		k.PoolGather(c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o poolGatherOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(poolScatterOp(o), b.Dout(0), b.In(1)), nil)
}

func (cpuDevice) MaxPool(g cpu.Window, x, y, at View) {
	if y.DType == Float64 {
		cpu.MaxPool(g, planes(x), sliceOf[float64](x), sliceOf[float64](y), optional[int32](at))
	} else {
		cpu.MaxPool(g, planes(x), sliceOf[float32](x), sliceOf[float32](y), optional[int32](at))
	}
}

func (cpuDevice) PoolScatter(g cpu.Window, dy, at, dx View) {
	if g.Kernel[0] != 0 && dx.DType == Float32 {
		cpu.MaxPoolGrad(g, planes(dx), sliceOf[float32](dy), sliceOf[int32](at), sliceOf[float32](dx))
	} else if dx.DType == Float64 {
		cpu.PoolScatter(planes(dx), dx.Shape.area(), dy.Shape.area(), sliceOf[float64](dy), sliceOf[int32](at), sliceOf[float64](dx))
	} else {
		cpu.PoolScatter(planes(dx), dx.Shape.area(), dy.Shape.area(), sliceOf[float32](dy), sliceOf[int32](at), sliceOf[float32](dx))
	}
}

func (cpuDevice) PoolGather(x, at, y View) {
	if y.DType == Float64 {
		cpu.PoolGather(planes(x), x.Shape.area(), y.Shape.area(), sliceOf[float64](x), sliceOf[int32](at), sliceOf[float64](y))
	} else {
		cpu.PoolGather(planes(x), x.Shape.area(), y.Shape.area(), sliceOf[float32](x), sliceOf[int32](at), sliceOf[float32](y))
	}
}
