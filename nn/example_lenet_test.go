package nn_test

import (
	"fmt"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// LeNet is a module: a struct of layers and a method that applies them.
type LeNet struct {
	Conv1, Conv2  *nn.Conv2d
	FC1, FC2, FC3 *nn.Linear
}

func NewLeNet(g *random.Generator) *LeNet {
	return &LeNet{
		Conv1: nn.NewConv2d(g, 1, 6, 5, nn.ConvConfig{Padding: 2}),
		Conv2: nn.NewConv2d(g, 6, 16, 5, nn.ConvConfig{}),
		FC1:   nn.NewLinear(g, 16*5*5, 120, nn.LinearConfig{}),
		FC2:   nn.NewLinear(g, 120, 84, nn.LinearConfig{}),
		FC3:   nn.NewLinear(g, 84, 10, nn.LinearConfig{}),
	}
}

func (m *LeNet) Forward(x *tensor.Tensor) *tensor.Tensor { // (N, 1, 28, 28) -> (N, 10)
	x = m.Conv1.Forward(x).ReLU().MaxPool2d(2)
	x = m.Conv2.Forward(x).ReLU().MaxPool2d(2)
	x = m.FC1.Forward(x.Flatten(1)).ReLU()
	return m.FC3.Forward(m.FC2.Forward(x).ReLU())
}

func Example() {
	g := random.New(1)
	model := NewLeNet(g)
	images := tensor.Rand(g, 32, 1, 28, 28)
	scores := nn.Eval(model).Forward(images)
	fmt.Println(scores.Shape())
	for _, p := range nn.NamedParams(model)[:3] {
		fmt.Println(p.Name, p.Shape())
	}
	// Output:
	// (32, 10)
	// conv1.weight (6, 1, 5, 5)
	// conv1.bias (6,)
	// conv2.weight (16, 6, 5, 5)
}
