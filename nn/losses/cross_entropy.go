package losses

import "github.com/hadal-go/hadal/tensor"

// CrossEntropy returns the mean cross-entropy of softmax(x) against classes y: logits x (N, C), or (N, C, ...) with y
// (N, ...) int64, or (C,) with a scalar; or probabilities y of x's shape.
func CrossEntropy(x, y *tensor.Tensor) *tensor.Tensor { return CrossEntropyLoss{}.Of(x, y) }

// CrossEntropyLoss is the cross-entropy with options.
type CrossEntropyLoss struct {
	Weight         *tensor.Tensor // of each class (C,); the mean over classes y divides by the weights of the targets
	LabelSmoothing float64        // ε: the target becomes (1−ε) y + ε/C (Szegedy et al., 2016)
	IgnoreIndex    *int64         // targets of this class count neither in sum nor in mean; nil: -100
	Reduction      Reduction
}

// Of returns the reduced −Σ_k w_k q_k ln softmax(x)_k of each sample, where q = (1−ε) y + ε/C and a class stands for its
// one-hot vector. It panics with ErrIndex when a class is outside [0, C) and is not the ignored one.
func (l CrossEntropyLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	if !(l.LabelSmoothing >= 0 && l.LabelSmoothing <= 1) {
		tensor.Fail("cross_entropy", tensor.ErrValue, []tensor.Shape{x.Shape(), y.Shape()}, "label smoothing %v must lie in [0, 1]", l.LabelSmoothing)
	}
	if y.DType().IsFloat() {
		return l.soft(x, y)
	}
	checkClasses("cross_entropy", x, y)
	w := l.Weight
	if w != nil {
		w = classWeights("cross_entropy", w, x)
	}
	shape := y.Shape()
	x, y = classesLast(x, y)
	v := tensor.CrossEntropy(x, y, tensor.CrossEntropyConfig{Weight: w, LabelSmoothing: l.LabelSmoothing, IgnoreIndex: l.IgnoreIndex})
	return reduceClasses(l.Reduction, v, y, w, l.IgnoreIndex, shape)
}

// soft is the loss against probabilities.
func (l CrossEntropyLoss) soft(x, y *tensor.Tensor) *tensor.Tensor {
	shapes := []tensor.Shape{x.Shape(), y.Shape()}
	if x.Rank() < 1 || x.Shape() != y.Shape() {
		tensor.Fail("cross_entropy", tensor.ErrShape, shapes, "logits (N, C), (N, C, ...) or (C,) need a target of probabilities of the same shape, or of int64 classes, not %v", y.DType())
	}
	if l.IgnoreIndex != nil && *l.IgnoreIndex >= 0 { // negative ones, such as the default, are no class anyway
		tensor.Fail("cross_entropy", tensor.ErrValue, shapes, "the ignored class %d has no meaning when the target is probabilities", *l.IgnoreIndex)
	}
	axis := classAxis(x)
	q := y.To(x.DType()).MulScalar(1 - l.LabelSmoothing).AddScalar(l.LabelSmoothing / float64(x.Dim(axis)))
	if l.Weight != nil {
		dims := []int{x.Dim(axis)}
		for range x.Rank() - axis - 1 {
			dims = append(dims, 1)
		}
		q = q.Mul(classWeights("cross_entropy", l.Weight, x).Reshape(dims...))
	}
	return l.Reduction.apply(q.Mul(x.LogSoftmax(axis)).Sum(axis).Neg())
}

// classAxis returns the axis of the classes: 1, but 0 of a single sample (C,).
func classAxis(x *tensor.Tensor) int { return min(1, x.Rank()-1) }

// checkClasses panics unless x is (N, C, ...) and y (N, ...) int64, or x (C,) and y a scalar.
func checkClasses(op string, x, y *tensor.Tensor) {
	shapes := []tensor.Shape{x.Shape(), y.Shape()}
	if y.DType() != tensor.Int64 {
		tensor.Fail(op, tensor.ErrDType, shapes, "the target must be int64 classes, not %v; convert with To(tensor.Int64)", y.DType())
	}
	if x.Rank() < 1 {
		tensor.Fail(op, tensor.ErrShape, shapes, "the prediction must be (N, C), (N, C, ...) or (C,)")
	}
	if want := x.Shape().Remove(classAxis(x)); y.Shape() != want {
		tensor.Fail(op, tensor.ErrShape, shapes, "the target of a prediction (N, C, ...) must be classes of shape %v", want)
	}
}

// classesLast brings x (N, C, ...) and y (N, ...) to (M, C) and (M,).
func classesLast(x, y *tensor.Tensor) (_, _ *tensor.Tensor) {
	switch x.Rank() {
	case 1:
		return x.Unsqueeze(0), y.Unsqueeze(0)
	case 2:
		return x, y
	}
	order := []int{0}
	for i := 2; i < x.Rank(); i++ {
		order = append(order, i)
	}
	return x.Permute(append(order, 1)...).Reshape(y.Numel(), x.Dim(1)), y.Reshape(y.Numel())
}

// reduceClasses reduces the losses v of classes y: the mean is weighted by the classes' weights and leaves out ignored ones.
func reduceClasses(r Reduction, v, y, weight *tensor.Tensor, ignore *int64, shape tensor.Shape) *tensor.Tensor {
	switch {
	case r != Mean:
		return r.apply(v.ReshapeTo(shape))
	case y.Device() == tensor.Meta:
		return v.Mean()
	}
	skip := or(ignore, -100)
	var w []float64
	if weight != nil {
		w = weight.Floats()
	}
	var total float64
	tensor.Read(y, func(y []int64) {
		for _, k := range y {
			switch {
			case k == skip:
			case w != nil:
				total += w[k]
			default:
				total++
			}
		}
	})
	return v.Sum().MulScalar(1 / total)
}
