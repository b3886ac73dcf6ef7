package core

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

// classifier trains a model by the cross-entropy of its outputs.
type classifier struct {
	model     nn.Layer
	optimizer optim.Optimizer
	schedule  *optim.Scheduler
	batch     int
	after     func() // is called after each step; nil: nothing
}

// newClassifier is one trained by Adam in batches of 64, with a rate that falls along a cosine to zero in so many steps.
func newClassifier(model nn.Layer, rate float64, steps int) classifier {
	opt := optim.NewAdam(nn.Params(model), optim.AdamConfig{LR: rate})
	return classifier{model: model, optimizer: opt, schedule: optim.NewScheduler(opt, optim.Cosine(steps, 0)), batch: 64}
}

// fit makes so many passes over x (N, ...) and y (N,), in batches drawn from seed.
func (m classifier) fit(ctx context.Context, x, y *tensor.Tensor, epochs int, seed uint64) error {
	loader := dataset.NewBatchLoader(dataset.NewTensors(x, y), dataset.LoaderConfig{BatchSize: m.batch, Shuffle: true, Seed: seed})
	for epoch := range epochs {
		for batch, err := range loader.Epoch(ctx, epoch, 0) {
			if err != nil {
				return err
			}
			var loss float64
			tensor.WithScope(func(s *tensor.Scope) {
				b := batch.Enter(s)
				l := losses.CrossEntropy(m.model.Forward(b.X), b.Y)
				m.optimizer.ZeroGrad()
				l.Backward()
				loss = l.Detach().Item()
			})
			if loss-loss != 0 {
				return fmt.Errorf("the loss is %v in epoch %d: the learning rate is too high", loss, epoch)
			}
			m.optimizer.Step()
			m.schedule.Step()
			if m.after != nil {
				m.after()
			}
		}
	}
	return nil
}

// score returns the accuracy of the trained model on x and y.
func (m classifier) score(x, y *tensor.Tensor) float64 {
	return metrics.Accuracy(nn.Eval(m.model).Forward(x), y)
}

// largestError returns the largest |a - b|, NaN if one is NaN.
func largestError(a, b *tensor.Tensor) float64 { return a.Detach().Sub(b.Detach()).Abs().Max().Item() }
