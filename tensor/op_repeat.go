package tensor

// Repeat returns x copied n[i] times along dimension i, as torch.Tensor.repeat does: x (2, 3) with Repeat(4, 1, 2) gives
// (4, 2, 6). Counts beyond x's rank are for new leading dimensions. It panics with ErrShape when there are fewer counts
// than dimensions and with ErrValue on a negative count.
func (x *Tensor) Repeat(n ...int) *Tensor {
	if len(n) < x.shape.rank {
		Fail("repeat", ErrShape, []Shape{x.shape}, "%d counts for %d dimensions; give one for each, or use Tile", len(n), x.shape.rank)
	}
	if len(n) > MaxRank {
		Fail("repeat", ErrShape, []Shape{x.shape}, "%d counts; at most %d dimensions are supported", len(n), MaxRank)
	}
	for x.shape.rank < len(n) {
		x = x.Unsqueeze(0)
	}
	for axis := len(n) - 1; axis >= 0; axis-- { // the innermost first: the short copies are made while x is small
		x = x.copies("repeat", n[axis], axis, axis)
	}
	return x
}

// Tile is Repeat with missing leading counts taken as 1, as torch.tile and numpy.tile do.
func (x *Tensor) Tile(n ...int) *Tensor {
	for len(n) < x.shape.rank {
		n = append([]int{1}, n...)
	}
	return x.Repeat(n...)
}

// RepeatInterleave returns x with each slice along an axis repeated n times in a row, as torch.repeat_interleave does: [1, 2]
// twice is [1, 1, 2, 2]. It panics with ErrAxis when the axis is out of range and with ErrValue when n is negative.
func (x *Tensor) RepeatInterleave(n, axis int) *Tensor {
	axis = x.shape.axis("repeat_interleave", axis)
	return x.copies("repeat_interleave", n, axis, axis+1)
}

// copies repeats each block of the dimensions from start on n times in a row, which makes dimension axis n times as long.
func (x *Tensor) copies(op string, n, axis, start int) *Tensor {
	if n < 0 {
		Fail(op, ErrValue, []Shape{x.shape}, "the count %d is negative", n)
	}
	if n == 1 {
		return x
	}
	dims := x.shape.Dims()
	outer, inner := 1, 1
	for i, d := range dims {
		if i < start {
			outer *= d
		} else {
			inner *= d
		}
	}
	dims[axis] *= n
	return x.Reshape(outer, 1, inner).Expand(outer, n, inner).Reshape(dims...)
}
