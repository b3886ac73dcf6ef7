package bench

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// lenet returns LeNet-5 (LeCun et al., 1998) with ReLU and max pooling: (N, 1, 28, 28) to (N, 10).
func lenet(g *random.Generator) nn.Sequential {
	return nn.NewSequential(
		nn.NewConv2d(g, 1, 6, 5, nn.ConvConfig{Padding: 2}), nn.ReLU{}, nn.NewMaxPool2d(2),
		nn.NewConv2d(g, 6, 16, 5, nn.ConvConfig{}), nn.ReLU{}, nn.NewMaxPool2d(2),
		nn.NewFlatten(), nn.NewLinear(g, 400, 120, nn.LinearConfig{}), nn.ReLU{},
		nn.NewLinear(g, 120, 84, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 84, 10, nn.LinearConfig{}))
}

func trainLeNet() Case {
	return Case{Name: "train/lenet_c_28x28_b64_sgdm", New: func() func() {
		g := generator()
		m := lenet(g)
		return classify(m, randn(g, 64, 1, 28, 28), tensor.RandInt(g, 0, 10, 64), sgd(m))
	}}
}
