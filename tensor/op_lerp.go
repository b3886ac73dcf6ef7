package tensor

// Lerp returns x + w (end - x), the linear interpolation from x (w = 0) to end (w = 1), exact at both.
func (x *Tensor) Lerp(end *Tensor, w float64) *Tensor {
	d := end.Sub(x)
	if w < 0.5 {
		return x.Add(d.MulScalar(w))
	}
	return end.Sub(d.MulScalar(1 - w))
}
