package npy

import (
	"fmt"

	"github.com/hadal-go/hadal/tensor"
)

var names = map[tensor.DType]string{
	tensor.Float32: "f4", tensor.Float64: "f8", tensor.Float16: "f2",
	tensor.Int64: "i8", tensor.Int32: "i4", tensor.Uint8: "u1", tensor.Bool: "b1",
}

// FromTensor returns the tensor as an array. NumPy has no bfloat16: convert it first.
func FromTensor(t *tensor.Tensor) (*Array, error) {
	d, ok := names[t.DType()]
	if !ok {
		return nil, fmt.Errorf("npy: NumPy has no %v; convert with To(tensor.Float32)", t.DType())
	}
	return &Array{d, t.Shape().Dims(), t.Bytes()}, nil
}

// Tensor returns the array as a tensor. What no tensor can be is an error: types such as u4, more than tensor.MaxRank
// dimensions, and dimensions of 2³¹ and more. It panics with ErrShape when Data does not fill Shape.
func (a *Array) Tensor() (*tensor.Tensor, error) {
	for d, n := range names {
		if n != a.DType {
			continue
		}
		var shape tensor.Shape
		if err, ok := tensor.Catch(func() { shape = tensor.ShapeOf(a.Shape...) }).(*tensor.Error); ok {
			return nil, fmt.Errorf("npy: the array cannot be a tensor: %s", err.Msg)
		}
		return tensor.FromBytes(a.Data, d, shape), nil
	}
	return nil, fmt.Errorf("npy: tensors have no dtype %.40q; they have f2 f4 f8 i4 i8 u1 and b1", a.DType)
}
