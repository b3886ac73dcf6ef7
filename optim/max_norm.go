package optim

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// MaxNorm shortens the weights of every unit that are longer than limit, to be called after each step:
//
//	w_j ← w_j · min(1, limit/‖w_j‖)
//
// where w_j, what a unit j multiplies its inputs by, is row j of the first dimension, as in weights (out, in) and (out, in, kernel...).
// Parameters of one dimension, such as biases, stay. It lets dropout train at high rates (Srivastava et al., 2014, section 5.1) and is
// torch.renorm of dimension 0 after each step. It panics with ErrValue unless limit is positive.
func MaxNorm(params []*tensor.Param, limit float64) {
	if !(limit > 0) {
		tensor.Fail("max_norm", tensor.ErrValue, nil, "the limit %v must be positive", limit)
	}
	if math.IsInf(limit, 1) {
		return
	}
	for _, p := range params {
		switch {
		case p.Rank() < 2:
		case p.DType() == tensor.Float32:
			p.Update(func(data tensor.View) { shortenRows(tensor.Slice[float32](data), p.Dim(0), limit) })
		case p.DType() == tensor.Float64:
			p.Update(func(data tensor.View) { shortenRows(tensor.Slice[float64](data), p.Dim(0), limit) })
		default:
			w := p.Detach().To(tensor.Float32)
			lengths := w.Flatten(1).NormKeepdim(2, 1)
			p.CopyFrom(w.Flatten(1).Mul(lengths.ClampMin(limit).Reciprocal().MulScalar(limit)).Reshape(w.Shape().Dims()...))
		}
	}
}

func shortenRows[T float32 | float64](w []T, rows int, limit float64) {
	for j := range rows {
		row := w[j*len(w)/rows : (j+1)*len(w)/rows]
		sum := 0.0
		for _, v := range row {
			sum += float64(v) * float64(v)
		}
		if length := math.Sqrt(sum); length > limit {
			f := T(limit / length)
			for i := range row {
				row[i] *= f
			}
		}
	}
}
