package tensor

// axisSet marks dimensions.
type axisSet = [MaxRank]bool

// reduction is embedded in ops that fold some axes away.
type reduction struct {
	axes axisSet
	keep bool
}

// Strided marks reductions as reading inputs of any strides.
func (reduction) Strided() {}

// result returns the shape that is left.
func (r reduction) result(s Shape) Shape {
	o := Shape{}
	for i := range s.rank {
		switch {
		case !r.axes[i]:
			o.set(o.rank, s.at(i))
			o.rank++
		case r.keep:
			o.set(o.rank, 1)
			o.rank++
		}
	}
	return o
}

// count returns the number of elements folded into each result.
func (r reduction) count(s Shape) int {
	n := 1
	for i := range s.rank {
		if r.axes[i] {
			n *= s.at(i)
		}
	}
	return n
}

// spread expands a tensor of the reduced shape back to s.
func (r reduction) spread(t *Tensor, s Shape) *Tensor {
	k := s
	for i := range s.rank {
		if r.axes[i] {
			k.set(i, 1)
		}
	}
	return t.ReshapeTo(k).ExpandTo(s)
}

// reductionOf returns the reduction of x over the given axes, all when none are given. It panics with ErrAxis on an axis
// out of range or named twice.
func (x *Tensor) reductionOf(op string, keep bool, axes []int) reduction {
	r := reduction{keep: keep}
	for _, a := range axes {
		a = x.shape.axis(op, a)
		if r.axes[a] {
			Fail(op, ErrAxis, []Shape{x.shape}, "axis %d is named twice", a)
		}
		r.axes[a] = true
	}
	if len(axes) == 0 {
		for i := range x.shape.rank {
			r.axes[i] = true
		}
	}
	return r
}

// kept reshapes y, reduced from x over the axes, so that these stay with size 1.
func (x *Tensor) kept(op string, y *Tensor, axes []int) *Tensor {
	return y.ReshapeTo(x.reductionOf(op, true, axes).result(x.shape))
}
