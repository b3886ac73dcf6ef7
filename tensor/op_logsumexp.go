package tensor

// LogSumExp returns ln Σ exp(x) over the axes (all when none are given), which are removed, computed from differences to
// the maximum, so that no exp overflows. Over nothing it is -Inf. Its gradient, softmax(x), is NaN at infinite maxima.
func (x *Tensor) LogSumExp(axes ...int) *Tensor {
	r := x.reductionOf("logsumexp", false, axes)
	if r.count(x.shape) == 0 {
		return Apply1(sumOp{r}, x).Log()
	}
	keep := reduction{r.axes, true}
	m := Apply1(extremeOp{keep, true}, x.Detach())
	m = m.MaskedFill(m.IsInf(), 0) // ±Inf - ±Inf would be NaN
	return Apply1(sumOp{r}, x.Sub(m).Exp()).Log().Add(m.ReshapeTo(r.result(x.shape)))
}

// LogSumExpKeepdim is LogSumExp with the reduced axes kept at size 1.
func (x *Tensor) LogSumExpKeepdim(axes ...int) *Tensor {
	return x.kept("logsumexp", x.LogSumExp(axes...), axes)
}
