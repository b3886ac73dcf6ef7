package tensor_test

import (
	"fmt"

	"github.com/hadal-go/hadal/tensor"
)

// An image mirrored by an affine map of its coordinates: (x, y) -> (-x, y).
func ExampleGridSample() {
	x := tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 1, 1, 2, 3)
	theta := tensor.Of([]float32{-1, 0, 0, 0, 1, 0}, 1, 2, 3)
	grid := tensor.AffineGrid(theta, []int{1, 1, 2, 3}, true)
	fmt.Println(tensor.GridSample(x, grid, tensor.GridSampleConfig{AlignCorners: true}))
	// Output: tensor([[[[3, 2, 1], [6, 5, 4]]]], float32 (1, 1, 2, 3))
}

// The inverse of max pooling: the maxima back in their places.
func ExampleMaxUnpool2d() {
	x := tensor.Of([]float32{1, 5, 2, 0, 3, 4, 9, 8}, 1, 1, 2, 4)
	y, indices := tensor.MaxPool2dWithIndices(x, tensor.Square(2))
	fmt.Println(y, indices)
	fmt.Println(tensor.MaxUnpool2d(y, indices, 2, 4))
	// Output:
	// tensor([[[[5, 9]]]], float32 (1, 1, 1, 2)) tensor([[[[1, 6]]]], int64 (1, 1, 1, 2))
	// tensor([[[[0, 5, 0, 0], [0, 0, 9, 0]]]], float32 (1, 1, 2, 4))
}
