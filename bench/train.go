package bench

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

// classify returns a training step of a classifier: forward, cross-entropy, backward, optimizer step.
func classify(model nn.Layer, x, y *tensor.Tensor, opt optim.Optimizer) func() {
	return scoped(func(s *tensor.Scope) {
		opt.ZeroGrad()
		losses.CrossEntropy(model.Forward(s.Enter(x)), y).Backward()
		opt.Step()
	})
}

func adam(model any) optim.Optimizer {
	return optim.NewAdam(nn.Params(model), optim.AdamConfig{LR: 1e-4})
}

func sgd(model any) optim.Optimizer {
	return optim.NewSGD(nn.Params(model), optim.SGDConfig{LR: 1e-3, Momentum: 0.9})
}
