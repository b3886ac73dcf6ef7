package tensor

// Rot90 returns x turned k times by 90 degrees in the plane of two axes, from the first towards the second; negative k turns
// back. It panics with ErrAxis when the axes are equal or out of range.
func (x *Tensor) Rot90(k, axis1, axis2 int) *Tensor {
	axis1, axis2 = x.shape.axis("rot90", axis1), x.shape.axis("rot90", axis2)
	if axis1 == axis2 {
		Fail("rot90", ErrAxis, []Shape{x.shape}, "axis %d is named twice; a plane has two", axis1)
	}
	switch k & 3 {
	case 1:
		return x.Flip(axis2).Transpose(axis1, axis2)
	case 2:
		return x.Flip(axis1, axis2)
	case 3:
		return x.Flip(axis1).Transpose(axis1, axis2)
	}
	return x
}

// Movedim returns a view with the axis from moved to the place to, the others in their order.
func (x *Tensor) Movedim(from, to int) *Tensor {
	from, to = x.shape.axis("movedim", from), x.shape.axis("movedim", to)
	order := make([]int, 0, MaxRank)
	for a := range x.shape.rank {
		if a != from {
			order = append(order, a)
		}
	}
	order = append(order[:to], append([]int{from}, order[to:]...)...)
	return x.Permute(order...)
}
