package tensor_test

import (
	"fmt"

	"github.com/hadal-go/hadal/tensor"
)

// The messages along the edges of a graph are summed, and weighed, at the nodes they lead to.
func ExampleTensor_SegmentSum() {
	messages := tensor.Of([]float32{1, 10, 2, 20, 3, 30}, 3, 2)
	target := tensor.Of([]int64{0, 2, 0})
	fmt.Println(messages.SegmentSum(target, 3))
	fmt.Println(messages.SegmentMean(target, 3))
	fmt.Println(tensor.Of([]float32{0, 5, 0}).SegmentSoftmax(target, 3))
	// Output:
	// tensor([[4, 40], [0, 0], [2, 20]], float32 (3, 2))
	// tensor([[2, 20], [0, 0], [2, 20]], float32 (3, 2))
	// tensor([0.5, 1, 0.5], float32 (3,))
}

func ExampleTensor_Index() {
	x := tensor.Arange(0, 12, 1).Reshape(3, 4)
	fmt.Println(x.Index(tensor.Of([]int64{0, -1}), tensor.Of([]int64{1, 2}))) // x[0, 1] and x[-1, 2]
	fmt.Println(x.Index(nil, tensor.Of([]int64{3, 0})))                       // two columns
	fmt.Println(x.Index(x.GtScalar(8)))                                       // where a mask is true
	// Output:
	// tensor([1, 10], int64 (2,))
	// tensor([[3, 0], [7, 4], [11, 8]], int64 (3, 2))
	// tensor([9, 10, 11], int64 (3,))
}

func ExampleUnfold() {
	x := tensor.With(tensor.Float32).Arange(0, 9, 1).Reshape(1, 1, 3, 3)
	columns := tensor.Unfold(x, tensor.FoldConfig{Kernel: [2]int{2, 2}})
	fmt.Println(columns)
	fmt.Println(tensor.Fold(columns, 3, 3, tensor.FoldConfig{Kernel: [2]int{2, 2}})) // each element as often as blocks hold it
	// Output:
	// tensor([[[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]], float32 (1, 4, 4))
	// tensor([[[[0, 2, 2], [6, 16, 10], [6, 14, 8]]]], float32 (1, 1, 3, 3))
}
