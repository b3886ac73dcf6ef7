package workflow

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "U05", Tier: catalog.Unit, Title: "Checkpoint and resume; weights to share",
		Target: "a run that was stopped within an epoch and continued has the same weights, to the bit, as one that was not; saved weights load into a new model with the same outputs",
		Note:   "the state is weights, optimizer, generators (dropout draws here) and the place in the data; packages train and safetensors test every step and hostile files",
		Test:   resume,
	})
}

// small is a classifier of digits with all that a checkpoint has to hold: weights, running statistics, a dropout's generator.
func small(seed uint64) nn.Sequential {
	g := random.New(seed)
	return nn.NewSequential(nn.NewFlatten(), nn.NewLinear(g, 64, 24, nn.LinearConfig{}), nn.NewBatchNorm1d(24, nn.BatchNormConfig{}), nn.ReLU{},
		nn.NewDropout(g, 0.2), nn.NewLinear(g, 24, 10, nn.LinearConfig{}))
}

// trained trains a model in a folder for 3 epochs of 10 batches, or continues there. It stops after the given number of steps in all, if
// that is not 0. Without its optimizer the checkpoint is not whole.
func trained(dir string, stopAt int, withOptimizer bool) (nn.Sequential, error) {
	set := digits.Train().Head(160)
	mean, std := dataset.MeanStd(set)
	images, err := dataset.NewImages(set, mean, std)
	if err != nil {
		return nil, err
	}
	run, _, err := train.OpenRun(dir)
	if err != nil {
		if run, err = train.NewRun(dir, train.Info{Recipe: "small", Seed: 1}); err != nil {
			return nil, err
		}
	}
	model := small(1)
	opt := optim.NewAdam(nn.Params(model), optim.AdamConfig{LR: 3e-3})
	loader := dataset.NewLoader(images, dataset.Collate, dataset.LoaderConfig{BatchSize: 16, Shuffle: true, Seed: 1})
	state := new(train.State).Module("model", model)
	if withOptimizer {
		state.Optimizer("optimizer", opt)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	loop := train.Loop[dataset.Batch]{
		Step: train.Supervised(model, losses.CrossEntropy, opt, train.SupervisedConfig{}), Batches: loader.Epoch, NumBatches: loader.Batches(),
		State: state, Run: run, Config: train.Config{Epochs: 3},
		Observe: func(e train.Event) {
			if stopAt > 0 && e.Step == stopAt {
				stop()
			}
		},
	}
	_, err = loop.Train(ctx)
	if errors.Is(err, train.ErrInterrupted) {
		err = nil
	}
	return model, err
}

// changed counts the numbers in which two models differ by a bit.
func changed(a, b any) (n float64) {
	of := nn.State(b)
	for i, t := range nn.State(a) {
		other := of[i].Tensor.Floats()
		for j, v := range t.Tensor.Floats() {
			if math.Float64bits(v) != math.Float64bits(other[j]) {
				n++
			}
		}
	}
	return n
}

func resume(_ context.Context, c *catalog.Check) error {
	folder, err := os.MkdirTemp("", "hadal-resume-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	in := func(name string) string { return filepath.Join(folder, name) }
	whole, err := trained(in("whole"), 0, true)
	if err != nil {
		return err
	}
	// part stops after some steps, which must leave another model, and goes on.
	early := math.Inf(1)
	part := func(name string, steps int, withOptimizer bool) (float64, error) {
		m, err := trained(in(name), steps, withOptimizer)
		if err != nil {
			return 0, err
		}
		early = min(early, changed(m, whole))
		if m, err = trained(in(name), 0, withOptimizer); err != nil {
			return 0, err
		}
		return changed(m, whole), nil
	}
	first, err1 := part("first", 7, true)
	third, err2 := part("third", 24, true)
	forgetful, err3 := part("forgetful", 17, false)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	c.Equal("numbers of the models stopped within the first and the third epoch and continued that differ from the whole run's", first+third, 0)
	c.AtLeast("numbers that the rest of the run changes", early, 1000)
	c.Control(func() { c.AtLeast("continued without the optimizer's state: numbers that differ", forgetful, 1000) })

	run, _, err := train.OpenRun(in("whole"))
	if err != nil {
		return err
	}
	again := small(2)
	if err := run.Load(again); err != nil {
		return err
	}
	x := tensor.Randn(random.New(3), 5, 1, 8, 8)
	c.Equal("largest difference of outputs after saving and loading", nn.Eval(again).Forward(x).Sub(nn.Eval(whole).Forward(x)).Abs().Max().Item(), 0)
	return nil
}
