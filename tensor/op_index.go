package tensor

// Index returns x[i, j, ...] as NumPy and PyTorch do: each index is an Int64 tensor of positions along the next axis, negative
// ones counting from the end, a Bool mask over as many next axes as it has dimensions, which stands for the positions where
// it is true, or nil for a whole axis; axes that are not named are whole. The index tensors broadcast, and y[b...] =
// x[i[b...], j[b...]]. Their dimensions take the place of the indexed axes, or come first where a whole axis lies between two
// of these. It panics with ErrIndex on a position out of range, with ErrShape when indices do not fit or broadcast, with
// ErrDType on others, and with ErrDevice on a meta mask, which leaves the shape open.
func (x *Tensor) Index(indices ...*Tensor) *Tensor {
	p := x.indexing("index", indices)
	if p == nil {
		return x
	}
	return p.merge(x).IndexSelect(p.axis, p.at).ReshapeTo(p.result)
}

// IndexPut returns x with x[indices...] replaced by values, or with accumulate by their sum, duplicates all counted; without it
// the last in row-major order of the indices stays, and gets the gradient. Values broadcast to the shape of x.Index(indices...)
// and have x's dtype. Indices and panics are as in Index.
func (x *Tensor) IndexPut(indices []*Tensor, values *Tensor, accumulate bool) *Tensor {
	p := x.indexing("index_put", indices)
	result := x.shape
	if p != nil {
		result = p.result
	}
	if s, ok := Broadcast(values.shape, result); !ok || s != result {
		Fail("index_put", ErrShape, []Shape{x.shape, values.shape}, "the values must broadcast to the indexed shape %v", result)
	}
	if values.dtype != x.dtype {
		Fail("index_put", ErrDType, []Shape{x.shape, values.shape}, "the values are %v, the input %v; convert one with To", values.dtype, x.dtype)
	}
	values = values.ExpandTo(result)
	switch {
	case p == nil && accumulate:
		return x.Add(values)
	case p == nil:
		return values
	}
	merged := p.merge(x)
	values = values.ReshapeTo(merged.shape.With(p.axis, p.at.Numel()))
	if accumulate {
		merged = merged.Add(Apply1(indexAddOp{p.axis, merged.shape.at(p.axis), -1}, values, p.at))
	} else {
		merged = Apply1(indexCopyOp{p.axis}, merged, p.at, values)
	}
	return p.split(merged, x)
}

// indexing is advanced indexing reduced to that of one axis: the indexed axes are brought together, and merged.
type indexing struct {
	order  []int   // the axes of x, the indexed ones side by side; nil: as they are
	axis   int     // where the indexed axes are then
	n      int     // how many
	at     *Tensor // positions along the merged axis, a vector
	result Shape
}

// shapes returns what x's shape is in p's order, and then with one axis in place of those that are indexed.
func (p *indexing) shapes(x Shape) (ordered, merged Shape) {
	ordered = x
	for i, a := range p.order {
		ordered.set(i, x.at(a))
	}
	merged = ordered
	for range p.n - 1 {
		merged.set(p.axis, merged.at(p.axis)*merged.at(p.axis+1))
		merged = merged.Remove(p.axis + 1)
	}
	return ordered, merged
}

// merge returns x in the merged shape.
func (p *indexing) merge(x *Tensor) *Tensor {
	_, merged := p.shapes(x.shape)
	if p.order != nil {
		x = x.Permute(p.order...)
	}
	return x.ReshapeTo(merged)
}

// split undoes merge.
func (p *indexing) split(merged, x *Tensor) *Tensor {
	ordered, _ := p.shapes(x.shape)
	merged = merged.ReshapeTo(ordered)
	if p.order == nil {
		return merged
	}
	back := make([]int, len(p.order))
	for i, a := range p.order {
		back[a] = i
	}
	return merged.Permute(back...)
}

// indexing works the indices out; nil when every axis is whole.
func (x *Tensor) indexing(op string, indices []*Tensor) *indexing {
	at, shapes := x.positions(op, indices)
	var named, whole []int
	var common Shape
	for a, t := range at {
		if t == nil {
			whole = append(whole, a)
			continue
		}
		named = append(named, a)
		s, ok := Broadcast(common, t.shape)
		if !ok {
			Fail(op, ErrShape, shapes, "the indices' shapes do not broadcast: sizes must be equal, or 1, aligned at the last dimension")
		}
		common = s
	}
	if len(named) == 0 {
		return nil
	}
	p := &indexing{axis: named[0], n: len(named)}
	if named[p.n-1]-named[0] != p.n-1 { // apart: their dimensions come first
		p.order, p.axis = append(named, whole...), 0
	}
	p.at = x.linear(op, at, common, shapes)
	_, rest := p.shapes(x.shape)
	if rest.rank-1+common.rank > MaxRank {
		Fail(op, ErrShape, shapes, "the result would have %d dimensions; at most %d are supported", rest.rank-1+common.rank, MaxRank)
	}
	p.result = rest.Remove(p.axis)
	for i := range common.rank {
		p.result = p.result.Insert(p.axis+i, common.at(i))
	}
	return p
}

// positions returns the Int64 positions, or nil, for each axis of x, those of masks looked up, and the shapes for messages.
func (x *Tensor) positions(op string, indices []*Tensor) (at []*Tensor, shapes []Shape) {
	shapes = []Shape{x.shape}
	for _, t := range indices {
		if t != nil {
			shapes = append(shapes, t.shape)
		}
	}
	for i, t := range indices {
		switch {
		case t == nil:
			at = append(at, nil)
		case t.dtype == Int64:
			at = append(at, t)
		case t.dtype == Bool && t.shape.rank > 0:
			for k := range t.shape.rank {
				if a := len(at) + k; a < x.shape.rank && t.shape.at(k) != x.shape.at(a) {
					Fail(op, ErrShape, shapes, "the mask, index %d, has size %d along its axis %d, the input %d along its axis %d", i, t.shape.at(k), k, x.shape.at(a), a)
				}
			}
			if t.dev == Meta {
				Fail(op, ErrDevice, shapes, "how many elements a mask selects depends on its data, which a meta tensor has not")
			}
			at = append(at, t.NonZeroAxes()...)
		case t.dtype == Bool:
			Fail(op, ErrShape, shapes, "the mask, index %d, has no dimensions; use Where", i)
		default:
			Fail(op, ErrDType, shapes, "index %d is %v; convert it with To(tensor.Int64), a mask with To(tensor.Bool)", i, t.dtype)
		}
	}
	if len(at) > x.shape.rank {
		Fail(op, ErrShape, shapes, "the indices are for %d axes, the input has %d", len(at), x.shape.rank)
	}
	for len(at) < x.shape.rank {
		at = append(at, nil)
	}
	return at, shapes
}

// linear returns the positions along the merged axis: Σ position · stride over the indexed axes.
func (x *Tensor) linear(op string, at []*Tensor, common Shape, shapes []Shape) *Tensor {
	n := common.Numel()
	for _, t := range at {
		if t != nil && t.dev == Meta {
			return Factory{Int64, Meta}.empty(ShapeOf(n))
		}
	}
	r := Factory{DType: Int64}.empty(ShapeOf(n))
	sum := sliceOf[int64](r.view(op))
	clear(sum)
	for a, t := range at {
		if t == nil {
			continue
		}
		size := int64(x.shape.at(a))
		Read(t.ToDevice(CPU).ExpandTo(common), func(v []int64) {
			for i, k := range v {
				if k < -size || k >= size {
					Fail(op, ErrIndex, shapes, "index %d at position %d of the indices for axis %d is outside [%d, %d)", k, i, a, -size, size)
				}
				if k < 0 {
					k += size
				}
				sum[i] = sum[i]*size + k
			}
		})
	}
	return r.onDeviceOf(x)
}
