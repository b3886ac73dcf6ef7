package train

import (
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

// SupervisedConfig are the options of Supervised.
type SupervisedConfig struct {
	ClipNorm  float64          // gradients are scaled down to this 2-norm over all parameters; 0: not
	Scheduler *optim.Scheduler // sets the learning rate after each step; nil: constant
	// Parts cuts each batch into this many parts whose gradients are added before the step: the gradient of a large batch
	// in the memory of a small one. 0: 1.
	Parts int
	// Forward computes the outputs and the loss of a part of a batch in the place of model and loss, as networks with auxiliary losses need;
	// nil: y = model.Forward(x) and loss(y, target).
	Forward func(b dataset.Batch) (y, loss *tensor.Tensor)
	// Metrics measures the outputs of a batch beyond the loss; may be nil.
	Metrics func(y *tensor.Tensor, b dataset.Batch) Metrics
}

// Supervised returns a Loop's Step for a model with one input: forward, loss, backward, clipping, optimizer step. loss is
// a mean over samples, such as losses.CrossEntropy; that of a part of a batch counts by its share of the samples. The step
// changes nothing when the loss, or the gradient's norm if it is clipped, is NaN or infinite.
func Supervised(model nn.Layer, loss func(y, target *tensor.Tensor) *tensor.Tensor, opt optim.Optimizer, cfg SupervisedConfig) func(*tensor.Scope, dataset.Batch) (Metrics, error) {
	if cfg.Forward == nil {
		cfg.Forward = func(b dataset.Batch) (y, l *tensor.Tensor) {
			y = model.Forward(b.X)
			return y, loss(y, b.Y)
		}
	}
	return func(s *tensor.Scope, b dataset.Batch) (Metrics, error) {
		n, parts := b.Len(), max(1, min(cfg.Parts, b.Len()))
		opt.ZeroGrad()
		var sum average
		for k := range parts {
			lo, hi := k*n/parts, (k+1)*n/parts
			part := b
			if parts > 1 {
				part = dataset.Batch{X: b.X.Narrow(0, lo, hi-lo), Y: b.Y.Narrow(0, lo, hi-lo)}
			}
			part = part.Enter(s)
			y, l := cfg.Forward(part)
			m := Metrics{{Name: "loss", Value: l.Detach().Item()}}
			if cfg.Metrics != nil {
				m = append(m, cfg.Metrics(y.Detach(), part)...)
			}
			if !finite(m[0].Value) {
				return m, nil // the loop stops here; the weights stay as they were
			}
			share := float64(hi-lo) / float64(n)
			sum.add(m, share)
			if parts > 1 {
				l = l.MulScalar(share)
			}
			l.Backward()
		}
		if cfg.ClipNorm > 0 {
			if norm := optim.ClipGradNorm(opt.Params(), cfg.ClipNorm, 2); !finite(norm) {
				return Metrics{{Name: "gradient_norm", Value: norm}}, nil // likewise
			}
		}
		opt.Step()
		if cfg.Scheduler != nil {
			cfg.Scheduler.Step()
		}
		return sum.metrics(), nil
	}
}
