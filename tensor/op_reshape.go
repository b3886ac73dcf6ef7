package tensor

// Reshape returns the elements in row-major order with other sizes; one size may be -1 and is inferred. A view where the
// strides allow, else a copy. It panics with ErrShape when the number of elements differs.
func (t *Tensor) Reshape(dims ...int) *Tensor {
	unknown, n := -1, 1
	var buf [MaxRank]int
	d := append(buf[:0], dims...)
	for i, v := range d {
		if v == -1 && unknown < 0 {
			unknown = i
		} else {
			n *= v
		}
	}
	if unknown >= 0 {
		if n <= 0 || t.Numel()%n != 0 {
			Fail("reshape", ErrShape, []Shape{t.shape}, "%d elements do not fill sizes %v", t.Numel(), dims)
		}
		d[unknown] = t.Numel() / n
	}
	return t.ReshapeTo(ShapeOf(d...))
}

// ReshapeTo is Reshape to a given shape.
func (t *Tensor) ReshapeTo(s Shape) *Tensor {
	if t.shape == s {
		return t
	}
	if t.Numel() != s.Numel() {
		Fail("reshape", ErrShape, []Shape{t.shape, s}, "%d elements cannot fill %d", t.Numel(), s.Numel())
	}
	from := t.strides()
	st, ok := viewStrides(t.shape, &from, s)
	if !ok {
		t = t.Clone()
		st = s.Contiguous()
	}
	return Apply1(reshapeOp{s, st}, t)
}

// Flatten merges dimensions from axis start on into one.
func (t *Tensor) Flatten(start int) *Tensor {
	if t.shape.rank == 0 {
		return t.Reshape(1)
	}
	start = t.shape.axis("flatten", start)
	s := Shape{rank: start + 1, dim: t.shape.dim}
	clear(s.dim[s.rank:])
	for i := s.rank; i < t.shape.rank; i++ {
		s.set(start, s.at(start)*t.shape.at(i))
	}
	return t.ReshapeTo(s)
}

// Squeeze removes the given dimensions where their size is 1, all such dimensions when none are given.
func (t *Tensor) Squeeze(axes ...int) *Tensor {
	r := t.reductionOf("squeeze", false, axes)
	for i := range t.shape.rank {
		r.axes[i] = r.axes[i] && t.shape.at(i) == 1
	}
	return t.ReshapeTo(r.result(t.shape))
}

// Unsqueeze inserts a dimension of size 1 before dimension i; -1 appends one.
func (t *Tensor) Unsqueeze(i int) *Tensor {
	if i < -t.shape.rank-1 || i > t.shape.rank {
		Fail("unsqueeze", ErrAxis, []Shape{t.shape}, "axis %d is out of range for %d dimensions", i, t.shape.rank+1)
	}
	if i < 0 {
		i += t.shape.rank + 1
	}
	return t.ReshapeTo(t.shape.Insert(i, 1))
}

type reshapeOp struct {
	shape   Shape
	strides Strides
}

func (reshapeOp) Name() string            { return "reshape" }
func (o reshapeOp) Infer(c *Call)         { c.OutputView(0, o.shape, o.strides, 0) }
func (reshapeOp) Run(Device, *Call) bool  { return true }
func (reshapeOp) Reads() Reads            { return ReadsNothing }
func (o reshapeOp) VJP(b *Back) []*Tensor { return b.Give(b.Dout(0).ReshapeTo(b.InSpec(0).Shape)) }

// viewStrides finds strides that read shape from with strides st as shape to without copying.
func viewStrides(from Shape, st *Strides, to Shape) (r Strides, ok bool) {
	if from.isContiguous(st) {
		return to.Contiguous(), true
	}
	// Match groups of dimensions with equal products, each of which must be contiguous within.
	i, j := 0, 0
	for i < from.rank || j < to.rank {
		i0, j0 := i, j
		a, b := 1, 1
		if i < from.rank {
			a = from.at(i)
			i++
		}
		if j < to.rank {
			b = to.at(j)
			j++
		}
		for a != b {
			if a < b {
				a *= from.at(i)
				i++
			} else {
				b *= to.at(j)
				j++
			}
		}
		if a == 1 { // only ones so far: their strides do not matter
			continue
		}
		step := 0 // stride of the group's innermost dimension that is not 1
		last := -1
		for k := i - 1; k >= i0; k-- {
			if from.at(k) == 1 {
				continue
			}
			if last < 0 {
				step = st[k]
			} else if st[k] != last {
				return r, false
			}
			last = st[k] * from.at(k)
		}
		for k := j - 1; k >= j0; k-- {
			r[k] = step
			step *= to.at(k)
		}
	}
	return r, true
}
