package tensor

// LogAddExp returns ln(e^x + e^y) elementwise without overflow, broadcast and promoted: the sum of probabilities given by their
// logarithms.
func (x *Tensor) LogAddExp(y *Tensor) *Tensor { return pair("logaddexp", x, y).LogSumExp(0) }

// LogAddExp2 returns log₂(2^x + 2^y) elementwise; see LogAddExp.
func (x *Tensor) LogAddExp2(y *Tensor) *Tensor {
	const ln2 = 0.693147180559945309417232121458176568
	return pair("logaddexp2", x.MulScalar(ln2), y.MulScalar(ln2)).LogSumExp(0).MulScalar(1 / ln2)
}

// Hypot returns √(x² + y²) elementwise without overflow, broadcast and promoted. The gradient at (0, 0) is 0.
func (x *Tensor) Hypot(y *Tensor) *Tensor {
	both := pair("hypot", x, y)
	// In units of the larger: a constant, as it cancels.
	unit := both.Detach().Abs().Max(0)
	unit = Where(unit.EqScalar(0).LogicalOr(unit.IsFinite().LogicalNot()), OnesLike(unit), unit)
	return both.Div(unit).Norm(2, 0).Mul(unit)
}

// pair stacks two inputs, broadcast to one shape, along a new first axis; integers become float32.
func pair(op string, x, y *Tensor) *Tensor {
	s, ok := Broadcast(x.shape, y.shape)
	if !ok {
		Fail(op, ErrShape, []Shape{x.shape, y.shape}, "the shapes do not broadcast: sizes must be equal, or 1, aligned at the last dimension")
	}
	if d := Promote(x.dtype, y.dtype); !d.IsFloat() {
		x, y = x.To(Float32), y.To(Float32)
	}
	return Stack(0, x.ExpandTo(s), y.ExpandTo(s))
}
