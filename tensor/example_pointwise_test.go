package tensor_test

import (
	"fmt"

	"github.com/hadal-go/hadal/tensor"
)

func ExampleWhere() {
	x := tensor.Of([]float32{-1, 0, 2})
	fmt.Println(tensor.Where(x.GtScalar(0), x, tensor.Scalar[float32](-0.5)))
	// Output: tensor([-0.5, -0.5, 2], float32 (3,))
}
