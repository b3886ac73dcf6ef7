package tensor

// TakeAlongDim returns values picked along an axis, y[..., i, ...] = x[..., idx[..., i, ...], ...], as Gather does, but x and
// idx broadcast in the other dimensions. idx is Int64 of x's rank, such as ArgSort and the other functions that return
// positions give it (NumPy's take_along_axis). It panics with ErrIndex on an index outside [0, size).
func (x *Tensor) TakeAlongDim(axis int, idx *Tensor) *Tensor {
	axis = x.shape.axis("take_along_dim", axis)
	shapes := []Shape{x.shape, idx.shape}
	if idx.dtype != Int64 {
		Fail("take_along_dim", ErrDType, shapes, "the indices are %v; convert them with To(tensor.Int64)", idx.dtype)
	}
	if idx.shape.rank != x.shape.rank {
		Fail("take_along_dim", ErrShape, shapes, "the indices must have as many dimensions as the input")
	}
	s, ok := Broadcast(x.shape.With(axis, 1), idx.shape.With(axis, 1))
	if !ok {
		Fail("take_along_dim", ErrShape, shapes, "outside axis %d the shapes do not broadcast: sizes must be equal, or 1", axis)
	}
	x, idx = x.ExpandTo(s.With(axis, x.shape.at(axis))), idx.ExpandTo(s.With(axis, idx.shape.at(axis)))
	return Apply1(gatherOp{axis}, x, idx)
}

// Take returns the elements of x, seen as a vector in row-major order, at the given Int64 positions; the result has idx's shape.
// Negative positions count from the end. It panics with ErrIndex on a position outside [-numel, numel).
func (x *Tensor) Take(idx *Tensor) *Tensor {
	n := x.Numel()
	if idx.dtype != Int64 {
		Fail("take", ErrDType, []Shape{x.shape, idx.shape}, "the indices are %v; convert them with To(tensor.Int64)", idx.dtype)
	}
	at := idx.Reshape(idx.Numel())
	if idx.dev == CPU {
		negative := false
		Read(at, func(v []int64) {
			for i, k := range v {
				if k < -int64(n) || k >= int64(n) {
					Fail("take", ErrIndex, []Shape{x.shape, idx.shape}, "index %d at position %d is outside [%d, %d)", k, i, -n, n)
				}
				negative = negative || k < 0
			}
		})
		if negative {
			at = Where(at.LtScalar(0), at.AddScalar(float64(n)), at)
		}
	} else {
		at = Where(at.LtScalar(0), at.AddScalar(float64(n)), at)
	}
	return x.Reshape(n).IndexSelect(0, at).ReshapeTo(idx.shape)
}
