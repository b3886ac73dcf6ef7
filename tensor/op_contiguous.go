package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Contiguous returns t with its elements in row-major order: t itself when they already are.
func (t *Tensor) Contiguous() *Tensor {
	if t.step == nil {
		return t
	}
	return t.Clone()
}

// Clone returns a contiguous copy.
func (t *Tensor) Clone() *Tensor { return Apply1(cloneOp{}, t) }

type cloneOp struct{ AnyStrides }

type packKernel interface{ Pack(y, x View) }

func (cloneOp) Name() string          { return "clone" }
func (cloneOp) Infer(c *Call)         { c.Output(c.In[0].shape, c.In[0].dtype) }
func (cloneOp) Reads() Reads          { return ReadsNothing }
func (cloneOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0)) }
func (cloneOp) Run(d Device, c *Call) bool {
	k, ok := d.(packKernel)
	if ok {
		k.Pack(c.Y(0), c.X(0))
	}
	return ok
}

// Pack copies by element size: the bits do not matter.
func (cpuDevice) Pack(y, x View) {
	dims := y.Shape.Dims()
	switch y.DType.Size() {
	case 1:
		cpu.Pack(dims, sliceOf[uint8](y), operand[uint8](x))
	case 2:
		cpu.Pack(dims, sliceOf[uint16](y), operand[uint16](x))
	case 4:
		cpu.Pack(dims, sliceOf[uint32](y), operand[uint32](x))
	case 8:
		cpu.Pack(dims, sliceOf[uint64](y), operand[uint64](x))
	}
}
