package train_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// data returns the digits, scaled to mean 0 and deviation 1.
func data() (trainSet, testSet *dataset.Images) {
	set := digits.Train()
	mean, std := dataset.MeanStd(set)
	trainSet, err := dataset.NewImages(set, mean, std)
	if err != nil {
		panic(err)
	}
	if testSet, err = dataset.NewImages(digits.Test(), mean, std); err != nil {
		panic(err)
	}
	return trainSet, testSet
}

func newModel(g *random.Generator) nn.Sequential {
	return nn.NewSequential(nn.NewFlatten(),
		nn.NewLinear(g, 64, 64, nn.LinearConfig{}), nn.ReLU{},
		nn.NewLinear(g, 64, 10, nn.LinearConfig{}))
}

// A loop written by hand is short. The scope gives a step's memory back at once; without it everything works as well,
// only slower.
func Example() {
	trainSet, testSet := data()
	model := newModel(random.New(1))
	loader := dataset.NewLoader(trainSet, dataset.Collate, dataset.LoaderConfig{BatchSize: 32, Shuffle: true, Seed: 1})
	opt := optim.NewAdamW(nn.Params(model), optim.AdamWConfig{LR: 3e-3})
	for epoch := range 5 {
		for batch, err := range loader.Epoch(context.Background(), epoch, 0) {
			if err != nil {
				panic(err)
			}
			tensor.WithScope(func(s *tensor.Scope) {
				batch = batch.Enter(s)
				loss := losses.CrossEntropy(model.Forward(batch.X), batch.Y)
				opt.ZeroGrad()
				loss.Backward()
				opt.Step()
			})
		}
	}
	var x []*tensor.Tensor
	for i := range testSet.Len() {
		x = append(x, testSet.Tensor(i))
	}
	accuracy := metrics.Accuracy(nn.Eval(model).Forward(tensor.Stack(0, x...)), tensor.Of(testSet.Labels()))
	fmt.Println("more than 93% right:", accuracy > 0.93)
	// Output: more than 93% right: true
}

// A Loop adds evaluation, the choice of the best epoch, checkpoints and exact resume. Run the program again after it was
// stopped, and it goes on where it was.
func ExampleLoop() {
	trainSet, testSet := data()
	parts, err := dataset.StratifiedSplit(trainSet, trainSet.Labels(), 1, 0.9, 0.1)
	if err != nil {
		panic(err)
	}
	temp, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(temp)
	run, err := train.NewRun(filepath.Join(temp, "run"), train.Info{Recipe: "example", Seed: 1})
	if err != nil {
		panic(err)
	}

	model := newModel(random.New(1))
	loader := dataset.NewLoader(parts[0], dataset.Collate, dataset.LoaderConfig{BatchSize: 32, Shuffle: true, Seed: 1})
	opt := optim.NewAdamW(nn.Params(model), optim.AdamWConfig{LR: 3e-3})
	loop := train.Loop[dataset.Batch]{
		Step:       train.Supervised(model, losses.CrossEntropy, opt, train.SupervisedConfig{Metrics: train.BatchAccuracy}),
		Batches:    loader.Epoch,
		NumBatches: loader.Batches(),
		Size:       dataset.Batch.Len,
		Evaluate: func(ctx context.Context) (train.Metrics, error) {
			return train.EvaluateClassifier(ctx, model, parts[1], "val_")
		},
		State:  new(train.State).Module("model", model).Optimizer("optimizer", opt),
		Run:    run,
		Config: train.Config{Epochs: 6, Monitor: "val_loss", Minimize: true, Patience: 3},
	}
	result, err := loop.Train(context.Background()) // a context of package os/signal stops it at Ctrl-C
	if err != nil {
		panic(err)
	}
	test, err := train.EvaluateClassifier(context.Background(), model, testSet, "test_")
	if err != nil {
		panic(err)
	}
	accuracy, _ := test.Get("test_accuracy")
	history, err := run.History()
	if err != nil {
		panic(err)
	}
	fmt.Println("epochs:", result.Epochs, "recorded:", len(history), "more than 93% right:", accuracy > 0.93)
	// Output: epochs: 6 recorded: 6 more than 93% right: true
}

// A run's gradients and activations, layer by layer, and what they say. Here every bias begins at -10, so that no unit ever fires.
func ExampleDiagnoseLayers() {
	trainSet, _ := data()
	model := newModel(random.New(1))
	model[1].(*nn.Linear).Bias.CopyFrom(tensor.Full(-10, 64))
	loader := dataset.NewLoader(trainSet, dataset.Collate, dataset.LoaderConfig{BatchSize: 64, Shuffle: true, Seed: 1})
	opt := optim.NewSGD(nn.Params(model), optim.SGDConfig{LR: 0.01})
	temp, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(temp)
	run, err := train.NewRun(filepath.Join(temp, "run"), train.Info{Recipe: "example", Seed: 1})
	if err != nil {
		panic(err)
	}
	loop := train.Loop[dataset.Batch]{
		Step:    train.Supervised(model, losses.CrossEntropy, opt, train.SupervisedConfig{}),
		Batches: loader.Epoch, NumBatches: loader.Batches(), Size: dataset.Batch.Len,
		State: new(train.State).Module("model", model).Optimizer("optimizer", opt), Run: run, Config: train.Config{Epochs: 2},
	}
	if _, err := loop.Train(context.Background()); err != nil {
		panic(err)
	}
	records, err := run.Layers()
	if err != nil {
		panic(err)
	}
	for _, a := range records[1].Activations {
		fmt.Printf("%s: %.0f%% zeros\n", a.Name, 100*a.Output.Zeros)
	}
	for _, f := range train.DiagnoseLayers(records) {
		fmt.Println(f.Kind+":", f.Basis)
	}
	// Output:
	// 1: 0% zeros
	// 1.relu: 100% zeros
	// 3: 0% zeros
	// dead units: 64 of 64 units of 1.relu (100%) gave 0 for all of the 128 samples that were watched last
}
