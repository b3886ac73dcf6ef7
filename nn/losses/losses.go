// Package losses holds the training objectives. Each is a function with PyTorch's defaults (the mean over samples), and a
// struct of the same name with "Loss" behind it where there are options: CrossEntropy(x, y) is CrossEntropyLoss{}.Of(x, y).
package losses

import "github.com/hadal-go/hadal/tensor"

// Reduction says how the losses of single elements or samples become the result.
type Reduction uint8

// The reductions; None keeps every element.
const (
	Mean Reduction = iota
	Sum
	None
)

func (r Reduction) apply(l *tensor.Tensor) *tensor.Tensor {
	switch r {
	case Sum:
		return l.Sum()
	case None:
		return l
	}
	return l.Mean()
}

func sameShape(op string, x, y *tensor.Tensor) {
	if x.Shape() != y.Shape() {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "prediction and target must have one shape")
	}
}
