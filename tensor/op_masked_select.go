package tensor

// MaskedSelect returns the elements of x where mask is true, a vector in row-major order of the broadcast shape. It reads the
// mask, so it panics with ErrDevice when that is on Meta; with ErrDType unless it holds bools.
func (x *Tensor) MaskedSelect(mask *Tensor) *Tensor {
	s, at := x.masked("masked_select", mask)
	return x.ExpandTo(s).Reshape(s.Numel()).IndexSelect(0, at.onDeviceOf(x))
}

// MaskedScatter returns x with its elements where mask is true replaced by those of source, the first ones in row-major order
// of both; x and mask broadcast. The gradient of what is replaced goes to source. It panics with ErrShape when source has too
// few elements, with ErrDType unless it has x's dtype and mask holds bools.
func (x *Tensor) MaskedScatter(mask, source *Tensor) *Tensor {
	s, at := x.masked("masked_scatter", mask)
	shapes, n := []Shape{x.shape, mask.shape, source.shape}, at.Numel()
	if source.dtype != x.dtype {
		Fail("masked_scatter", ErrDType, shapes, "the source is %v, the input %v; convert one with To", source.dtype, x.dtype)
	}
	if source.Numel() < n {
		Fail("masked_scatter", ErrShape, shapes, "the mask selects %d elements, the source, the third, has %d", n, source.Numel())
	}
	flat := x.ExpandTo(s).Reshape(s.Numel())
	return flat.Scatter(0, at.onDeviceOf(x), source.Reshape(source.Numel()).Narrow(0, 0, n)).ReshapeTo(s)
}

// masked returns the common shape of x and mask and the flat positions there that the mask selects.
func (x *Tensor) masked(op string, mask *Tensor) (Shape, *Tensor) {
	if mask.dtype != Bool {
		Fail(op, ErrDType, []Shape{x.shape, mask.shape}, "the mask is %v; make bools of it with To(tensor.Bool) or a comparison", mask.dtype)
	}
	s, ok := Broadcast(x.shape, mask.shape)
	if !ok {
		Fail(op, ErrShape, []Shape{x.shape, mask.shape}, "the shapes do not broadcast: sizes must be equal, or 1, aligned at the last dimension")
	}
	at, _ := mask.ExpandTo(s).trueAt(op, []int{s.Numel()})
	return s, Of(at)
}
