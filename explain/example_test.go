package explain_test

import (
	"fmt"

	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// A network that finds bright spots: its score is the mean of what is brighter than a half, and Grad-CAM shows where that is.
func Example() {
	conv := nn.NewConv2d(random.New(1), 1, 1, 1, nn.ConvConfig{})
	conv.Weight.CopyFrom(tensor.Full(2, 1, 1, 1, 1))
	conv.Bias.CopyFrom(tensor.Full(-1, 1))
	net := nn.NewSequential(conv, nn.ReLU{}, &nn.AdaptiveAvgPool2d{H: 1, W: 1}, nn.NewFlatten())

	picture := tensor.Of([]float32{
		0.1, 0.0, 0.2, 0.0,
		0.0, 0.3, 0.0, 0.1,
		0.0, 0.0, 0.9, 1.0,
	}, 1, 1, 3, 4)
	maps, err := explain.GradCAM(net, picture, nil, explain.GradCAMConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the network looks at the box", explain.Box(maps.Select(0, 0), 0.5))
	// Output: the network looks at the box [2 2 4 3]
}
