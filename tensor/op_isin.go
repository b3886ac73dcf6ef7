package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Isin returns, as bools of x's shape, which elements of x are equal to any element of set, whatever its shape. Dtypes promote;
// NaN is in no set.
func (x *Tensor) Isin(set *Tensor) *Tensor {
	d := Promote(x.dtype, set.dtype)
	return Apply1(isinOp{}, x.Detach().To(d), set.Detach().To(d))
}

type isinOp struct{}

type isinKernel interface{ IsIn(x, set, y View) }

func (isinOp) Name() string          { return "isin" }
func (isinOp) Reads() Reads          { return ReadsNothing }
func (isinOp) VJP(b *Back) []*Tensor { return b.Give(nil, nil) }
func (isinOp) anyDType()             {}
func (isinOp) Infer(c *Call)         { c.Output(c.In[0].shape, Bool) }
func (isinOp) Run(d Device, c *Call) bool {
	k, ok := d.(isinKernel)
	if ok {
		k.IsIn(c.X(0), c.X(1), c.Y(0))
	}
	return ok
}

func (cpuDevice) IsIn(x, set, y View) {
	switch o, in := x.DType.sortOrder(false), sliceOf[bool](y); x.DType.Size() {
	case 1:
		cpu.IsIn(o, sliceOf[uint8](x), sliceOf[uint8](set), in)
	case 2:
		cpu.IsIn(o, sliceOf[uint16](x), sliceOf[uint16](set), in)
	case 4:
		cpu.IsIn(o, sliceOf[uint32](x), sliceOf[uint32](set), in)
	case 8:
		cpu.IsIn(o, sliceOf[uint64](x), sliceOf[uint64](set), in)
	}
}
