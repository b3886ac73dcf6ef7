// Package losses holds the training objectives. Each is a function with the usual options (the mean over samples), and a
// struct of the same name with "Loss" behind it for others: CrossEntropy(x, y) is CrossEntropyLoss{}.Of(x, y). Predictions
// come first, targets second, formulas and options are PyTorch's; the result has the predictions' dtype.
package losses

import "github.com/hadal-go/hadal/tensor"

// Reduction says how the losses of single elements or samples become the result.
//
// Sum adds them up, so that its gradient is the sum of the samples' gradients, and those of mini-batches add up to that of the whole
// set. Mean divides by their number: the N samples where a sample has one loss (CrossEntropy, MultiMargin, Triplet), all N·D·...
// elements where each element has its own (MSE, L1, BCE). CrossEntropy, NLL and Focal divide by the weights of the targets that count.
// The step of SGD is the same with Mean at the rate η as with Sum at η over what Mean divides by; means of mini-batches of n_b
// samples add up with the weights n_b/N.
type Reduction uint8

// The reductions; None keeps every element. The Mean of nothing is NaN.
const (
	Mean Reduction = iota
	Sum
	None
)

func (r Reduction) apply(l *tensor.Tensor) *tensor.Tensor {
	switch r {
	case Mean:
		return l.Mean()
	case Sum:
		return l.Sum()
	case None:
		return l
	}
	tensor.Fail("losses", tensor.ErrValue, []tensor.Shape{l.Shape()}, "reduction %d is none of Mean, Sum and None", r)
	return nil
}

// pair checks that prediction and target have one shape and returns the target in the prediction's dtype.
func pair(op string, x, y *tensor.Tensor) *tensor.Tensor {
	if x.Shape() != y.Shape() {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "prediction and target must have one shape")
	}
	if !x.DType().IsFloat() {
		tensor.Fail(op, tensor.ErrDType, []tensor.Shape{x.Shape(), y.Shape()}, "the prediction is %v; convert it with To(tensor.Float32)", x.DType())
	}
	return y.To(x.DType())
}

// weights returns w as constants of x's dtype that broadcast to x's shape.
func weights(op string, w, x *tensor.Tensor) *tensor.Tensor {
	if s, ok := tensor.Broadcast(w.Shape(), x.Shape()); !ok || s != x.Shape() {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape(), w.Shape()}, "the weights do not broadcast to the prediction's shape")
	}
	return w.Detach().To(x.DType())
}

// classWeights is weights for one weight a class, (C,).
func classWeights(op string, w, x *tensor.Tensor) *tensor.Tensor {
	if c := x.Dim(classAxis(x)); w.Shape() != tensor.ShapeOf(c) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape(), w.Shape()}, "the class weights must have shape (%d,), one for each class", c)
	}
	return w.Detach().To(x.DType())
}

func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
