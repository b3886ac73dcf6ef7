package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// LockedDropout drops features of a sequence with one mask for all of its steps: it zeroes each feature of each sample with
// probability P, at every step or at none, while training, and scales the others by 1/(1−P). Eval modules pass x through.
//
// It is what Gal and Ghahramani (2016), "A theoretically grounded application of dropout in recurrent neural networks", put on the
// inputs and outputs of recurrent layers, under the name that Merity, Keskar and Socher (2018) gave it; DropoutLSTM has the mask of
// the recurrent connections.
type LockedDropout struct {
	P          float64
	BatchFirst bool              // x is (N, T, C)
	Generator  *random.Generator // draws the masks; saved with a run's state
	Mode       Mode
}

// NewLockedDropout returns a layer for x (T, N, C) whose masks come from a child of g. It panics with ErrValue unless 0 <= p <= 1.
func NewLockedDropout(g *random.Generator, p float64) *LockedDropout {
	return &LockedDropout{P: p, Generator: NewDropout(g, p).Generator}
}

// Forward drops features of x (T, N, C), or (T, C) without a batch; (N, T, C) with BatchFirst.
func (l *LockedDropout) Forward(x *tensor.Tensor) *tensor.Tensor {
	if l.Mode == Infer || l.P == 0 {
		return x
	}
	dims, time := x.Shape().Dims(), 0
	if len(dims) != 2 && len(dims) != 3 {
		tensor.Fail("locked_dropout", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the input must be (T, N, C), (N, T, C) with BatchFirst, or (T, C)")
	}
	if len(dims) == 3 && l.BatchFirst {
		time = 1
	}
	dims[time] = 1
	return x.Mul(tensor.With(x.DType()).On(x.Device()).Ones(dims...).Dropout(l.P, key(l.Generator)))
}
