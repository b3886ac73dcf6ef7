package tensor

// PReLU returns x where x > 0, else weight·x (He et al., 2015). weight has one element, or one for each channel of x (N, C,
// ...). It panics with ErrShape otherwise.
func PReLU(x, weight *Tensor) *Tensor {
	w := weight
	if n := weight.Numel(); weight.shape.rank > 1 || n != 1 && (x.shape.rank < 2 || x.shape.at(1) != n) {
		Fail("prelu", ErrShape, []Shape{x.shape, weight.shape}, "the weight must have one element, or one for each channel of an input (N, C, ...)")
	} else if n != 1 {
		s := Shape{rank: x.shape.rank - 1}
		for i := range s.rank {
			s.set(i, 1)
		}
		s.set(0, n)
		w = weight.ReshapeTo(s)
	} else {
		w = weight.ReshapeTo(Shape{})
	}
	return x.ReLU().Sub(w.Mul(x.Neg().ReLU()))
}
