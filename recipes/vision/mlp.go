package vision

import (
	"cmp"
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/train"
)

func init() {
	recipes.Register(recipes.Entry{
		Name:  "mlp",
		Area:  "vision",
		Title: "a multilayer perceptron on handwritten digits or clothes",
		Paper: "Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors",
		Expect: []recipes.Expectation{
			{Data: "digits", Metric: "test_accuracy", Least: 0.96},
			{Data: "fashion-mnist", Metric: "test_accuracy", Least: 0.88},
		},
		New: func() recipes.Recipe { return new(MLPRecipe) },
	})
}

// MLPRecipe are the options of the recipe.
type MLPRecipe struct {
	Data        string  `help:"Data set: ${enum}." enum:"digits,fashion-mnist,mnist" default:"digits"`
	Hidden      []int   `help:"Sizes of the hidden layers." default:"512,256"`
	Dropout     float64 `help:"Probability that a hidden unit is dropped while training." default:"0.2"`
	Epochs      int     `help:"Times the data is seen; 0: 30 for digits, 12 for others." default:"0"`
	BatchSize   int     `help:"Pictures in a step." default:"64"`
	LR          float64 `name:"lr" help:"Learning rate at the start; it falls to zero along a cosine." default:"0.001"`
	WeightDecay float64 `help:"Weight decay of AdamW." default:"0.01"`
	Patience    int     `help:"Stop after this many epochs without a lower validation loss; 0: never." default:"0"`
	Workers     int     `help:"Goroutines that make batches ahead." default:"1"`
}

// Validate refuses options that the flags' types allow; the command calls it.
func (c *MLPRecipe) Validate() error {
	if !(c.Dropout >= 0 && c.Dropout < 1) {
		return fmt.Errorf("--dropout %v: give a probability from 0 to below 1", c.Dropout)
	}
	return nil
}

// NewMLP returns dense layers of the given sizes with rectified linear units and dropout between them.
func NewMLP(g *random.Generator, in int, hidden []int, classes int, dropout float64) nn.Sequential {
	layers := []nn.Layer{nn.NewFlatten()}
	for _, n := range hidden {
		layers = append(layers, nn.NewLinear(g, in, n, nn.LinearConfig{}), nn.ReLU{}, nn.NewDropout(g, dropout))
		in = n
	}
	return nn.NewSequential(append(layers, nn.NewLinear(g, in, classes, nn.LinearConfig{}))...)
}

// Model builds the untrained network.
func (c *MLPRecipe) Model(g *random.Generator, in train.ImageInfo) nn.Layer {
	return NewMLP(g, in.Channels*in.Height*in.Width, c.Hidden, len(in.Classes), c.Dropout)
}

// Train runs the recipe.
func (c *MLPRecipe) Train(ctx context.Context, env *recipes.Env) (train.Metrics, error) {
	data, err := request{data: c.Data, validation: heldBack}.open(ctx, env)
	if err != nil {
		return nil, err
	}
	epochs := 12
	if c.Data == "digits" {
		epochs = 30
	}
	c.Epochs = cmp.Or(c.Epochs, epochs)
	model := c.Model(random.New(env.Seed), data.Info)
	loader := dataset.NewBatchLoader(data.Train, dataset.LoaderConfig{BatchSize: c.BatchSize, Shuffle: true, Seed: env.Seed, Workers: c.Workers})
	opt := optim.NewAdamW(nn.Params(model), optim.AdamWConfig{LR: c.LR, WeightDecay: &c.WeightDecay})
	schedule := optim.NewScheduler(opt, optim.Cosine(c.Epochs*loader.Batches(), 0))
	loop := train.Loop[dataset.Batch]{
		Step:       train.Supervised(model, losses.CrossEntropy, opt, train.SupervisedConfig{Scheduler: schedule, Metrics: train.BatchAccuracy}),
		Batches:    loader.Epoch,
		NumBatches: loader.Batches(),
		Size:       dataset.Batch.Len,
		Evaluate: func(ctx context.Context) (train.Metrics, error) {
			return train.EvaluateClassifier(ctx, model, data.Validation, "val_")
		},
		State:   new(train.State).Module("model", model).Optimizer("optimizer", opt).Scheduler("schedule", schedule),
		Run:     env.Run,
		Observe: env.Observe,
		Config:  train.Config{Epochs: c.Epochs, Monitor: "val_loss", Minimize: true, Patience: c.Patience},
	}
	if err := env.Describe(data.Info); err != nil {
		return nil, err
	}
	trained, err := loop.Train(ctx)
	if err != nil {
		return nil, err
	}
	return train.ReportClassifier(ctx, env.Run, model, data.Test, data.Info, trained)
}
