package tensor

// Addcmul returns x + s a b elementwise.
func (x *Tensor) Addcmul(a, b *Tensor, s float64) *Tensor { return x.Add(a.Mul(b).MulScalar(s)) }

// Addcdiv returns x + s a / b elementwise.
func (x *Tensor) Addcdiv(a, b *Tensor, s float64) *Tensor { return x.Add(a.Div(b).MulScalar(s)) }
