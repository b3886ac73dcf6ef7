package training

import (
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// classifierLoop returns a loop that trains a model with cross-entropy.
func classifierLoop(model nn.Layer, opt optim.Optimizer, x, y *tensor.Tensor, batch, epochs int, seed uint64) *train.Loop[dataset.Batch] {
	loader := dataset.NewBatchLoader(dataset.NewTensors(x, y), dataset.LoaderConfig{BatchSize: batch, Shuffle: true, Seed: seed})
	return &train.Loop[dataset.Batch]{
		Step:       train.Supervised(model, losses.CrossEntropy, opt, train.SupervisedConfig{}),
		Batches:    loader.Epoch,
		NumBatches: loader.Batches(),
		Size:       dataset.Batch.Len,
		State:      new(train.State).Module("model", model).Optimizer("optimizer", opt),
		Config:     train.Config{Epochs: epochs},
	}
}

// accuracy is the share of the rows of x that an inferring copy of the model puts into class y.
func accuracy(model nn.Layer, x, y *tensor.Tensor) float64 {
	return metrics.Accuracy(nn.Eval(model).Forward(x), y)
}
