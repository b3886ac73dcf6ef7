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
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

func init() {
	recipes.Register(recipes.Entry{
		Name:  "lenet",
		Area:  "vision",
		Title: "LeNet-5, a convolutional network, on handwritten digits or clothes",
		Paper: "LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document recognition",
		Expect: []recipes.Expectation{
			{Data: "digits", Metric: "test_accuracy", Least: 0.98},
			{Data: "fashion-mnist", Metric: "test_accuracy", Least: 0.905},
		},
		New: func() recipes.Recipe { return new(LeNetRecipe) },
	})
}

// LeNetRecipe are the options of the recipe.
type LeNetRecipe struct {
	Data        string  `help:"Data set: ${enum}." enum:"digits,fashion-mnist,mnist" default:"digits"`
	Epochs      int     `help:"Times the data is seen; 0: 40 for digits, 12 for others." default:"0"`
	BatchSize   int     `help:"Pictures in a step; 0: 32 for digits, 64 for others." default:"0"`
	Shift       *int    `help:"Move each training picture by up to this many pixels each way, at random; if not given, 1 for digits, 0 for others."`
	LR          float64 `name:"lr" help:"Learning rate at the start; it falls to zero along a cosine." default:"0.03"`
	Momentum    float64 `help:"Momentum of stochastic gradient descent." default:"0.9"`
	WeightDecay float64 `help:"L2 penalty." default:"0.001"`
	ClipNorm    float64 `help:"Largest 2-norm of the gradient; 0: any." default:"0"`
	Parts       int     `help:"Cut each batch into this many parts to save memory." default:"1"`
	Patience    int     `help:"Stop after this many epochs without a lower validation loss; 0: never." default:"0"`
	Workers     int     `help:"Goroutines that make batches ahead." default:"1"`
}

// Validate refuses options that the flags' types allow; the command calls it.
func (c *LeNetRecipe) Validate() error {
	if c.Shift != nil && *c.Shift < 0 {
		return fmt.Errorf("--shift %d: give a number that is not negative", *c.Shift)
	}
	return nil
}

// LeNet is LeNet-5 with rectified linear units and max pooling, as it is mostly built today. It fits pictures of any size
// from 8x8 on: small ones skip the second pooling.
type LeNet struct {
	Conv1, Conv2  *nn.Conv2d
	FC1, FC2, FC3 *nn.Linear
	small         bool
}

// NewLeNet returns a network for pictures (C, H, W).
func NewLeNet(g *random.Generator, channels, height, width, classes int) *LeNet {
	m := &LeNet{small: min(height, width) < 20}
	h, w := height/2, width/2 // after the first pooling
	if m.small {              // 3x3 kernels keep the size
		m.Conv1 = nn.NewConv2d(g, channels, 16, 3, nn.ConvConfig{Padding: 1})
		m.Conv2 = nn.NewConv2d(g, 16, 32, 3, nn.ConvConfig{Padding: 1})
		m.FC1 = nn.NewLinear(g, 32*h*w, 120, nn.LinearConfig{})
	} else {
		m.Conv1 = nn.NewConv2d(g, channels, 6, 5, nn.ConvConfig{Padding: 2})
		m.Conv2 = nn.NewConv2d(g, 6, 16, 5, nn.ConvConfig{})
		m.FC1 = nn.NewLinear(g, 16*((h-4)/2)*((w-4)/2), 120, nn.LinearConfig{})
	}
	m.FC2 = nn.NewLinear(g, 120, 84, nn.LinearConfig{})
	m.FC3 = nn.NewLinear(g, 84, classes, nn.LinearConfig{})
	return m
}

// Forward maps pictures (N, C, H, W) to scores (N, classes).
func (m *LeNet) Forward(x *tensor.Tensor) *tensor.Tensor {
	x = m.Conv1.Forward(x).ReLU().MaxPool2d(2)
	x = m.Conv2.Forward(x).ReLU()
	if !m.small {
		x = x.MaxPool2d(2)
	}
	x = m.FC1.Forward(x.Flatten(1)).ReLU()
	return m.FC3.Forward(m.FC2.Forward(x).ReLU())
}

// Model builds the untrained network.
func (c *LeNetRecipe) Model(g *random.Generator, in train.ImageInfo) nn.Layer {
	return NewLeNet(g, in.Channels, in.Height, in.Width, len(in.Classes))
}

// Train runs the recipe.
func (c *LeNetRecipe) Train(ctx context.Context, env *recipes.Env) (train.Metrics, error) {
	epochs, batchSize, shift := 12, 64, 0
	if c.Data == "digits" {
		epochs, batchSize, shift = 40, 32, 1
	}
	c.Epochs, c.BatchSize = cmp.Or(c.Epochs, epochs), cmp.Or(c.BatchSize, batchSize)
	if c.Shift != nil {
		shift = *c.Shift
	}
	r := request{data: c.Data, validation: heldBack}
	if shift != 0 {
		r.transforms = func(train.ImageInfo) ([]dataset.Transform, error) {
			return []dataset.Transform{dataset.RandomShift(shift)}, nil
		}
	}
	data, err := r.open(ctx, env)
	if err != nil {
		return nil, err
	}
	model := c.Model(random.New(env.Seed), data.Info)
	loader := dataset.NewBatchLoader(data.Train, dataset.LoaderConfig{BatchSize: c.BatchSize, Shuffle: true, Seed: env.Seed, Workers: c.Workers})
	opt := optim.NewSGD(nn.Params(model), optim.SGDConfig{LR: c.LR, Momentum: c.Momentum, WeightDecay: c.WeightDecay})
	schedule := optim.NewScheduler(opt, optim.Cosine(c.Epochs*loader.Batches(), 0))
	loop := train.Loop[dataset.Batch]{
		Step: train.Supervised(model, losses.CrossEntropy, opt, train.SupervisedConfig{
			ClipNorm: c.ClipNorm, Parts: c.Parts, Scheduler: schedule, Metrics: train.BatchAccuracy,
		}),
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
