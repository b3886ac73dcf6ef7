package rbm_test

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/models/rbm"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// A machine learns that the first two units are always equal, and the third their opposite.
func Example() {
	x := tensor.Of([]float32{1, 1, 0, 0, 0, 1}, 2, 3).Repeat(50, 1)
	m := rbm.New(random.New(1), 3, 4)
	if err := m.Fit(context.Background(), x, rbm.Config{Epochs: 200, LR: 0.2}); err != nil {
		panic(err)
	}
	p := nn.Eval(m).FreeEnergy(rbm.States(3)).Neg().Sub(m.LogPartition()).Exp().Floats() // of all 8 states
	fmt.Println("110 and 001 have most of the probability:", p[0b011]+p[0b100] > 0.8)
	// Output: 110 and 001 have most of the probability: true
}

// A stack trained without labels is where a deep network starts.
func ExampleFitStack() {
	x := tensor.Rand(random.New(1), 100, 64) // pictures, say
	stack, err := rbm.FitStack(context.Background(), x, []int{32, 16}, rbm.Config{Epochs: 2})
	if err != nil {
		panic(err)
	}
	model := append(stack.Encoder(), nn.NewLinear(random.New(2), 16, 10, nn.LinearConfig{}))
	fmt.Println(model.Forward(x).Shape())
	// Output: (100, 10)
}
