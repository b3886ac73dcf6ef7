package tensor

// Cross returns the cross product x × y of vectors of 3 elements along an axis; the inputs broadcast and promote. It panics with
// ErrShape unless both have 3 elements there.
func (x *Tensor) Cross(y *Tensor, axis int) *Tensor {
	shapes := []Shape{x.shape, y.shape}
	s, ok := Broadcast(x.shape, y.shape)
	if !ok {
		Fail("cross", ErrShape, shapes, "the shapes do not broadcast: sizes must be equal, or 1, aligned at the last dimension")
	}
	axis = s.axis("cross", axis)
	if a := axis - s.rank; -a > x.shape.rank || -a > y.shape.rank || x.Dim(a) != 3 || y.Dim(a) != 3 {
		Fail("cross", ErrShape, shapes, "both inputs must have 3 elements along axis %d of the result", axis)
	}
	// x[i] y[i+1] - x[i+1] y[i] is element i+2 of the product, which is i-1.
	next := func(t *Tensor) *Tensor { return t.Roll(axis-s.rank, -1) }
	return next(x.Mul(next(y)).Sub(next(x).Mul(y)))
}

// Trace returns the sum of the diagonal of a matrix; integers sum as int64. It panics with ErrShape unless x has two dimensions.
func (x *Tensor) Trace() *Tensor {
	if x.shape.rank != 2 {
		Fail("trace", ErrShape, []Shape{x.shape}, "the trace is of a matrix; use Diagonal and Sum for a batch")
	}
	return x.Diagonal(0, 0, 1).Sum()
}

// Dist returns the p-norm of x - y over all elements, broadcast; see Norm.
func (x *Tensor) Dist(y *Tensor, p float64) *Tensor { return x.Sub(y).Norm(p) }
