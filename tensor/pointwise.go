package tensor

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/cpu"
)

// pointwiser is an elementwise op: its kernel is data (a code and constants) that one tile loop executes and that a later
// fusion can chain. Its VJP is made of elementwise ops and may leave the sum over broadcast dimensions to the engine.
type pointwiser interface {
	Kernel() cpu.Pointwise
}

// pointwiseKernel is what a device implements to run elementwise ops; inputs have the result's dtype and any strides.
type pointwiseKernel interface {
	Pointwise(p cpu.Pointwise, y View, x []View) bool
}

// pointwise is embedded in elementwise ops: inputs broadcast and promote as in NumPy and PyTorch.
type pointwise struct{ AnyStrides }

// Infer gives the broadcast shape and the promoted dtype.
func (pointwise) Infer(c *Call) {
	s, d := c.broadcast()
	c.Output(s, d)
}

// Run hands the op's code to the device.
func (pointwise) Run(d Device, c *Call) bool { return runPointwise(d, c) }

// floatPointwise is pointwise for functions that integers do not have: those are converted to float32 first.
type floatPointwise struct{ pointwise }

// Infer gives the broadcast shape and the promoted dtype, float32 for integers.
func (floatPointwise) Infer(c *Call) {
	s, d := c.broadcast()
	if !d.IsFloat() {
		d = Float32
	}
	c.Output(s, d)
}

// broadcast returns the common shape and dtype of the inputs.
func (c *Call) broadcast() (s Shape, d DType) {
	s, d = c.In[0].shape, c.In[0].dtype
	for _, t := range c.In[1:] {
		if t.shape != s {
			var ok bool
			if s, ok = Broadcast(s, t.shape); !ok {
				c.Fail(ErrShape, "the shapes do not broadcast: sizes must be equal, or 1, aligned at the last dimension")
			}
		}
		d = Promote(d, t.dtype)
	}
	return s, d
}

func runPointwise(d Device, c *Call) bool {
	k, ok := d.(pointwiseKernel)
	if !ok {
		return false
	}
	y := c.outs[0]
	flat := d == CPU
	for i, t := range c.In {
		if t.dtype != y.dtype {
			t = t.Detach().To(y.dtype)
		}
		if t.transposed() {
			t = t.Detach().Contiguous()
		}
		c.In[i] = t
		flat = flat && t.step == nil && t.shape == y.shape
	}
	p := c.op.(pointwiser).Kernel()
	if flat {
		ok = c.runFlat(p)
	} else {
		var x [3]View
		for i := range c.In {
			x[i] = c.X(i).expand(y.shape)
		}
		ok = k.Pointwise(p, c.Y(0), x[:len(c.In)])
	}
	if !ok {
		c.Fail(ErrDType, "%v is not supported here; convert with To(tensor.Float32)", y.dtype)
	}
	return true
}

// transposed reports whether reading t in row-major order jumps through so much memory that it pays to copy it in blocks
// first.
func (t *Tensor) transposed() bool {
	last := t.shape.rank - 1
	if t.step == nil || last < 1 || t.step[last] <= 1 || t.shape.Numel() < 1<<12 {
		return false
	}
	for i, st := range t.step[:last] {
		if st == 1 && t.shape.at(i) > 1 {
			return true
		}
	}
	return false
}

// runFlat is the shortcut for contiguous inputs of the result's shape on the CPU: a tiny tensor should cost no views.
func (c *Call) runFlat(p cpu.Pointwise) bool {
	switch c.outs[0].dtype {
	case Float32:
		return mapFlat[float32](p, c)
	case Float64:
		return mapFlat[float64](p, c)
	case Int64:
		return mapFlat[int64](p, c)
	case Int32:
		return mapFlat[int32](p, c)
	case Uint8:
		return mapFlat[uint8](p, c)
	}
	return false
}

func mapFlat[T cpu.Number](p cpu.Pointwise, c *Call) bool {
	n := c.outs[0].shape.Numel()
	var x [3][]T
	for i, t := range c.In {
		x[i] = unsafe.Slice((*T)(t.force(c.op.Name())), n)
	}
	return cpu.MapFlat(p, unsafe.Slice((*T)(c.outs[0].force(c.op.Name())), n), x[0], x[1], x[2])
}

// expand returns the view that reads v as if it had the broadcast shape s.
func (v View) expand(s Shape) View {
	if v.Shape != s {
		v.Strides = expandStrides(v.Shape, &v.Strides, s)
		v.Shape = s
	}
	return v
}

func (cpuDevice) Pointwise(p cpu.Pointwise, y View, x []View) bool {
	switch y.DType {
	case Float32:
		return mapCPU[float32](p, y, x)
	case Float64:
		return mapCPU[float64](p, y, x)
	case Int64:
		return mapCPU[int64](p, y, x)
	case Int32:
		return mapCPU[int32](p, y, x)
	case Uint8:
		return mapCPU[uint8](p, y, x)
	}
	return false
}

func mapCPU[T cpu.Number](p cpu.Pointwise, y View, x []View) bool {
	var in [3]cpu.Operand[T]
	for i, v := range x {
		in[i] = operand[T](v)
	}
	return cpu.Map(p, y.Shape.Dims(), sliceOf[T](y), in[:len(x)]...)
}

func operand[T any](v View) cpu.Operand[T] {
	return cpu.Operand[T]{Data: sliceOf[T](v), Strides: v.Strides}
}
