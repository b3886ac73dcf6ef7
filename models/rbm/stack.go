package rbm

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Stack is machines on top of each other: the hidden units of one are the visible ones of the next.
type Stack []*RBM

// FitStack trains a stack greedily, layer by layer, on the rows of x (N, V), without labels (Hinton, Osindero and Teh, 2006): the
// first machine on x, each other one on the HiddenProb of the one below. hidden holds the number of hidden units of each. All
// that is random comes from cfg.Seed. Errors and panics are those of New and Fit.
func FitStack(ctx context.Context, x *tensor.Tensor, hidden []int, cfg Config) (Stack, error) {
	g := random.New(cfg.Seed)
	var s Stack
	for i, n := range hidden {
		if x.Rank() != 2 {
			tensor.Fail("rbm", tensor.ErrShape, []tensor.Shape{x.Shape()}, "x must be (N, V), one row a sample")
		}
		m := New(g.Split(), x.Dim(1), n)
		cfg.Seed = g.Uint64()
		if err := m.Fit(ctx, x, cfg); err != nil {
			return nil, fmt.Errorf("machine %d of %d: %w", i+1, len(hidden), err)
		}
		s = append(s, m)
		x = nn.Eval(m).HiddenProb(x)
	}
	return s, nil
}

// Encoder returns the network that computes the HiddenProb of each machine from that of the one below: dense layers with sigmoids,
// which own their weights. With a dense layer after it, it is the network that is tuned on labels.
func (s Stack) Encoder() nn.Sequential {
	var all nn.Sequential
	for _, m := range s {
		all = append(all, m.Linear(), nn.Sigmoid{})
	}
	return all
}

// Transform returns the HiddenProb (N, H) of the last machine, of rows x (N, V).
func (s Stack) Transform(x *tensor.Tensor) *tensor.Tensor {
	for _, m := range s {
		x = nn.Eval(m).HiddenProb(x)
	}
	return x
}
