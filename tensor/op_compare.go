package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Eq returns, as bools, where x == y. Inputs broadcast and promote; NaN equals nothing.
func (x *Tensor) Eq(y *Tensor) *Tensor { return Apply1(compareOp{code: cpu.Eq}, x, y) }

// Ne returns, as bools, where x != y, which holds for NaN.
func (x *Tensor) Ne(y *Tensor) *Tensor { return Apply1(compareOp{code: cpu.Ne}, x, y) }

// Lt returns, as bools, where x < y.
func (x *Tensor) Lt(y *Tensor) *Tensor { return Apply1(compareOp{code: cpu.Lt}, x, y) }

// Le returns, as bools, where x <= y.
func (x *Tensor) Le(y *Tensor) *Tensor { return Apply1(compareOp{code: cpu.Le}, x, y) }

// Gt returns, as bools, where x > y.
func (x *Tensor) Gt(y *Tensor) *Tensor { return Apply1(compareOp{code: cpu.Gt}, x, y) }

// Ge returns, as bools, where x >= y.
func (x *Tensor) Ge(y *Tensor) *Tensor { return Apply1(compareOp{code: cpu.Ge}, x, y) }

// EqScalar returns, as bools, where x == s. Floating-point x compare in their own precision, as in PyTorch.
func (x *Tensor) EqScalar(s float64) *Tensor { return x.compareScalar(cpu.Eq, s) }

// NeScalar returns, as bools, where x != s.
func (x *Tensor) NeScalar(s float64) *Tensor { return x.compareScalar(cpu.Ne, s) }

// LtScalar returns, as bools, where x < s.
func (x *Tensor) LtScalar(s float64) *Tensor { return x.compareScalar(cpu.Lt, s) }

// LeScalar returns, as bools, where x <= s.
func (x *Tensor) LeScalar(s float64) *Tensor { return x.compareScalar(cpu.Le, s) }

// GtScalar returns, as bools, where x > s.
func (x *Tensor) GtScalar(s float64) *Tensor { return x.compareScalar(cpu.Gt, s) }

// GeScalar returns, as bools, where x >= s.
func (x *Tensor) GeScalar(s float64) *Tensor { return x.compareScalar(cpu.Ge, s) }

// compareScalar compares integers with a number that their type does not hold in float64.
func (x *Tensor) compareScalar(code cpu.Code, s float64) *Tensor {
	d := x.dtype
	switch {
	case d == Bool:
		d = Uint8
	case !d.IsFloat() && !(s == math.Trunc(s) && math.Abs(s) <= d.largest() && (s >= 0 || d != Uint8)):
		d = Float64
	}
	return Apply1(compareOp{code: code}, x.Detach().To(d), Factory{d, x.dev}.FullShape(s, Shape{}))
}

type compareOp struct {
	AnyStrides
	code cpu.Code
}

type compareKernel interface {
	Compare(code cpu.Code, y, a, b View) bool
}

func (o compareOp) Name() string {
	return [...]string{"eq", "ne", "lt", "le", "gt", "ge"}[o.code-cpu.Eq]
}
func (compareOp) Infer(c *Call) {
	s, _ := c.broadcast()
	c.Output(s, Bool)
}
func (compareOp) Reads() Reads          { return ReadsNothing }
func (compareOp) VJP(b *Back) []*Tensor { return b.Give(nil, nil) }
func (o compareOp) Run(d Device, c *Call) bool {
	k, ok := d.(compareKernel)
	if !ok {
		return false
	}
	common := Promote(c.In[0].dtype, c.In[1].dtype)
	switch common {
	case Bool:
		common = Uint8
	case Float16, BFloat16: // exact
		common = Float32
	}
	for i, t := range c.In {
		if t = t.Detach().To(common); t.transposed() {
			t = t.Contiguous()
		}
		c.In[i] = t
	}
	y := c.Y(0)
	return k.Compare(o.code, y, c.X(0).expand(y.Shape), c.X(1).expand(y.Shape))
}

func (cpuDevice) Compare(code cpu.Code, y, a, b View) bool {
	switch a.DType {
	case Float32:
		compareCPU[float32](code, y, a, b)
	case Float64:
		compareCPU[float64](code, y, a, b)
	case Int64:
		compareCPU[int64](code, y, a, b)
	case Int32:
		compareCPU[int32](code, y, a, b)
	case Uint8:
		compareCPU[uint8](code, y, a, b)
	default:
		return false
	}
	return true
}

func compareCPU[T cpu.Number](code cpu.Code, y, a, b View) {
	cpu.Compare(code, y.Shape.Dims(), sliceOf[bool](y), operand[T](a), operand[T](b))
}
