package optim_test

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// A training loop by hand: the slope and intercept of y = 2x + 1.
func Example() {
	x := tensor.Linspace(-1, 1, 21).Reshape(21, 1)
	y := x.MulScalar(2).AddScalar(1)
	model := nn.NewLinear(random.New(1), 1, 1, nn.LinearConfig{})
	opt := optim.NewSGD(nn.Params(model), optim.SGDConfig{LR: 0.1, Momentum: 0.9})
	for range 200 {
		opt.ZeroGrad()
		losses.MSE(model.Forward(x), y).Backward()
		opt.Step()
	}
	fmt.Printf("%.2f %.2f\n", model.Weight.Detach().Item(), model.Bias.Detach().Item())
	// Output: 2.00 1.00
}

// Biases are often left out of weight decay: a group has rates of its own.
func ExampleNewAdamWGroups() {
	model := nn.NewLinear(random.New(1), 3, 2, nn.LinearConfig{})
	opt := optim.NewAdamWGroups([]optim.Group{
		{Params: []*tensor.Param{model.Weight}},
		{Params: []*tensor.Param{model.Bias}, LR: 6e-4, WeightDecay: new(0.0)},
	}, optim.AdamWConfig{LR: 3e-4, WeightDecay: new(0.1)})
	for _, g := range opt.Groups() {
		fmt.Println(len(g.Params), g.LR, *g.WeightDecay)
	}
	// Output:
	// 1 0.0003 0.1
	// 1 0.0006 0
}

// A schedule is a function of the step; ten steps of warm-up, then a cosine.
func ExampleWarmup() {
	schedule := optim.Warmup(10, optim.Cosine(90, 0))
	for _, step := range []int{0, 9, 55, 100} {
		fmt.Printf("%.2f ", math.Abs(schedule(step)))
	}
	// Output: 0.10 1.00 0.50 0.00
}

// The state of one optimizer continues in another, bit for bit.
func ExampleOptimizer() {
	model := nn.NewLinear(random.New(1), 2, 1, nn.LinearConfig{})
	var opt optim.Optimizer = optim.NewAdam(nn.Params(model), optim.AdamConfig{})
	losses.MSE(model.Forward(tensor.Ones(4, 2)), tensor.Zeros(4, 1)).Backward()
	opt.Step()

	later := optim.NewAdam(nn.Params(model), optim.AdamConfig{})
	fmt.Println(later.LoadState(opt.State()), later.State().Scalars["0.step"])
	// Output: <nil> 1
}
