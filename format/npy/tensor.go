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

// Tensor returns the array as a tensor. Types that tensors do not have, such as u4, and more than tensor.MaxRank
// dimensions are errors.
func (a *Array) Tensor() (*tensor.Tensor, error) {
	if len(a.Shape) > tensor.MaxRank {
		return nil, fmt.Errorf("npy: the array has %d dimensions, more than the %d that tensors may have", len(a.Shape), tensor.MaxRank)
	}
	for d, n := range names {
		if n == a.DType {
			return tensor.FromBytes(a.Data, d, tensor.ShapeOf(a.Shape...)), nil
		}
	}
	return nil, fmt.Errorf("npy: tensors have no dtype %s; they have f2 f4 f8 i4 i8 u1 and b1", a.DType)
}
