package optim_test

import (
	"fmt"

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
		fmt.Printf("%.2f ", schedule(step))
	}
	// Output: 0.10 1.00 0.50 0.00
}

// The scheduler multiplies the rates of all groups after each step.
func ExampleScheduler() {
	model := nn.NewLinear(random.New(1), 2, 1, nn.LinearConfig{})
	opt := optim.NewSGD(nn.Params(model), optim.SGDConfig{LR: 0.1})
	scheduler := optim.NewScheduler(opt, optim.StepDecay(2, 0.5))
	for range 5 {
		fmt.Print(opt.Groups()[0].LR, " ")
		opt.ZeroGrad()
		losses.MSE(model.Forward(tensor.Ones(4, 2)), tensor.Zeros(4, 1)).Backward()
		opt.Step()
		scheduler.Step()
	}
	// Output: 0.1 0.1 0.05 0.05 0.025
}

// The rates fall when a validation loss has stopped falling.
func ExamplePlateau() {
	opt := optim.NewSGD([]*tensor.Param{tensor.NewParam(tensor.Zeros(1))}, optim.SGDConfig{LR: 1})
	plateau := &optim.Plateau{Patience: new(1)}
	for _, loss := range []float64{3, 2, 2, 2, 1} {
		plateau.Step(opt, loss)
		fmt.Print(opt.Groups()[0].LR, " ")
	}
	// Output: 1 1 1 0.1 0.1
}

// Gradients that explode are scaled down before the step.
func ExampleClipGradNorm() {
	p := tensor.NewParam(tensor.Zeros(2))
	p.SetGrad(tensor.Of([]float32{30, 40}))
	fmt.Println(optim.ClipGradNorm([]*tensor.Param{p}, 5, 2))
	fmt.Printf("%.3f\n", tensor.Data[float32](p.Grad()))
	// Output:
	// 50
	// [3.000 4.000]
}

// The state of one optimizer continues in another, bit for bit. Tensors go to a file with safetensors.Save, numbers as its
// metadata; train.State does both, for the model and the scheduler too.
func ExampleOptimizer() {
	model := nn.NewLinear(random.New(1), 2, 1, nn.LinearConfig{})
	var opt optim.Optimizer = optim.NewAdam(nn.Params(model), optim.AdamConfig{})
	losses.MSE(model.Forward(tensor.Ones(4, 2)), tensor.Zeros(4, 1)).Backward()
	opt.Step()
	state := opt.State()
	for _, t := range state.Tensors {
		fmt.Println(t.Name, t.Shape())
	}

	later := optim.NewAdam(nn.Params(model), optim.AdamConfig{})
	fmt.Println(later.LoadState(state), later.State().Scalars["0.step"])
	// Output:
	// 0.exp_avg (1, 2)
	// 0.exp_avg_sq (1, 2)
	// 1.exp_avg (1,)
	// 1.exp_avg_sq (1,)
	// <nil> 1
}

// Lookahead wraps any optimizer and goes half of its way every five steps.
func ExampleLookahead() {
	p := tensor.NewParam(tensor.Of([]float64{1}))
	opt := optim.NewLookahead(optim.NewSGD([]*tensor.Param{p}, optim.SGDConfig{LR: 0.1}), optim.LookaheadConfig{})
	for range 5 {
		fmt.Printf("%.1f ", p.Detach().Item())
		opt.StepWith([]*tensor.Tensor{tensor.Of([]float64{1})})
	}
	fmt.Printf("%.2f\n", p.Detach().Item())
	// Output: 1.0 0.9 0.8 0.7 0.6 0.75
}

// SWATS tells when it has gone over from Adam to SGD, and with which rate: here all steps of Adam are 0.1 and the gradient is 2.
func ExampleSWATS() {
	p := tensor.NewParam(tensor.Of([]float64{1}))
	opt := optim.NewSWATS([]*tensor.Param{p}, optim.SWATSConfig{LR: 0.1})
	for range 3 {
		opt.StepWith([]*tensor.Tensor{tensor.Of([]float64{2})})
		fmt.Printf("%.2f ", opt.Rate(0))
	}
	// Output: 0.00 0.05 0.05
}
