package tensor

// OneHot returns Int64 vectors that are 1 at the class and 0 elsewhere: y[..., k] = 1 where k = x[...], of shape (..., classes).
// It panics with ErrDType unless x is Int64, with ErrIndex on a class outside [0, classes).
func (x *Tensor) OneHot(classes int) *Tensor {
	if x.dtype != Int64 {
		Fail("one_hot", ErrDType, []Shape{x.shape}, "the classes are %v; convert them with To(tensor.Int64)", x.dtype)
	}
	if classes < 1 {
		Fail("one_hot", ErrValue, []Shape{x.shape}, "the number of classes, %d, must be positive", classes)
	}
	at := x.Unsqueeze(-1)
	f := Factory{Int64, x.dev}
	return f.FullShape(0, x.shape.Insert(x.shape.rank, classes)).Scatter(-1, at, f.FullShape(1, at.shape))
}
