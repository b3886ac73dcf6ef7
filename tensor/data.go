package tensor

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
)

// Of returns a tensor with a copy of data in row-major order; without sizes it is one-dimensional. It panics with
// ErrShape when the sizes do not hold len(data) elements.
func Of[T Elem](data []T, dims ...int) *Tensor {
	if len(dims) == 0 {
		return OfShape(data, ShapeOf(len(data)))
	}
	return OfShape(data, ShapeOf(dims...))
}

// OfShape is Of with a Shape, which may be that of a scalar.
func OfShape[T Elem](data []T, s Shape) *Tensor {
	if s.Numel() != len(data) {
		Fail("of", ErrShape, []Shape{s}, "%d elements do not fill the shape, which holds %d", len(data), s.Numel())
	}
	t := newTensor(Spec{s, DTypeOf[T](), CPU}, nil)
	copy(Slice[T](t.view("of")), data)
	return t
}

// Scalar returns a tensor without dimensions.
func Scalar[T Elem](v T) *Tensor { return OfShape([]T{v}, Shape{}) }

// Data returns a copy of the elements in row-major order. It panics with ErrDType when T is not the element type.
func Data[T Elem](t *Tensor) []T {
	r := make([]T, t.Numel())
	Read(t, func(d []T) { copy(r, d) })
	return r
}

// Read calls f with the elements in row-major order, without copying where t is contiguous. The slice must be neither
// changed nor kept.
func Read[T Elem](t *Tensor, f func([]T)) {
	if t.dev == Meta {
		Fail("read", ErrDevice, []Shape{t.shape}, "a meta tensor has no data")
	}
	if t.dtype != DTypeOf[T]() {
		Fail("read", ErrDType, []Shape{t.shape}, "the tensor holds %v, not %v; convert it with To", t.dtype, DTypeOf[T]())
	}
	if t.step != nil {
		t = t.Detach().Contiguous()
	}
	f(Slice[T](t.view("read")))
	runtime.KeepAlive(t)
}

// Item returns the only element as a float64 (bool as 0 or 1). It panics with ErrShape when there are more or none. An
// integer beyond ±2⁵³ is rounded; Data is exact.
func (t *Tensor) Item() float64 {
	if t.Numel() != 1 {
		Fail("item", ErrShape, []Shape{t.shape}, "only a tensor of one element is a number; this has %d", t.Numel())
	}
	return t.Detach().Floats()[0]
}

// Floats returns a copy of the elements as float64 in row-major order, whatever the dtype (bool as 0 or 1).
func (t *Tensor) Floats() []float64 {
	if t.dev == Meta {
		Fail("floats", ErrDevice, []Shape{t.shape}, "a meta tensor has no data")
	}
	return Data[float64](t.Detach().To(Float64))
}

func formatData(t *Tensor) string {
	const most = 1000
	if t.Numel() > most {
		return fmt.Sprintf("%d elements", t.Numel())
	}
	t = t.Detach()
	var format func(i int) string
	switch {
	case t.dtype == Bool:
		v := Data[bool](t)
		format = func(i int) string { return strconv.FormatBool(v[i]) }
	case t.dtype.IsFloat():
		v := t.Floats()
		format = func(i int) string { return fmt.Sprintf("%.5g", v[i]) }
	default:
		v := Data[int64](t.To(Int64))
		format = func(i int) string { return strconv.FormatInt(v[i], 10) }
	}
	next := 0
	var b strings.Builder
	var walk func(axis int)
	walk = func(axis int) {
		if axis == t.shape.rank {
			b.WriteString(format(next))
			next++
			return
		}
		b.WriteByte('[')
		for i := range t.shape.at(axis) {
			if i > 0 {
				b.WriteString(", ")
			}
			walk(axis + 1)
		}
		b.WriteByte(']')
	}
	walk(0)
	return b.String()
}
