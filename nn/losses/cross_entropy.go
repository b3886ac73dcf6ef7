package losses

import "github.com/hadal-go/hadal/tensor"

// CrossEntropy returns the mean cross-entropy of softmax(x) against classes y: logits x (N, C), or (N, C, ...) with y
// (N, ...) int64; or probabilities y of x's shape.
func CrossEntropy(x, y *tensor.Tensor) *tensor.Tensor { return CrossEntropyLoss{}.Of(x, y) }

// CrossEntropyLoss is the cross-entropy with options.
type CrossEntropyLoss struct {
	Weight         *tensor.Tensor // of each class (C,); the mean divides by the weights of the targets
	LabelSmoothing float64        // ε: the target becomes (1−ε) y + ε/C
	IgnoreIndex    *int64         // targets of this class count neither in sum nor in mean; nil: -100
	Reduction      Reduction
}

// Of returns the reduced loss; see tensor.CrossEntropy for the formula.
func (l CrossEntropyLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	if x.Rank() < 2 {
		tensor.Fail("cross_entropy", tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "the logits must be (N, C) or (N, C, ...)")
	}
	if y.DType().IsFloat() {
		return l.soft(x, y)
	}
	x, y, shape := classesLast("cross_entropy", x, y)
	v := tensor.CrossEntropy(x, y, tensor.CrossEntropyConfig{Weight: l.Weight, LabelSmoothing: l.LabelSmoothing, IgnoreIndex: l.IgnoreIndex})
	return reduceClasses(l.Reduction, v, y, l.Weight, l.IgnoreIndex, shape)
}

// soft is the loss against probabilities: −Σ_k w_k q_k ln softmax(x)_k with q = (1−ε) y + ε/C.
func (l CrossEntropyLoss) soft(x, y *tensor.Tensor) *tensor.Tensor {
	sameShape("cross_entropy", x, y)
	q := y
	if l.LabelSmoothing != 0 {
		q = y.MulScalar(1 - l.LabelSmoothing).AddScalar(l.LabelSmoothing / float64(x.Dim(1)))
	}
	if l.Weight != nil {
		dims := []int{x.Dim(1)}
		for range x.Rank() - 2 {
			dims = append(dims, 1)
		}
		q = q.Mul(l.Weight.Detach().Reshape(dims...))
	}
	v := q.Mul(x.LogSoftmax(1)).Sum(1).Neg()
	return l.Reduction.apply(v)
}

// classesLast brings x (N, C, ...) and y (N, ...) to (M, C) and (M,), and returns y's shape.
func classesLast(op string, x, y *tensor.Tensor) (_, _ *tensor.Tensor, s tensor.Shape) {
	s = x.Shape().Remove(1)
	if y.Shape() != s {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "the target of an input (N, C, ...) must be classes of shape %v", s)
	}
	if x.Rank() > 2 {
		order := []int{0}
		for i := 2; i < x.Rank(); i++ {
			order = append(order, i)
		}
		x = x.Permute(append(order, 1)...).Reshape(-1, x.Dim(1))
		y = y.Reshape(-1)
	}
	return x, y, s
}

// reduceClasses reduces the losses v of classes y: the mean is weighted by the classes' weights and leaves out ignored ones.
func reduceClasses(r Reduction, v, y, weight *tensor.Tensor, ignore *int64, shape tensor.Shape) *tensor.Tensor {
	switch {
	case r == None:
		return v.ReshapeTo(shape)
	case r == Sum:
		return v.Sum()
	case y.Device() == tensor.Meta:
		return v.Mean()
	}
	skip := int64(-100)
	if ignore != nil {
		skip = *ignore
	}
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
