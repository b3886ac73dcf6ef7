package tensor

// Diff returns the n-th differences along an axis: y[i] = x[i+1] - x[i], n times over, each of which shortens the axis by one, to
// no less than 0. Those of bools are where neighbours differ. It panics with ErrValue on a negative n.
func (x *Tensor) Diff(n, axis int) *Tensor {
	axis = x.shape.axis("diff", axis)
	if n < 0 {
		Fail("diff", ErrValue, []Shape{x.shape}, "the order %d is negative", n)
	}
	for range min(n, x.shape.at(axis)) {
		rest := x.shape.at(axis) - 1
		hi, lo := x.Narrow(axis, 1, rest), x.Narrow(axis, 0, rest)
		if x.dtype == Bool {
			x = hi.LogicalXor(lo)
		} else {
			x = hi.Sub(lo)
		}
	}
	return x
}
