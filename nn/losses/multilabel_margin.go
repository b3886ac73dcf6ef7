package losses

import "github.com/hadal-go/hadal/tensor"

// MultiLabelMargin returns the mean multi-label hinge loss of scores x (N, C), or (C,), and labels y of the same shape, int64:
// each row lists its classes up to the first −1.
func MultiLabelMargin(x, y *tensor.Tensor) *tensor.Tensor { return MultiLabelMarginLoss{}.Of(x, y) }

// MultiLabelMarginLoss is the multi-label hinge loss with options.
type MultiLabelMarginLoss struct{ Reduction Reduction }

// Of returns the reduced Σ_j Σ_i max(0, 1 − x[y_j] + x[i])/C of each sample, where j runs over the labels before the first −1
// and i over the classes that are none of them; a label named twice counts twice. It panics with ErrIndex when a label, also
// behind the first −1, is outside [−1, C).
func (l MultiLabelMarginLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	const op = "multilabel_margin"
	shapes := []tensor.Shape{x.Shape(), y.Shape()}
	if y.DType() != tensor.Int64 {
		tensor.Fail(op, tensor.ErrDType, shapes, "the target must be int64 labels, not %v; convert with To(tensor.Int64)", y.DType())
	}
	if !x.DType().IsFloat() {
		tensor.Fail(op, tensor.ErrDType, shapes, "the scores are %v; convert with To(tensor.Float32)", x.DType())
	}
	if x.Rank() < 1 || x.Rank() > 2 || x.Shape() != y.Shape() || x.Dim(-1) == 0 {
		tensor.Fail(op, tensor.ErrShape, shapes, "scores and labels must have one shape, (N, C) or (C,), with C at least 1; fill rows of labels up with -1")
	}
	classes := x.Dim(-1)
	sample := x.Shape().Remove(-1) // (N,) or ()
	if x.Device() == tensor.Meta {
		return l.Reduction.apply(x.Sum(-1))
	}
	x, y = x.Reshape(sample.Numel(), classes), y.Reshape(sample.Numel(), classes)
	at, listed, other := labelLists(op, x, y)
	// (N, J, 1) against (N, 1, C), J the longest list.
	v := x.Unsqueeze(1).Sub(x.Gather(1, at).Unsqueeze(2)).AddScalar(1).ReLU()
	v = v.Mul(listed.Unsqueeze(2)).Mul(other.Unsqueeze(1)).Sum(1, 2).DivScalar(float64(classes))
	return l.Reduction.apply(v.ReshapeTo(sample))
}

// labelLists cuts the rows of labels y (N, C) at the longest list: at (N, J) has the labels, 0 behind a list's end, listed (N, J)
// is 1 before it, and other (N, C) is 1 at the classes that are not listed.
func labelLists(op string, x, y *tensor.Tensor) (at, listed, other *tensor.Tensor) {
	rows, classes := y.Dim(0), y.Dim(1)
	labels := tensor.Data[int64](y)
	ends, longest := make([]int, rows), 0
	for i, k := range labels {
		if k < -1 || k >= int64(classes) {
			tensor.Fail(op, tensor.ErrIndex, []tensor.Shape{x.Shape(), y.Shape()}, "label %d of row %d is neither a class in [0, %d) nor -1", k, i/classes, classes)
		}
	}
	for i := range rows {
		for ends[i] < classes && labels[i*classes+ends[i]] >= 0 {
			ends[i]++
		}
		longest = max(longest, ends[i])
	}
	a, l, o := make([]int64, rows*longest), make([]float32, rows*longest), make([]float32, rows*classes)
	for i := range o {
		o[i] = 1
	}
	for i, end := range ends {
		for j, k := range labels[i*classes : i*classes+end] {
			a[i*longest+j], l[i*longest+j] = k, 1
			o[i*classes+int(k)] = 0
		}
	}
	return tensor.Of(a, rows, longest), tensor.Of(l, rows, longest).To(x.DType()), tensor.Of(o, rows, classes).To(x.DType())
}
