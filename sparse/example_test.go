package sparse_test

import (
	"fmt"

	"github.com/hadal-go/hadal/sparse"
	"github.com/hadal-go/hadal/tensor"
)

// One step of graph convolution: each node takes the normalised mean of its neighbours and itself.
func Example() {
	from, to := tensor.Of([]int64{0, 1, 1, 2}), tensor.Of([]int64{1, 0, 2, 1}) // a path of three nodes, both ways
	a := sparse.FromCOO(3, 3, from, to, tensor.Ones(4)).AddIdentity().NormalizeRows()
	x := tensor.Of([]float32{1, 0, 5}, 3, 1).RequireGrad()
	y := a.MatMul(x)
	y.Sum().Backward()
	fmt.Println(a)
	fmt.Println(y.Detach().Flatten(0))
	fmt.Println(x.Grad().Flatten(0))
	// Output:
	// sparse(3 x 3, 7 entries, float32)
	// tensor([0.5, 2, 2.5], float32 (3,))
	// tensor([0.83333, 1.3333, 0.83333], float32 (3,))
}
