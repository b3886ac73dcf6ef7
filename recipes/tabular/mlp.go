package tabular

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/vision"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// mlp is a multilayer perceptron. Numbers are learned as (y - offset) / scale with the mean and deviation of the rows that train it.
type mlp struct {
	*Recipe
	seed          uint64
	numbers       bool
	model         nn.Sequential
	offset, scale float64

	run     *train.Run // nil: nothing is kept
	observe func(train.Event)
	best    int // the epoch whose weights were kept
}

func (c *Recipe) newMLP(target *table.Target, features int, seed uint64) *mlp {
	return &mlp{Recipe: c, seed: seed, numbers: target.Classes == nil, scale: 1,
		model: vision.NewMLP(random.New(seed), features, c.Hidden, width(target), c.Dropout)}
}

// fit trains with the Loop; a part of the rows chooses the best epoch.
func (m *mlp) fit(ctx context.Context, x, y *tensor.Tensor) error {
	n := x.Dim(0)
	rows := dataset.Slice[int](make([]int, n))
	labels := make([]int64, n)
	for i := range rows {
		rows[i] = i
	}
	if !m.numbers {
		labels = tensor.Data[int64](y)
	}
	training, validation := rows, dataset.Slice[int]{}
	if m.Validation > 0 {
		parts, err := dataset.StratifiedSplit(rows, labels, m.seed, 1-m.Validation, m.Validation)
		if err != nil {
			return fmt.Errorf("%d rows are too few to hold out %v of them for validation: give more, or --validation 0", n, m.Validation)
		}
		training, validation = parts[0].Indices, parts[1].Indices
	}
	x = x.To(tensor.Float32)
	if m.numbers {
		known := y.IndexSelect(0, at(training))
		m.offset, m.scale = known.Mean().Item(), known.Sub(known.Mean()).Square().Mean().Sqrt().Item()
		if !(m.scale > 0) {
			m.scale = 1
		}
		y = y.SubScalar(m.offset).DivScalar(m.scale).To(tensor.Float32)
	}
	loader := dataset.NewLoader(training, func(rows []int) (dataset.Batch, error) {
		return dataset.Batch{X: x.IndexSelect(0, at(rows)), Y: y.IndexSelect(0, at(rows))}, nil
	}, dataset.LoaderConfig{BatchSize: m.BatchSize, Shuffle: true, Seed: m.seed})
	opt := optim.NewAdamW(nn.Params(m.model), optim.AdamWConfig{LR: m.LR, WeightDecay: &m.WeightDecay})
	cfg := train.SupervisedConfig{}
	if !m.numbers {
		cfg.Metrics = train.BatchAccuracy
	}
	loop := train.Loop[dataset.Batch]{
		Step:       train.Supervised(m.model, m.loss, opt, cfg),
		Batches:    loader.Epoch,
		NumBatches: loader.Batches(),
		Size:       dataset.Batch.Len,
		State:      new(train.State).Module("model", m.model).Optimizer("optimizer", opt),
		Run:        m.run,
		Observe:    m.observe,
		Config:     train.Config{Epochs: m.Epochs},
	}
	if len(validation) > 0 {
		loop.Config.Monitor, loop.Config.Minimize, loop.Config.Patience = "val_loss", true, m.Patience
		vx, vy := x.IndexSelect(0, at(validation)), y.IndexSelect(0, at(validation))
		loop.Evaluate = func(context.Context) (train.Metrics, error) { return m.evaluate(vx, vy), nil }
	}
	r, err := loop.Train(ctx)
	m.best = r.BestEpoch
	return err
}

// at is places as a tensor.
func at(rows []int) *tensor.Tensor {
	r := make([]int64, len(rows))
	for i, v := range rows {
		r[i] = int64(v)
	}
	return tensor.Of(r, len(r))
}

// loss is the cross-entropy of classes and the mean squared error of numbers.
func (m *mlp) loss(out, y *tensor.Tensor) *tensor.Tensor {
	if m.numbers {
		return losses.MSE(out.Reshape(-1), y)
	}
	return losses.CrossEntropy(out, y)
}

// evaluate returns the loss on the validation rows and, of classes, the accuracy.
func (m *mlp) evaluate(x, y *tensor.Tensor) train.Metrics {
	model := nn.Eval(m.model)
	var loss, accuracy float64
	n := x.Dim(0)
	for from := 0; from < n; from += scoreRows {
		rows := min(scoreRows, n-from)
		tensor.WithScope(func(s *tensor.Scope) {
			out, truth := model.Forward(s.Enter(x.Narrow(0, from, rows))), s.Enter(y.Narrow(0, from, rows))
			share := float64(rows) / float64(n)
			loss += share * m.loss(out, truth).Item()
			if !m.numbers {
				accuracy += share * metrics.Accuracy(out, truth)
			}
		})
	}
	if m.numbers {
		return train.Metrics{{Name: "val_loss", Value: loss}}
	}
	return train.Metrics{{Name: "val_loss", Value: loss}, {Name: "val_accuracy", Value: accuracy}}
}

func (m *mlp) scores(x *tensor.Tensor) *tensor.Tensor {
	out := nn.Eval(m.model).Forward(x.To(tensor.Float32)).To(tensor.Float64)
	if m.numbers {
		return out.MulScalar(m.scale).AddScalar(m.offset)
	}
	return out.Softmax(1)
}

func (m *mlp) state() []tensor.Named { return nn.State(m.model) }

func (m *mlp) load(state []tensor.Named) error { return nn.Load(m.model, state, nn.LoadConfig{}) }
