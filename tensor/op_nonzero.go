package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// NonZero returns the indices of the elements that are not zero (NaN is not) in row-major order: Int64 of shape (n, rank). It
// reads the data, so it panics with ErrDevice on Meta.
func (x *Tensor) NonZero() *Tensor {
	at, n := x.trueAt("nonzero", x.shape.Dims())
	return OfShape(at, ShapeOf(n, x.shape.rank)).onDeviceOf(x)
}

// NonZeroAxes is NonZero as one Int64 vector (n,) for each axis, the form that Index takes.
func (x *Tensor) NonZeroAxes() []*Tensor {
	at := x.NonZero().T()
	r := make([]*Tensor, x.shape.rank)
	for a := range r {
		r[a] = at.Select(0, a).Contiguous()
	}
	return r
}

// Argwhere is NonZero by its NumPy name.
func (x *Tensor) Argwhere() *Tensor { return x.NonZero() }

// CountNonzero returns the Int64 number of elements that are not zero over the axes (all when none are given), which are removed.
func (x *Tensor) CountNonzero(axes ...int) *Tensor { return x.Detach().To(Bool).Sum(axes...) }

// trueAt returns the indices of the n elements of x, read as an array of the sizes, that are not zero.
func (x *Tensor) trueAt(op string, dims []int) (at []int64, n int) {
	if x.dev == Meta {
		Fail(op, ErrDevice, []Shape{x.shape}, "the result's size depends on data, which a meta tensor has not")
	}
	Read(x.Detach().To(Bool).ToDevice(CPU), func(mask []bool) { at, n = cpu.NonZero(mask, dims) })
	return at, n
}
