// Package cnn holds the rows of the catalog's area G: the architectures of convolutional networks, each built at the size of its paper
// and trained in a reduced form.
package cnn

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

// pictures are a set of ten classes as tensors.
type pictures struct {
	pictureset.Set
	X, XTest *tensor.Tensor // (N, 1, side, side) float32, mean 0 and deviation 1 over the training pixels
}

// load returns the first n training pictures and all test pictures of the best set that is at hand, see pictureset.Load, resized to
// side × side pixels: by bilinear interpolation, by means of areas if they shrink.
func load(ctx context.Context, c *catalog.Check, n, side int, least pictureset.Least) (pictures, error) {
	set, err := pictureset.Load(ctx, c, n, least)
	if err != nil {
		return pictures{}, err
	}
	mode := tensor.InterpolateLinear
	if side < set.Side {
		mode = tensor.InterpolateArea
	}
	planes := func(x *tensor.Tensor) *tensor.Tensor {
		x = x.To(tensor.Float32).Reshape(x.Dim(0), 1, set.Side, set.Side)
		return tensor.Interpolate(x, []int{side, side}, tensor.InterpolateConfig{Mode: mode})
	}
	p := pictures{Set: set, X: planes(set.X), XTest: planes(set.XTest)}
	mean, std := p.X.Mean().Item(), p.X.Std(0).Item()
	p.X, p.XTest = p.X.SubScalar(mean).DivScalar(std), p.XTest.SubScalar(mean).DivScalar(std)
	return p, nil
}

// trainer trains a classifier by stochastic gradient descent with momentum, its rate falling along a cosine to zero.
type trainer struct {
	epochs, batch       int
	lr, momentum, decay float64
	warmup              int // steps in which the rate climbs from 0 to lr
	seed                uint64
	transforms          []dataset.Transform                       // of the training pictures, anew in every epoch
	loss                func(x, y *tensor.Tensor) *tensor.Tensor  // of a batch; nil: the cross-entropy of the model's scores
	after               func(epoch int, loss float64) (stop bool) // is called with an epoch's mean loss; nil: nothing
}

// fit trains what is not frozen on pictures x (N, C, H, W) of classes y (N,). It returns the mean training loss of each epoch.
func (t trainer) fit(ctx context.Context, model nn.Layer, x, y *tensor.Tensor) (epochs []float64, err error) {
	loader := dataset.NewBatchLoader(dataset.Augment(dataset.NewTensors(x, y), t.transforms...), dataset.LoaderConfig{BatchSize: t.batch, Shuffle: true, Seed: t.seed})
	opt := optim.NewSGD(nn.Trainable(model), optim.SGDConfig{LR: t.lr, Momentum: t.momentum, WeightDecay: t.decay})
	fall := optim.Cosine(t.epochs*loader.Batches(), 0)
	schedule := optim.NewScheduler(opt, optim.Warmup(t.warmup, fall))
	loss := t.loss
	if loss == nil {
		loss = func(x, y *tensor.Tensor) *tensor.Tensor { return losses.CrossEntropy(model.Forward(x), y) }
	}
	for epoch := range t.epochs {
		sum := 0.0
		for batch, err := range loader.Epoch(ctx, epoch, 0) {
			if err != nil {
				return nil, err
			}
			tensor.WithScope(func(s *tensor.Scope) {
				b := batch.Enter(s)
				l := loss(b.X, b.Y)
				opt.ZeroGrad()
				l.Backward()
				opt.Step()
				schedule.Step()
				sum += l.Detach().Item() * float64(b.Len())
			})
			if sum-sum != 0 {
				return nil, fmt.Errorf("the loss is not finite in epoch %d: the learning rate is too high", epoch+1)
			}
		}
		mean := sum / float64(x.Dim(0))
		epochs = append(epochs, mean)
		if t.after != nil && t.after(epoch, mean) {
			break
		}
	}
	return epochs, nil
}

// accuracy returns the share of pictures x that the model, as it infers, gives their class in y.
func accuracy(model nn.Layer, x, y *tensor.Tensor) float64 {
	e, right := nn.Eval(model), 0.0
	for from := 0; from < x.Dim(0); from += 500 {
		tensor.WithScope(func(s *tensor.Scope) {
			n := min(500, x.Dim(0)-from)
			right += metrics.Accuracy(e.Forward(s.Enter(x.Narrow(0, from, n))), y.Narrow(0, from, n)) * float64(n)
		})
	}
	return right / float64(x.Dim(0))
}
