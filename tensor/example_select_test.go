package tensor_test

import (
	"fmt"

	"github.com/hadal-go/hadal/tensor"
)

func ExampleTensor_TopK() {
	scores := tensor.Of([]float32{0.1, 0.7, 0.2, 0.3, 0.3, 0.4}, 2, 3)
	values, classes := scores.TopK(2, 1, true)
	fmt.Println(values)
	fmt.Println(classes)
	// Output:
	// tensor([[0.7, 0.2], [0.4, 0.3]], float32 (2, 2))
	// tensor([[1, 2], [2, 0]], int64 (2, 2))
}

func ExampleTensor_Unique() {
	values, inverse, counts := tensor.Of([]int64{7, 3, 7, 7}).Unique()
	fmt.Println(values, inverse, counts)
	// Output: tensor([3, 7], int64 (2,)) tensor([1, 0, 1, 1], int64 (4,)) tensor([1, 3], int64 (2,))
}

func ExampleSearchSorted() {
	ages := tensor.Of([]int64{5, 18, 64, 80})
	limits := tensor.Of([]int64{18, 65})
	fmt.Println(tensor.SearchSorted(limits, ages, tensor.SearchSortedConfig{Right: true}))
	// Output: tensor([0, 1, 1, 2], int64 (4,))
}
