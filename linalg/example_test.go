package linalg_test

import (
	"fmt"

	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/tensor"
)

func ExampleSolve() {
	a := tensor.Of([]float64{2, 1, 1, 3}, 2, 2)
	x, err := linalg.Solve(a, tensor.Of([]float64{3, 5}))
	fmt.Println(x, err)
	_, err = linalg.Solve(tensor.Of([]float64{1, 2, 2, 4}, 2, 2), tensor.Of([]float64{3, 5}))
	fmt.Println(err)
	// Output:
	// tensor([0.8, 1.4], float64 (2,)) <nil>
	// solve: the matrix is singular: pivot 1 is zero; use Lstsq or Pinv
}

func ExampleCholesky() {
	a := tensor.Of([]float32{4, 2, 2, 5}, 2, 2).RequireGrad()
	l := linalg.Must(linalg.Cholesky(a))
	l.Diagonal(0, 0, 1).Log().Sum().MulScalar(2).Backward() // log det A, whose gradient is the inverse
	fmt.Println(l.Detach())
	fmt.Println(a.Grad())
	// Output:
	// tensor([[2, 0], [1, 2]], float32 (2, 2))
	// tensor([[0.3125, -0.125], [-0.125, 0.25]], float32 (2, 2))
}

func ExampleSVD() {
	a := tensor.Of([]float64{3, 0, 0, 0, 4, 0}, 2, 3)
	_, s, _, _ := linalg.SVD(a, false)
	fmt.Println(s)
	// Output: tensor([4, 3], float64 (2,))
}
