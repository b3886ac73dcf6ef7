package tensor

// Softsign returns x / (1 + |x|) elementwise; integers become float32.
func (x *Tensor) Softsign() *Tensor { return x.Div(x.Abs().AddScalar(1)) }
