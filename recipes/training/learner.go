package training

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/mnist"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

// learner trains classifiers of pictures by stochastic gradient descent with momentum and a rate that falls along a cosine.
type learner struct {
	epochs, batch       int
	lr, momentum, decay float64
	seed                uint64
	transforms          []dataset.Transform // of the training pictures, anew in every epoch
}

// fit trains the parameters that are not frozen on pictures x (N, C, H, W) of classes y (N,).
func (l learner) fit(ctx context.Context, model nn.Layer, x, y *tensor.Tensor) error {
	loader := dataset.NewBatchLoader(dataset.Augment(dataset.NewTensors(x, y), l.transforms...), dataset.LoaderConfig{BatchSize: l.batch, Shuffle: true, Seed: l.seed})
	opt := optim.NewSGD(nn.Trainable(model), optim.SGDConfig{LR: l.lr, Momentum: l.momentum, WeightDecay: l.decay})
	schedule := optim.NewScheduler(opt, optim.Cosine(l.epochs*loader.Batches(), 0))
	for epoch := range l.epochs {
		for batch, err := range loader.Epoch(ctx, epoch, 0) {
			if err != nil {
				return err
			}
			tensor.WithScope(func(s *tensor.Scope) {
				batch = batch.Enter(s)
				opt.ZeroGrad()
				losses.CrossEntropy(model.Forward(batch.X), batch.Y).Backward()
				opt.Step()
				schedule.Step()
			})
		}
	}
	return nil
}

// largePictures loads n pictures of MNIST or, with a target of its own, of Fashion-MNIST. Where neither is at hand it returns the error
// that says where MNIST belongs: the embedded digits are too few and too small to learn features from that serve other classes.
func largePictures(ctx context.Context, c *catalog.Check, n int, least pictureset.Least) (pictureset.Set, error) {
	set, err := pictureset.Load(ctx, c, n, least)
	if err == nil && set.Side < 28 {
		err = missingMNIST(c)
	}
	return set, err
}

// missingMNIST returns the error that says where MNIST belongs.
func missingMNIST(c *catalog.Check) error {
	cfg := c.Source
	cfg.Offline = true
	_, err := mnist.Set.Locate(cfg)
	return err
}

// planes returns rows of pixels as pictures (N, 1, side, side), float32.
func planes(x *tensor.Tensor, side int) *tensor.Tensor {
	return x.To(tensor.Float32).Reshape(x.Dim(0), 1, side, side)
}

// outputs returns what f makes of the pictures x, in parts that fit the caches.
func outputs(f func(x *tensor.Tensor) *tensor.Tensor, x *tensor.Tensor) *tensor.Tensor {
	var parts []*tensor.Tensor
	for from := 0; from < x.Dim(0); from += 500 {
		tensor.WithScope(func(s *tensor.Scope) {
			parts = append(parts, s.Keep(f(s.Enter(x.Narrow(0, from, min(500, x.Dim(0)-from))))))
		})
	}
	return tensor.Concat(0, parts...)
}

// accuracyOf returns the model's accuracy on pictures, as it infers.
func accuracyOf(model nn.Layer, x, y *tensor.Tensor) float64 {
	return metrics.Accuracy(outputs(nn.Eval(model).Forward, x), y)
}

// withClasses returns at most each pictures (N, 1, side, side) of each class from lo to hi-1, the first there are in the given order
// (all of them if it is nil), with classes counted from 0 again.
func withClasses(set pictureset.Set, x, y *tensor.Tensor, lo, hi int64, each int, order []int) (px, py *tensor.Tensor) {
	classes := tensor.Data[int64](y)
	if order == nil {
		for i := range classes {
			order = append(order, i)
		}
	}
	var rows, labels []int64
	count := map[int64]int{}
	for _, i := range order {
		if k := classes[i]; k >= lo && k < hi && count[k] < each {
			count[k]++
			rows, labels = append(rows, int64(i)), append(labels, k-lo)
		}
	}
	return planes(x.IndexSelect(0, tensor.Of(rows)), set.Side), tensor.Of(labels)
}
