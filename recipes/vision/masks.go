package vision

import (
	"context"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/cells"
	"github.com/hadal-go/hadal/dataset/maskset"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// masked is a picture X (C, H, W), values from 0 to 1, and the classes of its pixels Y (H, W) int64; or a batch of them.
type masked struct{ X, Y *tensor.Tensor }

// collateMasked stacks samples into a batch.
func collateMasked(samples []masked) (batch masked, err error) {
	xs, ys := make([]*tensor.Tensor, len(samples)), make([]*tensor.Tensor, len(samples))
	for i, s := range samples {
		xs[i], ys[i] = s.X, s.Y
	}
	err = tensor.Catch(func() { batch = masked{tensor.Stack(0, xs...), tensor.Stack(0, ys...)} })
	return batch, err
}

// maskedShapes and maskedCells are what the sets have for segmentation.
func maskedShapes(s *shapes.Set) dataset.Dataset[masked] {
	return dataset.Map(s, func(s shapes.Sample, _ *random.Generator) (masked, error) { return masked{s.Image, s.Mask}, nil })
}

func maskedCells(s *cells.Set) dataset.Dataset[masked] {
	return dataset.Map(s, func(s cells.Sample, _ *random.Generator) (masked, error) { return masked{s.Image, s.Mask}, nil })
}

// kept returns the samples of d, made once.
func kept(ctx context.Context, d dataset.Dataset[masked]) (dataset.Slice[masked], error) {
	all := make(dataset.Slice[masked], 0, d.Len())
	loader := dataset.NewLoader(d, func(s []masked) ([]masked, error) { return s, nil }, dataset.LoaderConfig{BatchSize: 16, Workers: 2})
	for b, err := range loader.Epoch(ctx, 0, 0) {
		if err != nil {
			return nil, err
		}
		all = append(all, b...)
	}
	return all, nil
}

// strangersMasks gives each picture the mask of another.
func strangersMasks(data dataset.Slice[masked]) dataset.Slice[masked] {
	mixed := make(dataset.Slice[masked], len(data))
	for i, k := range random.Permutation(len(data), random.KeyAt(1)) {
		mixed[i] = masked{data[i].X, data[k].Y}
	}
	return mixed
}

// ignored is the class of pixels that count neither in training nor in measuring.
var ignored = int64(maskset.Ignored)

// segmenter trains a network that maps pictures (N, C, H, W) to scores (N, classes, H, W) by the mean cross-entropy of their pixels, with
// AdamW and a learning rate that falls to zero along a cosine.
type segmenter struct {
	epochs, batch int
	lr, decay     float64
	clip          float64 // largest norm of a gradient; 0: any
	seed          uint64
	workers       int
}

// loop returns the training loop, without a run folder.
func (s segmenter) loop(model nn.Layer, data dataset.Dataset[masked]) train.Loop[masked] {
	loader := dataset.NewLoader(data, collateMasked, dataset.LoaderConfig{BatchSize: s.batch, Shuffle: true, Seed: s.seed, Workers: s.workers})
	opt := optim.NewAdamW(nn.Params(model), optim.AdamWConfig{LR: s.lr, WeightDecay: new(s.decay)})
	schedule := optim.NewScheduler(opt, optim.Cosine(s.epochs*loader.Batches(), 0))
	return train.Loop[masked]{
		Step: func(scope *tensor.Scope, b masked) (train.Metrics, error) {
			opt.ZeroGrad()
			loss := losses.CrossEntropyLoss{IgnoreIndex: &ignored}.Of(model.Forward(scope.Enter(b.X)), scope.Enter(b.Y))
			m := train.Metrics{{Name: "loss", Value: loss.Detach().Item()}}
			if m[0].Value-m[0].Value != 0 {
				return m, nil // the loop stops here; the weights stay as they were
			}
			loss.Backward()
			if s.clip > 0 {
				if norm := optim.ClipGradNorm(opt.Params(), s.clip, 2); norm-norm != 0 {
					return train.Metrics{{Name: "gradient_norm", Value: norm}}, nil
				}
			}
			opt.Step()
			schedule.Step()
			return m, nil
		},
		Batches:    loader.Epoch,
		NumBatches: loader.Batches(),
		Size:       func(b masked) int { return b.X.Dim(0) },
		State:      new(train.State).Module("model", model).Optimizer("optimizer", opt).Scheduler("schedule", schedule),
		Config:     train.Config{Epochs: s.epochs},
	}
}

// fit trains without a run folder.
func (s segmenter) fit(ctx context.Context, model nn.Layer, data dataset.Dataset[masked]) error {
	loop := s.loop(model, data)
	_, err := loop.Train(ctx)
	return err
}

// segment returns the class of each pixel of pictures (N, C, H, W).
func segment(model nn.Layer, x *tensor.Tensor) *tensor.Tensor {
	return nn.Eval(model).Forward(x).ArgMax(1)
}

// measureMasks returns the confusion of the classes of pixels, and the mean loss.
func measureMasks(ctx context.Context, model nn.Layer, data dataset.Dataset[masked], classes int) (*metrics.Confusion, float64, error) {
	model = nn.Eval(model)
	confusion := metrics.NewConfusion(classes)
	var loss float64
	loader := dataset.NewLoader(data, collateMasked, dataset.LoaderConfig{BatchSize: 16, Workers: 1})
	for b, err := range loader.Epoch(ctx, 0, 0) {
		if err != nil {
			return nil, 0, err
		}
		tensor.WithScope(func(s *tensor.Scope) {
			y := model.Forward(s.Enter(b.X))
			loss += losses.CrossEntropyLoss{IgnoreIndex: &ignored}.Of(y, b.Y).Item() * float64(b.X.Dim(0)) / float64(data.Len())
			confusion.AddClasses(y.ArgMax(1), b.Y, ignored)
		})
	}
	return confusion, loss, nil
}
