package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Norm returns the p-norm (Σ |x|^p)^(1/p) over the axes (all when none are given), which are removed: p = 2 is Euclid's,
// math.Inf(1) and math.Inf(-1) the largest and smallest magnitude, 0 the number of non-zero elements, which has no gradient.
// The gradient by a zero element is zero, that of equal largest (smallest) magnitudes is shared evenly. It panics with ErrDType
// for integers, and with ErrShape for an infinite p when there are no elements.
func (x *Tensor) Norm(p float64, axes ...int) *Tensor {
	return x.norm(p, x.reductionOf("norm", false, axes))
}

// NormKeepdim is Norm with the reduced axes kept at size 1.
func (x *Tensor) NormKeepdim(p float64, axes ...int) *Tensor {
	return x.norm(p, x.reductionOf("norm", true, axes))
}

func (x *Tensor) norm(p float64, r reduction) *Tensor {
	if !x.dtype.IsFloat() {
		Fail("norm", ErrDType, []Shape{x.shape}, "the norm of %v is not %v; convert with To(tensor.Float32)", x.dtype, x.dtype)
	}
	if x.dtype.half() {
		return x.To(Float32).norm(p, r).To(x.dtype)
	}
	switch {
	case p == 2:
		return Apply1(norm2Op{r}, x)
	case p == 1:
		return Apply1(sumOp{r}, x.Abs())
	case p == 0:
		return Apply1(sumOp{r}, x.Detach().NeScalar(0).To(x.dtype))
	case math.IsInf(p, 0):
		return Apply1(extremeOp{r, p > 0}, x.Abs())
	}
	a := x.Abs()
	if p > 1 { // the root's slope is infinite at 0
		s := Apply1(sumOp{r}, a.PowScalar(p))
		zero := s.Detach().EqScalar(0)
		return s.MaskedFill(zero, 1).PowScalar(1/p).MaskedFill(zero, 0)
	}
	zero := a.Detach().EqScalar(0) // the powers' slopes are
	return Apply1(sumOp{r}, a.MaskedFill(zero, 1).PowScalar(p).MaskedFill(zero, math.Pow(0, p))).PowScalar(1 / p)
}

// Any reports, as Bool, whether any element over the axes (all when none are given), which are removed, is not zero (NaN is
// not); of nothing, false.
func (x *Tensor) Any(axes ...int) *Tensor {
	r := x.reductionOf("any", false, axes)
	return Apply1(sumOp{r}, x.Detach().To(Bool)).GtScalar(0)
}

// AnyKeepdim is Any with the reduced axes kept at size 1.
func (x *Tensor) AnyKeepdim(axes ...int) *Tensor { return x.kept("any", x.Any(axes...), axes) }

// All reports, as Bool, whether all elements over the axes (all when none are given), which are removed, are not zero (NaN is
// not); of nothing, true.
func (x *Tensor) All(axes ...int) *Tensor {
	r := x.reductionOf("all", false, axes)
	return Apply1(sumOp{r}, x.Detach().To(Bool)).EqScalar(float64(r.count(x.shape)))
}

// AllKeepdim is All with the reduced axes kept at size 1.
func (x *Tensor) AllKeepdim(axes ...int) *Tensor { return x.kept("all", x.All(axes...), axes) }

// norm2Op is √Σ x², in one pass; float32 squares are summed in float64.
type norm2Op struct{ reduction }

type norm2Kernel interface {
	Norm2(y, x View, axes axisSet)
}

func (norm2Op) Name() string    { return "norm2" }
func (norm2Op) Reads() Reads    { return ReadsIn(0) | ReadsOut }
func (o norm2Op) Infer(c *Call) { c.Output(o.result(c.In[0].shape), c.In[0].dtype) }
func (o norm2Op) Run(d Device, c *Call) bool {
	k, ok := d.(norm2Kernel)
	if ok {
		k.Norm2(c.Y(0), c.X(0), o.axes)
	}
	return ok
}

// VJP sets dx = dy x/y, but 0 where y = 0, in the middle of the cone.
func (o norm2Op) VJP(b *Back) []*Tensor {
	y := b.Out(0)
	zero := y.Detach().EqScalar(0)
	shape := b.InSpec(0).Shape
	unit := b.In(0).Div(o.spread(y.MaskedFill(zero, 1), shape)) // 1/y alone overflows where y is subnormal
	return b.Give(o.spread(b.Dout(0).MaskedFill(zero, 0), shape).Mul(unit))
}

func (cpuDevice) Norm2(y, x View, axes axisSet) {
	if x.DType == Float64 {
		norm2CPU[float64](y, x, axes)
	} else {
		norm2CPU[float32](y, x, axes)
	}
}

func norm2CPU[T Float](y, x View, axes axisSet) {
	out := sliceOf[T](y)
	cpu.Reduce(x.Shape.Dims(), operand[T](x), axes, cpu.Reducer[T, float64]{
		Run: func(acc float64, x []T, _ int) float64 { return acc + cpu.SumSquares(x) },
		Cols: func(acc []float64, x []T, _ int) {
			for i, v := range x[:len(acc)] {
				acc[i] += float64(v) * float64(v)
			}
		},
		Merge: func(a, b float64) float64 { return a + b },
	}, func(i int, a float64) { out[i] = T(math.Sqrt(a)) })
}
