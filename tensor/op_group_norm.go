package tensor

// GroupNorm normalises each sample of x (N, C, ...) over groups of C/groups neighbouring channels and all that follows (Wu
// and He, 2018):
//
//	y = (x − mean)/√(var + eps) · weight + bias
//
// with the biased variance of each group; weight and bias (C) may be nil. One group is layer norm over (C, ...), C groups
// are instance norm (Ulyanov et al., 2016). It panics with ErrShape where the shapes do not fit.
func GroupNorm(x *Tensor, groups int, weight, bias *Tensor, eps float64) *Tensor {
	if x.shape.rank < 2 || groups < 1 || x.shape.at(1)%groups != 0 {
		Fail("group_norm", ErrShape, []Shape{x.shape}, "the input must be (N, C, ...) with C a multiple of the %d groups", groups)
	}
	n, c := x.shape.at(0), x.shape.at(1)
	if x.Numel() == 0 {
		if n != 0 {
			Fail("group_norm", ErrShape, []Shape{x.shape}, "there is nothing to normalise")
		}
		return x
	}
	size := x.Numel() / (n * groups)
	f := With(x.dtype).On(x.dev)
	y := LayerNorm(x.ReshapeTo(ShapeOf(n*groups, size)), f.Ones(size), f.Zeros(size), eps).ReshapeTo(x.shape)
	perChannel := Shape{rank: x.shape.rank - 1}
	for i := range perChannel.rank {
		perChannel.set(i, 1)
	}
	perChannel.set(0, c)
	for _, p := range []*Tensor{weight, bias} {
		if p != nil && p.shape != ShapeOf(c) {
			Fail("group_norm", ErrShape, []Shape{x.shape, p.shape}, "weight and bias must have shape (%d,), one value a channel", c)
		}
	}
	if weight != nil {
		y = y.Mul(weight.ReshapeTo(perChannel))
	}
	if bias != nil {
		y = y.Add(bias.ReshapeTo(perChannel))
	}
	return y
}
