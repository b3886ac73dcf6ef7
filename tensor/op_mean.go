package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Mean returns the mean Σ x / n over the axes (all when none are given), which are removed. The mean of nothing is NaN. It
// panics with ErrDType for integers.
func (x *Tensor) Mean(axes ...int) *Tensor {
	return x.mean("mean", x.reductionOf("mean", false, axes))
}

// MeanKeepdim is Mean with the reduced axes kept at size 1.
func (x *Tensor) MeanKeepdim(axes ...int) *Tensor {
	return x.mean("mean", x.reductionOf("mean", true, axes))
}

func (x *Tensor) mean(op string, r reduction) *Tensor {
	if !x.dtype.IsFloat() {
		Fail(op, ErrDType, []Shape{x.shape}, "the %s of %v is not %v; convert with To(tensor.Float32)", op, x.dtype, x.dtype)
	}
	if x.dtype.half() {
		return x.To(Float32).mean(op, r).To(x.dtype)
	}
	n := r.count(x.shape)
	s := Apply1(sumOp{r}, x)
	if n == 0 {
		return s.AddScalar(math.NaN())
	}
	return s.DivScalar(float64(n))
}

// Var returns the variance over the axes (all when none are given): Σ (x − mean)² / (n − correction). Correction 1 is the
// unbiased estimate and PyTorch's default, 0 the maximum-likelihood one. Where n <= correction it is NaN. It panics with
// ErrDType for integers.
func (x *Tensor) Var(correction int, axes ...int) *Tensor {
	return x.variance("var", correction, x.reductionOf("var", false, axes))
}

// VarKeepdim is Var with the reduced axes kept at size 1.
func (x *Tensor) VarKeepdim(correction int, axes ...int) *Tensor {
	return x.variance("var", correction, x.reductionOf("var", true, axes))
}

func (x *Tensor) variance(op string, correction int, r reduction) *Tensor {
	if !x.dtype.IsFloat() {
		Fail(op, ErrDType, []Shape{x.shape}, "the %s of %v is not %v; convert with To(tensor.Float32)", op, x.dtype, x.dtype)
	}
	if x.dtype.half() {
		return x.To(Float32).variance(op, correction, r).To(x.dtype)
	}
	return Apply1(varOp{r, correction}, x)
}

// varOp is the variance in one pass, of differences to the first element in float64: Σ x² − n mean² would cancel.
type varOp struct {
	reduction
	correction int
}

type varKernel interface {
	Var(correction int, y, x View, axes axisSet)
}

func (varOp) Name() string    { return "var" }
func (varOp) Reads() Reads    { return ReadsIn(0) }
func (o varOp) Infer(c *Call) { c.Output(o.result(c.In[0].shape), c.In[0].dtype) }
func (o varOp) Run(d Device, c *Call) bool {
	k, ok := d.(varKernel)
	if ok {
		k.Var(o.correction, c.Y(0), c.X(0), o.axes)
	}
	return ok
}
func (o varOp) VJP(b *Back) []*Tensor {
	x, slope := b.In(0), math.NaN()
	if n := o.count(x.shape) - o.correction; n > 0 {
		slope = 2 / float64(n)
	}
	d := x.Sub(x.mean("var", reduction{o.axes, true}))
	d = d.Sub(d.mean("var", reduction{o.axes, true})) // what the first mean was rounded by
	return b.Give(o.spread(b.Dout(0).MulScalar(slope), x.shape).Mul(d))
}

func (cpuDevice) Var(correction int, y, x View, axes axisSet) {
	if x.DType == Float64 {
		varCPU[float64](correction, y, x, axes)
	} else {
		varCPU[float32](correction, y, x, axes)
	}
}

func varCPU[T Float](correction int, y, x View, axes axisSet) {
	out := sliceOf[T](y)
	cpu.Reduce(x.Shape.Dims(), operand[T](x), axes, cpu.MomentsReducer[T](), func(i int, m cpu.Moments) { out[i] = T(m.Variance(correction)) })
}

// Std returns the square root of Var. Its gradient where all elements are equal is zero.
func (x *Tensor) Std(correction int, axes ...int) *Tensor {
	return x.variance("std", correction, x.reductionOf("std", false, axes)).sqrtOrZero()
}

// StdKeepdim is Std with the reduced axes kept at size 1.
func (x *Tensor) StdKeepdim(correction int, axes ...int) *Tensor {
	return x.variance("std", correction, x.reductionOf("std", true, axes)).sqrtOrZero()
}

// sqrtOrZero is Sqrt with the gradient 0 at 0, which a root of squares has in the middle of its cone.
func (s *Tensor) sqrtOrZero() *Tensor {
	zero := s.Detach().EqScalar(0)
	return s.MaskedFill(zero, 1).Sqrt().MaskedFill(zero, 0)
}
