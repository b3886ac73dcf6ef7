package training

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "E01", Tier: catalog.Small, Title: "Early stopping", Source: "Prechelt 1998",
		Target: "with 30% of the labels wrong: the weights of the best validation epoch are restored to the bit; test error ≤ that of the last epoch for ≥ 9 of 10 seeds",
		Note:   "early stopping limits the epochs, not the amount of training data: every epoch sees all of it, and a quarter of the data does worse; 1,000 pictures train and 400 validate, their labels as bad; " + pictureset.Note,
		Test:   earlyStopping,
	})
}

// noisyTask is to learn from pictures of whose labels a part is wrong. Those of validation are as bad: it is what there is.
type noisyTask struct {
	x, y, xVal, yVal, xTest, yTest *tensor.Tensor // the test's labels are right
	seed                           uint64
}

func newNoisyTask(set pictureset.Set, seed uint64) noisyTask {
	const n, wrong, classes = 1000, 0.3, 10
	g := random.New(seed)
	labels := tensor.Data[int64](set.Y)
	for i := range labels {
		if g.Float64() < wrong {
			labels[i] = (labels[i] + 1 + int64(g.Intn(classes-1))) % classes
		}
	}
	x, y, val := set.X.To(tensor.Float32), tensor.Of(labels), len(labels)-n
	return noisyTask{x.Narrow(0, 0, n), y.Narrow(0, 0, n), x.Narrow(0, n, val), y.Narrow(0, n, val), set.XTest.To(tensor.Float32), set.YTest, seed}
}

// fit trains a network of 128 hidden units, for cfg.Epochs or until nothing gets better for cfg.Patience of them; seen, if not
// nil, is told of each epoch.
func (t noisyTask) fit(ctx context.Context, cfg train.Config, seen func(e train.Event, m nn.Sequential)) (nn.Sequential, train.Result, error) {
	g := random.New(t.seed)
	m := nn.NewSequential(nn.NewLinear(g, t.x.Dim(1), 128, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 128, 10, nn.LinearConfig{}))
	loop := classifierLoop(m, optim.NewAdam(nn.Params(m), optim.AdamConfig{LR: 3e-3}), t.x, t.y, 50, cfg.Epochs, t.seed)
	loop.Evaluate = func(context.Context) (train.Metrics, error) {
		return train.Metrics{{Name: "val_loss", Value: losses.CrossEntropy(nn.Eval(m).Forward(t.xVal), t.yVal).Item()}}, nil
	}
	loop.Observe = func(e train.Event) {
		if seen != nil && e.Kind == "epoch" {
			seen(e, m)
		}
	}
	cfg.Monitor, cfg.Minimize = "val_loss", true
	loop.Config = cfg
	r, err := loop.Train(ctx)
	return m, r, err
}

// wrong is the share of test pictures that a model puts into a wrong class.
func (t noisyTask) wrong(m nn.Layer) float64 { return 1 - accuracy(m, t.xTest, t.yTest) }

// weightBytes are a model's weights, bit by bit.
func weightBytes(m any) (all []byte) {
	for _, p := range nn.Params(m) {
		all = append(all, p.Bytes()...)
	}
	return all
}

func earlyStopping(ctx context.Context, c *catalog.Check) error {
	set, err := pictureset.Load(ctx, c, 1400, pictureset.Least{MNIST: 0.05, Fashion: 0.05, Digits: 0.05})
	if err != nil {
		return err
	}
	const seeds, patience = 10, 5
	epochs := 30
	if set.Side < 28 {
		epochs = 100 // with few weights it takes long to learn wrong labels by heart
	}
	var better, exact, stopped int
	var fewer, quarters, leastTraining []float64
	gains, err := c.Seeds(seeds, func(seed uint64) (float64, error) {
		t := newNoisyTask(set, seed)
		// To the end, with the weights of every epoch kept aside.
		var weights [][]byte
		var losses []float64
		atEnd := 0.0
		_, _, err := t.fit(ctx, train.Config{Epochs: epochs}, func(e train.Event, m nn.Sequential) {
			weights, losses = append(weights, weightBytes(m)), append(losses, e.Metrics[0].Value)
			if e.Epoch == epochs {
				atEnd = t.wrong(m)
			}
		})
		if err != nil {
			return 0, err
		}
		// Early.
		m, r, err := t.fit(ctx, train.Config{Epochs: epochs, Patience: patience}, nil)
		if err != nil {
			return 0, err
		}
		early := t.wrong(m)
		// As many epochs with a quarter of the data.
		less := t
		less.x, less.y = t.x.Narrow(0, 0, t.x.Dim(0)/4), t.y.Narrow(0, 0, t.x.Dim(0)/4)
		m4, _, err := less.fit(ctx, train.Config{Epochs: epochs}, nil)
		if err != nil {
			return 0, err
		}
		quarters = append(quarters, t.wrong(m4)-early)
		fewer = append(fewer, float64(r.Epochs)/float64(epochs))
		leastTraining = append(leastTraining, float64(1+slices.Index(losses, slices.Min(losses)))/float64(epochs))
		if early <= atEnd {
			better++
		}
		if bytes.Equal(weightBytes(m), weights[r.BestEpoch-1]) {
			exact++
		}
		if r.Stopped && r.Epochs == r.BestEpoch+patience && r.Steps == r.Epochs*t.x.Dim(0)/50 {
			stopped++
		}
		return atEnd - early, nil
	})
	if err != nil {
		return err
	}
	c.AtLeast(fmt.Sprintf("%s, 30%% of 1000 labels wrong: seeds of %d whose test error is at most that of epoch %d", set.Name, seeds, epochs), float64(better), 9)
	c.Equal("seeds whose weights are those of the best validation epoch, to the bit", float64(exact), seeds)
	c.AtLeast("median fall of the test error", catalog.Median(gains), set.Least)
	c.Equal("seeds that stopped 5 epochs after the best, each epoch over all of the data", float64(stopped), seeds)
	c.AtMost("median share of the epochs that were trained", catalog.Median(fewer), 0.7)
	c.Control(func() {
		c.AtLeast("median share of the epochs up to that of the least training loss, which stops nothing", catalog.Median(leastTraining), 0.9)
		c.AtLeast("median rise of the test error with a quarter of the data, at its best epoch too", catalog.Median(quarters), set.Least/2)
	})
	return drawEarlyStopping(ctx, c, set, epochs, patience)
}

// drawEarlyStopping draws the curves of one seed.
func drawEarlyStopping(ctx context.Context, c *catalog.Check, set pictureset.Set, epochs, patience int) error {
	return c.Picture("curves", func(path string) error {
		t := newNoisyTask(set, max(c.Seed, 1))
		series := []plot.Series{{Name: "training loss", Dashed: true}, {Name: "validation loss"}, {Name: "test error"}}
		_, _, err := t.fit(ctx, train.Config{Epochs: epochs}, func(e train.Event, m nn.Sequential) {
			val, _ := e.Metrics.Get("val_loss")
			for i, v := range []float64{e.Metrics[0].Value, val, 10 * t.wrong(m)} {
				series[i].X, series[i].Y = append(series[i].X, float64(e.Epoch)), append(series[i].Y, v)
			}
		})
		if err != nil {
			return err
		}
		_, r, err := t.fit(ctx, train.Config{Epochs: epochs, Patience: patience}, nil)
		if err != nil {
			return err
		}
		return plot.Lines(path, plot.Chart{Title: set.Name + ", 30% of the labels wrong", XLabel: "epoch", YLabel: "loss; test error in tenths", Series: series,
			Marks: []plot.Mark{{X: float64(r.BestEpoch), Label: "best"}, {X: float64(r.Epochs), Label: "stop"}}})
	})
}
