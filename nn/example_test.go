package nn_test

import (
	"fmt"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func ExampleSummary() {
	fmt.Print(nn.Summary(NewLeNet(random.New(1)), tensor.ShapeOf(1, 1, 28, 28)))
	// Output:
	// Module  Op          Output           Params    FLOPs
	//         input       (1, 1, 28, 28)
	// conv1   conv2d      (1, 6, 28, 28)      156  235,200
	//         relu        (1, 6, 28, 28)
	//         max_pool2d  (1, 6, 14, 14)
	// conv2   conv2d      (1, 16, 10, 10)   2,416  480,000
	//         relu        (1, 16, 10, 10)
	//         max_pool2d  (1, 16, 5, 5)
	// fc1     linear      (1, 120)         48,120   96,000
	//         relu        (1, 120)
	// fc2     linear      (1, 84)          10,164   20,160
	//         relu        (1, 84)
	// fc3     linear      (1, 10)             850    1,680
	// 61,706 parameters, 0 values in buffers, 246.8 kB; 833,040 FLOPs a forward pass
}

func ExampleSequential() {
	g := random.New(1)
	model := nn.NewSequential(
		nn.NewFlatten(),
		nn.NewLinear(g, 784, 100, nn.LinearConfig{}),
		nn.Func((*tensor.Tensor).Mish),
		nn.NewDropout(g, 0.2),
		nn.NewLinear(g, 100, 10, nn.LinearConfig{}),
	)
	fmt.Println(model.Forward(tensor.Zeros(8, 1, 28, 28)).Shape(), nn.NumParams(model))
	// Output: (8, 10) 79510
}

func ExampleLoad() {
	g := random.New(1)
	from, to := nn.NewLinear(g, 3, 2, nn.LinearConfig{}), nn.NewLinear(g, 3, 2, nn.LinearConfig{})
	fmt.Println(nn.Load(to, nn.State(from), nn.LoadConfig{}))
	fmt.Println(nn.Load(nn.NewLinear(g, 4, 2, nn.LinearConfig{}), nn.State(from), nn.LoadConfig{}))
	// Output:
	// <nil>
	// the weights do not fit the model: weight is (2, 3) in the file and (2, 4) in the model
}
