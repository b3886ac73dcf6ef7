package tensor

// Tanhshrink returns x - tanh x elementwise; integers become float32.
func (x *Tensor) Tanhshrink() *Tensor { return x.Sub(x.Tanh()) }
