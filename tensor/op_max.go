package tensor

import (
	"math"
	"slices"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Max returns the largest element over the axes (all when none are given), which are removed. NaN counts as largest. The
// gradient is shared evenly among equal maxima, and is NaN where the maximum is. It panics with ErrShape when there is nothing
// to compare.
func (x *Tensor) Max(axes ...int) *Tensor {
	return Apply1(extremeOp{x.reductionOf("max", false, axes), true}, x)
}

// MaxKeepdim is Max with the reduced axes kept at size 1.
func (x *Tensor) MaxKeepdim(axes ...int) *Tensor {
	return Apply1(extremeOp{x.reductionOf("max", true, axes), true}, x)
}

// Min returns the smallest element over the axes; NaN counts as smallest. See Max.
func (x *Tensor) Min(axes ...int) *Tensor {
	return Apply1(extremeOp{x.reductionOf("min", false, axes), false}, x)
}

// MinKeepdim is Min with the reduced axes kept at size 1.
func (x *Tensor) MinKeepdim(axes ...int) *Tensor {
	return Apply1(extremeOp{x.reductionOf("min", true, axes), false}, x)
}

// ArgMax returns the Int64 position of the first largest element along an axis, which is removed. NaN counts as largest. It
// panics with ErrShape when there is nothing to compare.
func (x *Tensor) ArgMax(axis int) *Tensor {
	return Apply1(argExtremeOp{x.reductionOf("argmax", false, []int{axis}), true}, x)
}

// ArgMaxKeepdim is ArgMax with the reduced axis kept at size 1.
func (x *Tensor) ArgMaxKeepdim(axis int) *Tensor {
	return x.kept("argmax", x.ArgMax(axis), []int{axis})
}

// ArgMin returns the Int64 position of the first smallest element along an axis, which is removed. NaN counts as smallest.
func (x *Tensor) ArgMin(axis int) *Tensor {
	return Apply1(argExtremeOp{x.reductionOf("argmin", false, []int{axis}), false}, x)
}

// ArgMinKeepdim is ArgMin with the reduced axis kept at size 1.
func (x *Tensor) ArgMinKeepdim(axis int) *Tensor {
	return x.kept("argmin", x.ArgMin(axis), []int{axis})
}

// MaxAlong returns the largest elements along an axis, which is removed, and their Int64 positions, the first of equal ones;
// the gradient goes to those positions alone. See ArgMax.
func (x *Tensor) MaxAlong(axis int) (values, indices *Tensor) {
	axis = x.shape.axis("max_along", axis)
	indices = x.Detach().ArgMax(axis)
	return x.Gather(axis, indices.Unsqueeze(axis)).ReshapeTo(indices.shape), indices
}

// MinAlong returns the smallest elements along an axis, which is removed, and their Int64 positions, the first of equal ones;
// the gradient goes to those positions alone. See ArgMin.
func (x *Tensor) MinAlong(axis int) (values, indices *Tensor) {
	axis = x.shape.axis("min_along", axis)
	indices = x.Detach().ArgMin(axis)
	return x.Gather(axis, indices.Unsqueeze(axis)).ReshapeTo(indices.shape), indices
}

type extremeOp struct {
	reduction
	max bool
}

type extremeKernel interface {
	Extreme(max bool, axes axisSet, x, y, at View) bool
}

func (o extremeOp) Name() string {
	if o.max {
		return "max"
	}
	return "min"
}
func (extremeOp) Reads() Reads { return ReadsIn(0) | ReadsOut }
func (o extremeOp) Infer(c *Call) {
	s := c.In[0].shape
	if o.count(s) == 0 {
		c.Fail(ErrShape, "there are no elements to compare")
	}
	c.Output(o.result(s), c.In[0].dtype)
}
func (o extremeOp) Run(d Device, c *Call) bool {
	k, ok := d.(extremeKernel)
	return ok && k.Extreme(o.max, o.axes, c.X(0), c.Y(0), View{})
}
func (o extremeOp) VJP(b *Back) []*Tensor {
	x := b.In(0)
	hit := x.Detach().Eq(o.spread(b.Out(0).Detach(), x.shape)).To(x.dtype)
	n := Apply1(sumOp{reduction{o.axes, true}}, hit)
	return b.Give(o.spread(b.Dout(0), x.shape).Mul(hit.Div(n)))
}

type argExtremeOp struct {
	reduction
	max bool
}

func (o argExtremeOp) Name() string {
	if o.max {
		return "argmax"
	}
	return "argmin"
}
func (argExtremeOp) Reads() Reads          { return ReadsNothing }
func (argExtremeOp) VJP(b *Back) []*Tensor { return b.Give(nil) }
func (o argExtremeOp) Infer(c *Call) {
	s := c.In[0].shape
	if o.count(s) == 0 {
		c.Fail(ErrShape, "there are no elements to compare")
	}
	c.Output(o.result(s), Int64)
}
func (o argExtremeOp) Run(d Device, c *Call) bool {
	k, ok := d.(extremeKernel)
	return ok && k.Extreme(o.max, o.axes, c.X(0), View{}, c.Y(0))
}

func (cpuDevice) Extreme(max bool, axes axisSet, x, y, at View) bool {
	switch x.DType {
	case Float32:
		extremeCPU[float32](max, axes, x, y, at)
	case Float64:
		extremeCPU[float64](max, axes, x, y, at)
	case Int64:
		extremeCPU[int64](max, axes, x, y, at)
	case Int32:
		extremeCPU[int32](max, axes, x, y, at)
	case Uint8, Bool: // false < true
		extremeCPU[uint8](max, axes, x, y, at)
	default:
		return false
	}
	return true
}

type extreme[T cpu.Number] struct {
	v  T
	at int // -1: nothing seen yet
}

// extremeCPU writes the extreme values to y, unless it is the zero View, and their first places to at likewise.
func extremeCPU[T cpu.Number](max bool, axes axisSet, x, y, at View) {
	var values []T
	var places []int64
	if y.ptr != nil {
		values = sliceOf[T](y)
	}
	if at.ptr != nil {
		places = sliceOf[int64](at)
	}
	// v == v fails for NaN alone, which beats every number.
	better := func(v, best T) bool {
		return v == v && best == best && (max && v > best || !max && v < best) || v != v && best == best
	}
	if places == nil && extremeValues(max, axes, x, values) {
		return
	}
	cpu.Reduce(x.Shape.Dims(), operand[T](x), axes, cpu.Reducer[T, extreme[T]]{
		Init: extreme[T]{at: -1},
		Run: func(a extreme[T], x []T, at int) extreme[T] {
			if lo, hi, ok := cpu.Extremes(x); ok {
				v := lo
				if max {
					v = hi
				}
				if a.at >= 0 && !better(v, a.v) {
					return a
				}
				if places != nil {
					at += slices.Index(x, v)
				}
				return extreme[T]{v, at}
			}
			for i, v := range x {
				if a.at < 0 || better(v, a.v) {
					a = extreme[T]{v, at + i}
				}
			}
			return a
		},
		Cols: func(acc []extreme[T], x []T, at int) {
			for i, v := range x {
				if acc[i].at < 0 || better(v, acc[i].v) {
					acc[i] = extreme[T]{v, at}
				}
			}
		},
		Merge: func(a, b extreme[T]) extreme[T] {
			if better(b.v, a.v) {
				return b
			}
			return a
		},
	}, func(i int, a extreme[T]) {
		if values != nil {
			values[i] = a.v
		}
		if places != nil {
			places[i] = int64(a.at)
		}
	})
}

// extremeValues writes the extreme values of float32 without a look at their places, and reports whether it could.
func extremeValues[T cpu.Number](largest bool, axes axisSet, x View, y []T) bool {
	values, ok := any(y).([]float32)
	if !ok {
		return false
	}
	p, first := cpu.Pointwise{Code: cpu.Min}, float32(math.Inf(1))
	if largest {
		p, first = cpu.Pointwise{Code: cpu.Max}, float32(math.Inf(-1))
	}
	pick := func(a, b float32) float32 {
		if largest {
			return max(a, b)
		}
		return min(a, b)
	}
	cpu.Reduce(x.Shape.Dims(), operand[float32](x), axes, cpu.Reducer[float32, float32]{
		Init: first,
		Run: func(a float32, x []float32, _ int) float32 {
			if lo, hi, ok := cpu.Extremes(x); ok {
				if !largest {
					hi = lo
				}
				return pick(a, hi)
			}
			for _, v := range x {
				a = pick(a, v)
			}
			return a
		},
		Cols:  func(acc, x []float32, _ int) { cpu.MapFlat(p, acc, acc, x, nil) },
		Merge: pick,
	}, func(i int, a float32) { values[i] = a })
	return true
}
