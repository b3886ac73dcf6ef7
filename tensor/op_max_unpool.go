package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// MaxUnpool2d is the partial inverse of MaxPool2dWithIndices: x (N, C, h, w) put at the indices, Int64 of x's shape, of zeros
// (N, C, height, width). Where windows overlapped, of equal indices the last stays and gets the gradient. It panics with
// ErrIndex on an index outside [0, height·width), and with ErrShape or ErrDType when the indices do not fit x.
func MaxUnpool2d(x, indices *Tensor, height, width int) *Tensor {
	return maxUnpool("max_unpool2d", x, indices, height, width)
}

// MaxUnpool1d is MaxUnpool2d for sequences: x (N, C, l) to (N, C, length).
func MaxUnpool1d(x, indices *Tensor, length int) *Tensor {
	return maxUnpool("max_unpool1d", x, indices, length)
}

// MaxUnpool3d is MaxUnpool2d for volumes: x (N, C, d, h, w) to (N, C, depth, height, width).
func MaxUnpool3d(x, indices *Tensor, depth, height, width int) *Tensor {
	return maxUnpool("max_unpool3d", x, indices, depth, height, width)
}

func maxUnpool(op string, x, indices *Tensor, sizes ...int) *Tensor {
	poolSizes(op, x, len(sizes))
	out := [3]int{1, 1, 1}
	for i, n := range sizes {
		if n < 1 {
			Fail(op, ErrValue, []Shape{x.shape, indices.shape}, "the output sizes %s must be positive", formatSizes(sizes))
		}
		out[3-len(sizes)+i] = n
	}
	return Apply1(maxUnpoolOp{op, out}, x, indices)
}

type maxUnpoolOp struct {
	name string
	out  [3]int
}

type maxUnpoolKernel interface {
	MaxUnpool(x, indices, y, at View)
}

func (o maxUnpoolOp) Name() string { return o.name }
func (maxUnpoolOp) Reads() Reads   { return ReadsNothing }
func (o maxUnpoolOp) Infer(c *Call) {
	x, indices := c.In[0], c.In[1]
	if !x.dtype.IsFloat() {
		c.Fail(ErrDType, "%v is not supported here; convert with To(tensor.Float32)", x.dtype)
	}
	if indices.dtype != Int64 {
		c.Fail(ErrDType, "the indices are %v; convert them with To(tensor.Int64)", indices.dtype)
	}
	if indices.shape != x.shape {
		c.Fail(ErrShape, "the indices must have the input's shape")
	}
	y := pooled(x.shape, o.out)
	if y.area() > math.MaxInt32 {
		c.Fail(ErrShape, "a channel of %d elements is larger than the %d that places are counted to", y.area(), math.MaxInt32)
	}
	c.Output(y, x.dtype)
	if c.Recording() {
		c.Save(x.shape, Int32) // the indices; -1 where an element was overwritten
	}
}
func (o maxUnpoolOp) Run(d Device, c *Call) bool {
	k, ok := d.(maxUnpoolKernel)
	if !ok {
		return false
	}
	if d == CPU {
		area := o.out[0] * o.out[1] * o.out[2]
		for i, k := range sliceOf[int64](c.X(1)) {
			if k < 0 || k >= int64(area) {
				c.Fail(ErrIndex, "index %d at position %d is outside the output's [0, %d)", k, i, area)
			}
		}
	}
	var at View
	if c.Recording() {
		at = c.S(0)
	}
	k.MaxUnpool(c.X(0), c.X(1), c.Y(0), at)
	return true
}
func (o maxUnpoolOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(poolGatherOp{cpu.Window{In: o.out}}, b.Dout(0), b.Saved(0)), nil)
}

func (cpuDevice) MaxUnpool(x, indices, y, at View) {
	i := sliceOf[int64](indices)
	if y.DType == Float64 {
		cpu.MaxUnpool(planes(x), x.Shape.area(), y.Shape.area(), sliceOf[float64](x), i, sliceOf[float64](y), optional[int32](at))
	} else {
		cpu.MaxUnpool(planes(x), x.Shape.area(), y.Shape.area(), sliceOf[float32](x), i, sliceOf[float32](y), optional[int32](at))
	}
}
