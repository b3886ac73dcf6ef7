package autograd_test

import (
	"fmt"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/tensor"
)

func ExampleGrad() {
	x := tensor.Scalar(3.0).RequireGrad()
	y := x.Mul(x).Mul(x)
	d := autograd.Grad([]*tensor.Tensor{y}, []*tensor.Tensor{x}, autograd.GradConfig{CreateGraph: true})
	d2 := autograd.Grad(d, []*tensor.Tensor{x}, autograd.GradConfig{})
	fmt.Println(d[0].Item(), d2[0].Item()) // 3x² and 6x
	// Output: 27 18
}

func ExampleHessian() {
	f := func(in []*tensor.Tensor) *tensor.Tensor { return in[0].Mul(in[0]).Mul(in[0]).Sum() }
	h := autograd.Hessian(f, []*tensor.Tensor{tensor.Of([]float64{1, 2})})
	fmt.Println(h[0][0])
	// Output: tensor([[6, 0], [0, 12]], float64 (2, 2))
}

func ExampleGradCheck() {
	f := func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{in[0].Sin().Mul(in[1])} }
	x, y := tensor.Of([]float64{1, 2}), tensor.Of([]float64{3, 4})
	fmt.Println(autograd.GradCheck(f, []*tensor.Tensor{x, y}, autograd.GradCheckConfig{}))
	// Output: <nil>
}
