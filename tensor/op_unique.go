package tensor

import (
	"runtime"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Unique returns the different elements of x in ascending order, a vector (n,); for each element of x its Int64 position there,
// of x's shape: x = values[inverse]; and the Int64 number of times that each value occurs, (n,). Every NaN is a value of its
// own, at the end. The gradient of a value goes to the first element that has it. It reads the data, so it panics with
// ErrDevice on Meta.
func (x *Tensor) Unique() (values, inverse, counts *Tensor) {
	x.hasData("unique")
	flat := x.Reshape(x.Numel())
	sorted, order := flat.Detach().Sort(0, false)
	Read(order.ToDevice(CPU), func(at []int64) { values, inverse, counts = flat.runs(0, sorted, at) })
	return values, inverse.ReshapeTo(x.shape), counts
}

// UniqueAlong is Unique for the slices of x along an axis, sorted by their first elements in row-major order, then by the
// second and so on: values has x's shape but for size n along the axis, inverse (size,) and counts (n,). It panics with
// ErrShape when the slices have no elements.
func (x *Tensor) UniqueAlong(axis int) (values, inverse, counts *Tensor) {
	rows := x.slices("unique", &axis)
	order := rows.sortRows()
	return x.runs(axis, rows.IndexSelect(0, Of(order)), order)
}

// UniqueConsecutive is Unique without sorting: of each run of equal elements, in row-major order, it returns the first, and the
// length of the run as counts.
func (x *Tensor) UniqueConsecutive() (values, inverse, counts *Tensor) {
	x.hasData("unique_consecutive")
	flat := x.Reshape(x.Numel())
	values, inverse, counts = flat.runs(0, flat.Detach().ToDevice(CPU), nil)
	return values, inverse.ReshapeTo(x.shape), counts
}

// UniqueConsecutiveAlong is UniqueConsecutive for the slices of x along an axis; see UniqueAlong.
func (x *Tensor) UniqueConsecutiveAlong(axis int) (values, inverse, counts *Tensor) {
	rows := x.slices("unique_consecutive", &axis)
	return x.runs(axis, rows, nil)
}

func (x *Tensor) hasData(op string) {
	if x.dev == Meta {
		Fail(op, ErrDevice, []Shape{x.shape}, "the result's size depends on data, which a meta tensor has not")
	}
}

// slices returns the slices of x along the axis, which it makes non-negative, as rows of a matrix on the CPU.
func (x *Tensor) slices(op string, axis *int) *Tensor {
	x.hasData(op)
	*axis = x.shape.axis(op, *axis)
	n := x.shape.at(*axis)
	width := x.shape.With(*axis, 1).Numel()
	if width == 0 && n > 0 {
		Fail(op, ErrShape, []Shape{x.shape}, "the slices along axis %d have no elements to compare", *axis)
	}
	return x.Detach().ToDevice(CPU).Movedim(*axis, 0).Reshape(n, width)
}

func (x *Tensor) sortRows() []int64 {
	x = x.Contiguous()
	defer runtime.KeepAlive(x)
	v := x.view("unique")
	switch o, n, m := x.dtype.sortOrder(false), x.shape.at(0), x.shape.at(1); x.dtype.Size() {
	case 1:
		return cpu.SortRows(o, n, m, sliceOf[uint8](v))
	case 2:
		return cpu.SortRows(o, n, m, sliceOf[uint16](v))
	case 4:
		return cpu.SortRows(o, n, m, sliceOf[uint32](v))
	default:
		return cpu.SortRows(o, n, m, sliceOf[uint64](v))
	}
}

// runs returns the first slice of x along the axis of each run of equal ones in sorted, whose slices, along axis 0, are those
// of x at order (nil: in their own order); the run of each slice; and the runs' lengths.
func (x *Tensor) runs(axis int, sorted *Tensor, order []int64) (values, inverse, counts *Tensor) {
	n := x.shape.at(axis)
	first, lengths, run := []int64{}, []int64{}, make([]int64, n)
	if n > 0 {
		differs := sorted.Narrow(0, 1, n-1).Ne(sorted.Narrow(0, 0, n-1))
		if differs.shape.rank > 1 {
			differs = differs.Any(1)
		}
		Read(differs, func(d []bool) {
			for i := range n {
				at := int64(i)
				if order != nil {
					at = order[i]
				}
				if i == 0 || d[i-1] {
					first = append(first, at)
					lengths = append(lengths, int64(i)) // where it begins, for now
				}
				run[at] = int64(len(first) - 1)
			}
		})
	}
	for i, from := range lengths {
		to := int64(n)
		if i+1 < len(lengths) {
			to = lengths[i+1]
		}
		lengths[i] = to - from
	}
	at := func(v []int64) *Tensor { return Of(v).onDeviceOf(x) }
	return x.IndexSelect(axis, at(first)), at(run), at(lengths)
}
