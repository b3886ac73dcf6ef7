package nn_test

import (
	"fmt"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// The units that no sample wakes are taken out of a trained network; what it says of the samples stays.
func ExamplePruneDeadUnits() {
	g := random.New(1)
	hidden := nn.NewLinear(g, 3, 100, nn.LinearConfig{})
	hidden.Bias.CopyFrom(tensor.Linspace(-2, 2, 100)) // the lowest thresholds are out of reach
	model := nn.NewSequential(hidden, nn.ReLU{}, nn.NewLinear(g, 100, 5, nn.LinearConfig{}))
	x := tensor.Rand(g, 64, 3)

	small, removed := nn.PruneDeadUnits(model, x)
	change := model.Forward(x).Sub(small.Forward(x)).Detach().Abs().Max().Item()
	fmt.Println(removed > 20, nn.NumParams(small) < nn.NumParams(model), change)
	// Output: true true 0
}

// A pattern answers to its direction, however weak or strong the input is.
func ExampleCosineLinear() {
	l := nn.NewCosineLinear(random.New(1), 2, 1, nn.CosineLinearConfig{})
	l.Weight.CopyFrom(tensor.Of([]float32{3, 4}, 1, 2))
	y := l.Forward(tensor.Of([]float32{0.3, 0.4, 30, 40, 4, 3}, 3, 2)).Detach()
	fmt.Printf("%.2f", y.Floats())
	// Output: [1.00 1.00 0.96]
}
