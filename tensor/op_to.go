package tensor

import (
	"github.com/hadal-go/hadal/internal/cpu"
)

// To returns the tensor converted to dtype d (t itself when it has it). Floats become integers by truncation towards zero, what
// no int64 holds (NaN, too large) some integer that depends on the machine; int64 wraps around in smaller integers; anything
// becomes bool by != 0, true 1; floats round to nearest even, to float16 and bfloat16 by way of float32, as in PyTorch. The
// gradient is converted back.
func (t *Tensor) To(d DType) *Tensor {
	if t.dtype == d {
		return t
	}
	return Apply1(toOp{d}, t)
}

type toOp struct{ dtype DType }

type convertKernel interface{ Convert(y, x View) }

func (toOp) Name() string    { return "to" }
func (o toOp) Infer(c *Call) { c.Output(c.In[0].shape, o.dtype) }
func (toOp) Reads() Reads    { return ReadsNothing }
func (toOp) VJP(b *Back) []*Tensor {
	return b.Give(b.Dout(0).To(b.InSpec(0).DType))
}
func (toOp) Run(d Device, c *Call) bool {
	k, ok := d.(convertKernel)
	if ok {
		k.Convert(c.Y(0), c.X(0))
	}
	return ok
}

func (cpuDevice) Convert(y, x View) {
	switch x.DType {
	case Float32:
		convertFrom(y, sliceOf[float32](x))
	case Float64:
		convertFrom(y, sliceOf[float64](x))
	case Int64:
		convertFrom(y, sliceOf[int64](x))
	case Int32:
		convertFrom(y, sliceOf[int32](x))
	case Uint8:
		convertFrom(y, sliceOf[uint8](x))
	case Bool:
		s := sliceOf[bool](x)
		n := make([]uint8, len(s))
		cpu.Convert(n, s, func(v bool) uint8 {
			if v {
				return 1
			}
			return 0
		})
		convertFrom(y, n)
	case BFloat16, Float16:
		f := x.DType.format()
		if y.DType == Float32 {
			f.Widen(sliceOf[float32](y), sliceOf[uint16](x))
			return
		}
		wide := make([]float32, x.Shape.Numel())
		f.Widen(wide, sliceOf[uint16](x))
		convertFrom(y, wide)
	}
}

func convertFrom[S cpu.Number](y View, x []S) {
	switch y.DType {
	case Float32:
		cpu.Convert(sliceOf[float32](y), x, func(v S) float32 { return float32(v) })
	case Float64:
		cpu.Convert(sliceOf[float64](y), x, func(v S) float64 { return float64(v) })
	case Int64:
		cpu.Convert(sliceOf[int64](y), x, func(v S) int64 { return int64(v) })
	case Int32:
		cpu.Convert(sliceOf[int32](y), x, func(v S) int32 { return int32(v) })
	case Uint8:
		cpu.Convert(sliceOf[uint8](y), x, func(v S) uint8 { return uint8(int64(v)) })
	case Bool:
		cpu.Convert(sliceOf[bool](y), x, func(v S) bool { return v != 0 })
	case BFloat16, Float16:
		f := y.DType.format()
		if x, ok := any(x).([]float32); ok {
			f.Round(sliceOf[uint16](y), x)
			return
		}
		cpu.Convert(sliceOf[uint16](y), x, func(v S) uint16 { return f.FromFloat32(float32(v)) })
	}
}

// ToDevice returns the tensor on device d. It panics with ErrDevice when there is no way to copy it there.
func (t *Tensor) ToDevice(d Device) *Tensor {
	if t.dev == d {
		return t
	}
	return Apply1(toDeviceOp{d}, t)
}

type toDeviceOp struct{ dev Device }

// copyKernel is implemented by devices other than the CPU: it copies a contiguous view from or to CPU memory.
type copyKernel interface{ CopyDevice(y, x View) }

func (toDeviceOp) Name() string { return "to_device" }
func (o toDeviceOp) Infer(c *Call) {
	if c.In[0].dev == Meta {
		c.Fail(ErrDevice, "a meta tensor has no data to move to %v", o.dev)
	}
	c.Output(c.In[0].shape, c.In[0].dtype)
	c.specs[0].Device = o.dev
}
func (o toDeviceOp) Run(d Device, c *Call) bool {
	if o.dev == Meta {
		return true
	}
	k, ok := o.dev.(copyKernel)
	if !ok {
		k, ok = d.(copyKernel)
	}
	if ok {
		k.CopyDevice(c.Y(0), c.X(0))
	}
	return ok
}
func (toDeviceOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).ToDevice(b.InSpec(0).Device)) }
func (toDeviceOp) Reads() Reads          { return ReadsNothing }
