package tensor

// Diagonal returns a view of the elements [i, i + offset] of the matrices that axis1 and axis2 span; both axes are removed
// and the diagonal becomes the last one, as in torch.diagonal. A negative offset is below the main diagonal; a diagonal
// outside the matrix is empty. It panics with ErrAxis when an axis is out of range or both are the same.
func (x *Tensor) Diagonal(offset, axis1, axis2 int) *Tensor {
	axis1, axis2 = x.shape.axis("diagonal", axis1), x.shape.axis("diagonal", axis2)
	if axis1 == axis2 {
		Fail("diagonal", ErrAxis, []Shape{x.shape}, "the two axes must differ, both are %d", axis1)
	}
	return Apply1(diagonalOp{offset, axis1, axis2}, x)
}

// DiagEmbed returns matrices (..., N + |offset|, N + |offset|) whose diagonal [i, i + offset] is x (..., N), zeros elsewhere,
// as torch.diag_embed does. Scalars are refused with ErrShape.
func (x *Tensor) DiagEmbed(offset int) *Tensor {
	r := x.shape.rank
	if r == 0 {
		Fail("diag_embed", ErrShape, []Shape{x.shape}, "the input must be (..., N), 1 dimension or more")
	}
	n := x.Dim(-1) + max(offset, -offset)
	return Apply1(diagEmbedOp{diagonalOp{offset, r - 1, r}, ShapeOf(append(x.shape.Dims()[:r-1], n, n)...)}, x)
}

// Diag returns the matrix with the vector x on its diagonal [i, i + offset], or that diagonal of the matrix x, a view. It
// panics with ErrShape unless x has 1 or 2 dimensions.
func (x *Tensor) Diag(offset int) *Tensor {
	switch x.shape.rank {
	case 1:
		return x.DiagEmbed(offset)
	case 2:
		return x.Diagonal(offset, 0, 1)
	}
	Fail("diag", ErrShape, []Shape{x.shape}, "the input must be a vector or a matrix; use Diagonal or DiagEmbed for batches")
	return nil
}

type diagonalOp struct{ offset, axis1, axis2 int }

func (diagonalOp) Name() string { return "diagonal" }
func (o diagonalOp) Infer(c *Call) {
	s, st, off := o.view(c.In[0].shape, c.In[0].strides())
	c.OutputView(0, s, st, off)
}

// view returns the shape and strides of the diagonal of a tensor, and the offset of its first element.
func (o diagonalOp) view(s Shape, st Strides) (Shape, Strides, int) {
	below, right := max(-o.offset, 0), max(o.offset, 0)
	n := max(0, min(s.at(o.axis1)-below, s.at(o.axis2)-right))
	step := st[o.axis1] + st[o.axis2]
	off := below*st[o.axis1] + right*st[o.axis2]
	var d Shape
	var dst Strides
	for i := range s.rank {
		if i != o.axis1 && i != o.axis2 {
			d.set(d.rank, s.at(i))
			dst[d.rank] = st[i]
			d.rank++
		}
	}
	dst[d.rank] = step
	return d.Insert(d.rank, n), dst, off
}

func (diagonalOp) Run(Device, *Call) bool { return true }
func (diagonalOp) Reads() Reads           { return ReadsNothing }
func (o diagonalOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(diagEmbedOp{o, b.InSpec(0).Shape}, b.Dout(0)))
}

// diagEmbedOp is the transpose of a diagonal: zeros of the shape with the diagonal in its place.
type diagEmbedOp struct {
	diagonal diagonalOp
	shape    Shape
}

func (diagEmbedOp) Name() string    { return "diag_embed" }
func (diagEmbedOp) Strided()        {}
func (diagEmbedOp) Reads() Reads    { return ReadsNothing }
func (o diagEmbedOp) Infer(c *Call) { c.Output(o.shape, c.In[0].dtype) }
func (o diagEmbedOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(o.diagonal, b.Dout(0)))
}
func (o diagEmbedOp) Run(d Device, c *Call) bool {
	k, ok := d.(placeKernel)
	if ok {
		y := c.Y(0)
		place, at := y, 0
		place.Shape, place.Strides, at = o.diagonal.view(y.Shape, y.Strides)
		k.Zero(y)
		k.Place(place, at, c.X(0))
	}
	return ok
}
