package tensor

// Prod returns the product over the axes (all when none are given), which are removed; the product of nothing is 1.
// Factors are multiplied in pairs, so that every derivative is exact also where some are zero. Integers and bools multiply as
// int64.
func (x *Tensor) Prod(axes ...int) *Tensor {
	r := x.reductionOf("prod", false, axes)
	if !x.dtype.IsFloat() {
		x = x.To(Int64)
	}
	order, n := make([]int, 0, MaxRank), 1
	for i := range x.shape.rank {
		if r.axes[i] {
			order = append(order, i)
			n *= x.shape.at(i)
		}
	}
	kept := r.result(x.shape)
	for i := range x.shape.rank {
		if !r.axes[i] {
			order = append(order, i)
		}
	}
	if n == 0 {
		return Apply1(sumOp{r}, x).AddScalar(1)
	}
	p := x.Permute(order...).ReshapeTo(ShapeOf(n, kept.Numel()))
	for n > 1 {
		half := n / 2
		q := p.Narrow(0, 0, half).Mul(p.Narrow(0, half, half))
		if n%2 == 1 {
			q = Concat(0, q, p.Narrow(0, n-1, 1))
		}
		p, n = q, half+n%2
	}
	return p.ReshapeTo(kept)
}

// ProdKeepdim is Prod with the reduced axes kept at size 1.
func (x *Tensor) ProdKeepdim(axes ...int) *Tensor { return x.kept("prod", x.Prod(axes...), axes) }
