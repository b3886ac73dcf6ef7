package dataset

import (
	"context"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Tensors is the data set of a tensor's rows and their classes, as PyTorch's TensorDataset: sample i is X[i] and Y[i]. NewBatchLoader takes
// its batches out of X and Y as they are.
type Tensors struct {
	X *tensor.Tensor // (N, ...)
	Y *tensor.Tensor // (N,) int64
}

// NewTensors returns the data set of x (N, ...) and y (N,) int64. It panics with ErrShape unless there is one class for each row, and with
// ErrDType unless y is int64.
func NewTensors(x, y *tensor.Tensor) Tensors {
	if x.Rank() == 0 || y.Rank() != 1 || y.Dim(0) != x.Dim(0) {
		tensor.Fail("dataset.NewTensors", tensor.ErrShape, []tensor.Shape{x.Shape(), y.Shape()}, "x must have a row for each of y's classes")
	}
	if y.DType() != tensor.Int64 {
		tensor.Fail("dataset.NewTensors", tensor.ErrDType, nil, "y is %v, classes are int64", y.DType())
	}
	return Tensors{x, y}
}

// Len returns N.
func (t Tensors) Len() int { return t.Y.Dim(0) }

// At returns row i and its class. It panics with ErrIndex unless 0 <= i < N.
func (t Tensors) At(_ context.Context, i int, _ *random.Generator) (Sample, error) {
	checkIndex("tensors", i, t.Len())
	return Sample{X: t.X.Select(0, i), Y: int64(t.Y.Select(0, i).Item())}, nil
}

// Gather returns the rows of the given numbers and their classes. It panics as At does.
func (t Tensors) Gather(_ context.Context, indices []int) (Batch, error) {
	rows := make([]int64, len(indices))
	for j, i := range indices {
		checkIndex("tensors", i, t.Len())
		rows[j] = int64(i)
	}
	at := tensor.Of(rows)
	return Batch{t.X.IndexSelect(0, at), t.Y.IndexSelect(0, at)}, nil
}
