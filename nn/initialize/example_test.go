package initialize_test

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// A layer is built with PyTorch's default values; other ones are copied into its parameters.
func Example() {
	g := random.New(1)
	layer := nn.NewLinear(g, 400, 300, nn.LinearConfig{})
	layer.Weight.CopyFrom(initialize.KaimingNormal(g, initialize.GainReLU, 300, 400))
	layer.Bias.CopyFrom(initialize.Constant(0, 300))
	fmt.Printf("%.2f of √(2/400)\n", layer.Weight.Detach().Std(0).Item()/math.Sqrt(2.0/400))
	// Output: 1.00 of √(2/400)
}

func ExampleFanIn() {
	conv := tensor.ShapeOf(16, 6, 5, 5) // (out, in, kernel...)
	fmt.Println(initialize.FanIn(conv), initialize.FanOut(conv))
	// Output: 150 400
}

func ExampleTruncatedNormal() {
	w := initialize.TruncatedNormal(random.New(1), 0, 0.02, -0.04, 0.04, 1000) // a vision transformer's weights
	fmt.Println(w.Min().Item() >= -0.04, w.Max().Item() <= 0.04)
	// Output: true true
}
