package training

import (
	"context"
	"iter"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// minibatches yields the rows of x (N, D) and their classes y in batches of a size, in an order of its own in every epoch: a
// train.Loop's Batches.
func minibatches(x, y *tensor.Tensor, size int, seed uint64) func(ctx context.Context, epoch, from int) iter.Seq2[dataset.Batch, error] {
	n := x.Dim(0)
	return func(ctx context.Context, epoch, from int) iter.Seq2[dataset.Batch, error] {
		return func(yield func(dataset.Batch, error) bool) {
			order := tensor.Of(random.Permutation(n, random.KeyAt(seed, uint64(epoch))))
			for at := from * size; at < n; at += size {
				if err := ctx.Err(); err != nil {
					yield(dataset.Batch{}, err)
					return
				}
				rows := order.Narrow(0, at, min(size, n-at))
				if !yield(dataset.Batch{X: x.IndexSelect(0, rows), Y: y.IndexSelect(0, rows)}, nil) {
					return
				}
			}
		}
	}
}

// classifierLoop returns a loop that trains a model with cross-entropy.
func classifierLoop(model nn.Layer, opt optim.Optimizer, x, y *tensor.Tensor, batch, epochs int, seed uint64) *train.Loop[dataset.Batch] {
	return &train.Loop[dataset.Batch]{
		Step:       train.Supervised(model, losses.CrossEntropy, opt, train.SupervisedConfig{}),
		Batches:    minibatches(x, y, batch, seed),
		NumBatches: (x.Dim(0) + batch - 1) / batch,
		Size:       dataset.Batch.Len,
		State:      new(train.State).Module("model", model).Optimizer("optimizer", opt),
		Config:     train.Config{Epochs: epochs},
	}
}

// accuracy is the share of the rows of x that an inferring copy of the model puts into class y.
func accuracy(model nn.Layer, x, y *tensor.Tensor) float64 {
	return metrics.Accuracy(nn.Eval(model).Forward(x), y)
}
