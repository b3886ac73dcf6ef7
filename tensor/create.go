package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/random"
)

// Factory makes tensors of one dtype on one device. The zero Factory makes float32 on the CPU, as the package's
// functions of the same names do.
type Factory struct {
	DType  DType
	Device Device // nil: CPU
}

// With returns a Factory for the dtype: With(Float64).Zeros(2, 3).
func With(d DType) Factory { return Factory{DType: d} }

// On returns a Factory for the device.
func (f Factory) On(d Device) Factory { f.Device = d; return f }

func (f Factory) empty(s Shape) *Tensor {
	if f.Device == nil {
		f.Device = CPU
	}
	if f.Device != CPU && f.Device != Meta {
		return f.On(CPU).empty(s).ToDevice(f.Device)
	}
	return newTensor(Spec{s, f.DType, f.Device}, nil)
}

// Full returns a tensor filled with v, converted to the dtype as To does.
func (f Factory) Full(v float64, dims ...int) *Tensor { return f.FullShape(v, ShapeOf(dims...)) }

// FullShape is Full with a Shape.
func (f Factory) FullShape(v float64, s Shape) *Tensor {
	t := f.empty(s)
	if t.dev == Meta {
		return t
	}
	fillView(t.view("full"), v)
	return t
}

// fillView sets every element of a contiguous view to v.
func fillView(o View, v float64) {
	switch o.DType {
	case Float32:
		fill(Slice[float32](o), float32(v))
	case Float64:
		fill(Slice[float64](o), v)
	case BFloat16:
		fill(Slice[BF16](o), BF16FromFloat32(float32(v)))
	case Float16:
		fill(Slice[F16](o), F16FromFloat32(float32(v)))
	case Int64:
		fill(Slice[int64](o), int64(v))
	case Int32:
		fill(Slice[int32](o), int32(v))
	case Uint8:
		fill(Slice[uint8](o), uint8(int64(v)))
	case Bool:
		fill(Slice[bool](o), v != 0)
	}
}

func fill[T Elem](d []T, v T) {
	for i := range d {
		d[i] = v
	}
}

// Zeros returns a tensor of zeros.
func (f Factory) Zeros(dims ...int) *Tensor { return f.Full(0, dims...) }

// Ones returns a tensor of ones.
func (f Factory) Ones(dims ...int) *Tensor { return f.Full(1, dims...) }

// Arange returns start, start+step, ... up to but not including end: ⌈(end-start)/step⌉ values, converted to the dtype as To
// does. It panics with ErrValue when step is zero or leads away from end.
func (f Factory) Arange(start, end, step float64) *Tensor {
	n := math.Ceil((end - start) / step)
	if step == 0 || !(n >= 0 && n <= maxSize) {
		Fail("arange", ErrValue, nil, "no range from %v to %v by %v: the step must be towards the end, with at most %d values", start, end, step, maxSize)
	}
	v := make([]float64, int(n))
	for i := range v {
		v[i] = start + float64(i)*step
	}
	return f.from(v, ShapeOf(len(v)))
}

// Linspace returns n values evenly spaced from start to end, both included (for n = 1, start alone), converted to the dtype as
// To does. It panics with ErrValue when n is negative.
func (f Factory) Linspace(start, end float64, n int) *Tensor {
	if n < 0 {
		Fail("linspace", ErrValue, nil, "the number of values, %d, is negative", n)
	}
	s := ShapeOf(n)
	v := make([]float64, n)
	for i := range v { // from both ends, so that the last value is exactly end
		if i < n/2 || n == 1 {
			v[i] = start + float64(i)*(end-start)/float64(max(n-1, 1))
		} else {
			v[i] = end - float64(n-1-i)*(end-start)/float64(n-1)
		}
	}
	return f.from(v, s)
}

// Eye returns the n by n identity matrix.
func (f Factory) Eye(n int) *Tensor {
	s := ShapeOf(n, n)
	v := make([]float64, n*n)
	for i := range n {
		v[i*n+i] = 1
	}
	return f.from(v, s)
}

func (f Factory) from(v []float64, s Shape) *Tensor {
	if f.Device == Meta {
		return f.empty(s)
	}
	t := OfShape(v, s).To(f.DType)
	if f.Device != nil {
		t = t.ToDevice(f.Device)
	}
	return t
}

// Rand returns values uniform in [0, 1), on the Meta device if g has shapes alone (random.Shapes). It panics with ErrDType unless the
// dtype is floating-point.
func (f Factory) Rand(g *random.Generator, dims ...int) *Tensor {
	if steps := map[DType]float64{Float16: 1 << 11, BFloat16: 1 << 8}[f.DType]; steps > 0 {
		// Multiples of what the type resolves below 1: rounding could give 1 itself.
		return Factory{Device: f.Device}.Rand(g, dims...).MulScalar(steps).Floor().DivScalar(steps).To(f.DType)
	}
	return f.random("rand", g, ShapeOf(dims...), random.Uniform32, random.Uniform64)
}

// Randn returns values of the standard normal distribution. It panics with ErrDType unless the dtype is floating-point.
func (f Factory) Randn(g *random.Generator, dims ...int) *Tensor {
	return f.random("randn", g, ShapeOf(dims...), random.Normal32, random.Normal64)
}

// RandInt returns integers uniform in [lo, hi), as Int64 unless the factory has another integer dtype, to which they are
// converted as To does. It panics with ErrValue when the range is empty.
func (f Factory) RandInt(g *random.Generator, lo, hi int64, dims ...int) *Tensor {
	if lo >= hi {
		Fail("randint", ErrValue, nil, "the range [%d, %d) is empty", lo, hi)
	}
	if f.DType.IsFloat() {
		f.DType = Int64
	}
	if g.OnlyShapes() {
		f.Device = Meta
	}
	key := g.Next()
	t := Factory{DType: Int64, Device: f.Device}.empty(ShapeOf(dims...))
	if t.dev == Meta {
		return t.To(f.DType)
	}
	d := Slice[int64](t.view("randint"))
	parallel.For(len(d), randomGrain, func(a, b int) { random.RandInt64(d[a:b], lo, hi, key, a) })
	return t.To(f.DType)
}

const randomGrain = 1 << 14

// random draws one key from g; element i depends on the key and i alone, so the values do not depend on how work is split.
func (f Factory) random(op string, g *random.Generator, s Shape, fill32 func([]float32, random.Key, int), fill64 func([]float64, random.Key, int)) *Tensor {
	if !f.DType.IsFloat() {
		Fail(op, ErrDType, []Shape{s}, "there are no random fractions of %v; use RandInt", f.DType)
	}
	if !f.DType.computes() {
		return Factory{Device: f.Device}.random(op, g, s, fill32, fill64).To(f.DType)
	}
	if g.OnlyShapes() {
		f.Device = Meta
	}
	key := g.Next()
	t := f.empty(s)
	if t.dev == Meta {
		return t
	}
	v := t.view("random")
	if f.DType == Float64 {
		d := Slice[float64](v)
		parallel.For(len(d), randomGrain, func(a, b int) { fill64(d[a:b], key, a) })
	} else {
		d := Slice[float32](v)
		parallel.For(len(d), randomGrain, func(a, b int) { fill32(d[a:b], key, a) })
	}
	return t
}

// Zeros returns a float32 tensor of zeros.
func Zeros(dims ...int) *Tensor { return Factory{}.Zeros(dims...) }

// Ones returns a float32 tensor of ones.
func Ones(dims ...int) *Tensor { return Factory{}.Ones(dims...) }

// Full returns a float32 tensor filled with v.
func Full(v float64, dims ...int) *Tensor { return Factory{}.Full(v, dims...) }

// Arange returns the int64 values start, start+step, ... up to but not including end; With(Float32).Arange gives others. It
// panics with ErrValue when step is zero or leads away from end.
func Arange(start, end, step int) *Tensor {
	span, by := uint64(end)-uint64(start), uint64(step) // right even where a difference of ints overflows
	if step < 0 {
		span, by = -span, -by
	}
	n := uint64(maxSize + 1)
	if step != 0 && (end == start || (end > start) == (step > 0)) {
		n = span/by + min(span%by, 1)
	}
	if n > maxSize {
		Fail("arange", ErrValue, nil, "no range from %d to %d by %d: the step must be towards the end, with at most %d values", start, end, step, maxSize)
	}
	v := make([]int64, n)
	for i := range v {
		v[i] = int64(start + i*step)
	}
	return Of(v)
}

// Linspace returns n float32 values evenly spaced from start to end, both included.
func Linspace(start, end float64, n int) *Tensor { return Factory{}.Linspace(start, end, n) }

// Eye returns the n by n float32 identity matrix.
func Eye(n int) *Tensor { return Factory{}.Eye(n) }

// Rand returns float32 values uniform in [0, 1).
func Rand(g *random.Generator, dims ...int) *Tensor { return Factory{}.Rand(g, dims...) }

// Randn returns float32 values of the standard normal distribution.
func Randn(g *random.Generator, dims ...int) *Tensor { return Factory{}.Randn(g, dims...) }

// RandInt returns int64 values uniform in [lo, hi). It panics with ErrValue when the range is empty.
func RandInt(g *random.Generator, lo, hi int64, dims ...int) *Tensor {
	return Factory{}.RandInt(g, lo, hi, dims...)
}

// ZerosLike returns zeros of t's shape, dtype and device.
func ZerosLike(t *Tensor) *Tensor { return Factory{t.dtype, t.dev}.FullShape(0, t.shape) }

// OnesLike returns ones of t's shape, dtype and device.
func OnesLike(t *Tensor) *Tensor { return Factory{t.dtype, t.dev}.FullShape(1, t.shape) }

// FullLike returns a tensor filled with v of t's shape, dtype and device.
func FullLike(t *Tensor, v float64) *Tensor { return Factory{t.dtype, t.dev}.FullShape(v, t.shape) }
