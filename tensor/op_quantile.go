package tensor

// QuantileMode is how Quantile treats a rank between two elements.
type QuantileMode uint8

// The modes: on the line between both, the lower, the higher, the nearer one (of two equally near that of the even rank), and
// their mean.
const (
	QuantileLinear QuantileMode = iota
	QuantileLower
	QuantileHigher
	QuantileNearest
	QuantileMidpoint
)

// Quantile returns, for each q in [0, 1], the element of rank q (n-1) of the n sorted along an axis: (Q, ...), where the axis
// is removed. Where there is a NaN the result is NaN. It panics with ErrValue on a q outside [0, 1], with ErrShape when there
// are no elements, with ErrDType unless x is floating-point.
func (x *Tensor) Quantile(q []float64, axis int, mode QuantileMode) *Tensor {
	return x.quantile("quantile", false, q, axis, mode)
}

// NanQuantile is Quantile of the elements that are not NaN; NaN where all are.
func (x *Tensor) NanQuantile(q []float64, axis int, mode QuantileMode) *Tensor {
	return x.quantile("nanquantile", true, q, axis, mode)
}

func (x *Tensor) quantile(op string, skipNaN bool, q []float64, axis int, mode QuantileMode) *Tensor {
	axis = x.shape.axis(op, axis)
	n := x.shape.at(axis)
	if !x.dtype.IsFloat() {
		Fail(op, ErrDType, []Shape{x.shape}, "%v is not supported here; convert with To(tensor.Float32)", x.dtype)
	}
	if n == 0 {
		Fail(op, ErrShape, []Shape{x.shape}, "there are no elements along axis %d", axis)
	}
	if mode > QuantileMidpoint {
		Fail(op, ErrValue, []Shape{x.shape}, "mode %d is none of QuantileLinear to QuantileMidpoint", mode)
	}
	for _, v := range q {
		if !(v >= 0 && v <= 1) {
			Fail(op, ErrValue, []Shape{x.shape}, "q must be in [0, 1], not %v", v)
		}
	}
	sorted, _ := x.Sort(axis, false)
	rank := sorted.ranks(axis, Of(q).onDeviceOf(x).alongAxis(axis, x.shape.rank), skipNaN)
	pick := func(at *Tensor) *Tensor { return sorted.TakeAlongDim(axis, at.To(Int64)).Movedim(axis, 0) }
	switch mode {
	case QuantileLower:
		return pick(rank.Floor())
	case QuantileHigher:
		return pick(rank.Ceil())
	case QuantileNearest:
		return pick(rank.Round())
	}
	below, above := pick(rank.Floor()), pick(rank.Ceil())
	w := rank.Sub(rank.Floor()).Movedim(axis, 0)
	between := w.GtScalar(0)
	if mode == QuantileMidpoint {
		w = FullLike(w, 0.5)
	}
	// At an element itself nothing is added: an infinite one less itself is NaN.
	return Where(between, below.Add(above.Sub(below).Mul(w.To(x.dtype))), below)
}

// ranks returns the float64 places of the quantiles q, which lie along the axis, in the sorted x; that of a NaN where there is
// one, unless these are skipped.
func (x *Tensor) ranks(axis int, q *Tensor, skipNaN bool) *Tensor {
	x = x.Detach()
	last := x.shape.at(axis) - 1
	if skipNaN {
		count := x.IsNaN().LogicalNot().SumKeepdim(axis).To(Float64)
		return q.Mul(count.SubScalar(1).ClampMin(0))
	}
	nan := x.Narrow(axis, last, 1).IsNaN()
	return Where(nan, q.scalar(float64(last)), q.MulScalar(float64(last)))
}
