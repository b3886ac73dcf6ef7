package workflow

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "U03", Tier: catalog.Small, Title: "Pre-training, fine-tuning, transfer: the chooser of four scenarios", Source: "Yosinski et al. 2014; Stanford CS231n 2016",
		Target: "in each of the four cases what train.ChooseTransfer recommends is within 2 points of the best of four strategies, and better than the worst (median of 3 seeds)",
		Note: "in a world where it is known which features tasks share: first features are common to all, second ones to similar tasks alone. " +
			"On real pictures, where nobody knows, row E10 compares extractor, fine-tuning and training from scratch",
		Test: transfer,
	})
}

// world makes tasks: classes depend on second features, those on first ones, those on 20 inputs; each by random weights and tanh.
type world struct{ first, second, classes *tensor.Tensor }

const inputs, firstFeatures, secondFeatures = 20, 24, 12

func newWorld(g *random.Generator) world {
	w := world{first: tensor.Randn(g, inputs, firstFeatures).MulScalar(2 / math.Sqrt(inputs))}
	return w.different(g).task(g, 30)
}

// different has the same first features and others built on them.
func (w world) different(g *random.Generator) world {
	w.second = tensor.Randn(g, firstFeatures, secondFeatures).MulScalar(4 / math.Sqrt(firstFeatures))
	return w
}

// similar has the same first features, nearly the same second ones, and other classes.
func (w world) similar(g *random.Generator, classes int) world {
	const new = 0.3 // correlation of old and new weights: sqrt(1 − 0.3²) = 0.95
	w.second = w.second.MulScalar(math.Sqrt(1 - new*new)).Add(w.different(g).second.MulScalar(new))
	return w.task(g, classes)
}

// task has all the features and other classes.
func (w world) task(g *random.Generator, classes int) world {
	w.classes = tensor.Randn(g, secondFeatures, classes)
	return w
}

// draw returns n samples and their classes.
func (w world) draw(g *random.Generator, n int) (x, y *tensor.Tensor) {
	x = tensor.Randn(g, n, inputs)
	return x, x.MatMul(w.first).Tanh().MatMul(w.second).Tanh().MatMul(w.classes).ArgMax(1)
}

// network is a classifier, cut where codes are taken from it.
type network struct{ First, Second, Output nn.Sequential }

func newNetwork(g *random.Generator, classes int) *network {
	layer := func(in, out int) nn.Sequential {
		return nn.NewSequential(nn.NewLinear(g, in, out, nn.LinearConfig{}), nn.ReLU{})
	}
	return &network{layer(inputs, 96), layer(96, 48), nn.NewSequential(nn.NewLinear(g, 48, classes, nn.LinearConfig{}))}
}

func (n *network) Forward(x *tensor.Tensor) *tensor.Tensor {
	return n.Output.Forward(n.Second.Forward(n.First.Forward(x)))
}

// learn takes steps of Adam on batches of 64.
func (n *network) learn(ctx context.Context, x, y *tensor.Tensor, lr float64, steps int, seed uint64) error {
	opt := optim.NewAdam(nn.Trainable(n), optim.AdamConfig{LR: lr})
	loader := dataset.NewBatchLoader(dataset.NewTensors(x, y), dataset.LoaderConfig{BatchSize: 64, Shuffle: true, Seed: seed})
	for epoch := 0; ; epoch++ {
		for batch, err := range loader.Epoch(ctx, epoch, 0) {
			if err != nil || steps == 0 {
				return err
			}
			tensor.WithScope(func(s *tensor.Scope) {
				b := batch.Enter(s)
				opt.ZeroGrad()
				losses.CrossEntropy(n.Forward(b.X), b.Y).Backward()
				opt.Step()
			})
			steps--
		}
	}
}

// onCodes returns the test accuracy of logistic regression on the activations that layers compute.
func onCodes(x, y, xTest, yTest *tensor.Tensor, layers ...nn.Sequential) (float64, error) {
	codes := func(x *tensor.Tensor) *tensor.Tensor {
		for _, l := range layers {
			x = nn.Eval(l).Forward(x)
		}
		return x.To(tensor.Float64)
	}
	m := linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: 0.1, Tol: 1e-3, Solver: linear.LogisticLBFGS})
	if err := m.Fit(codes(x), y); err != nil {
		return 0, err
	}
	return m.Score(codes(xTest), yTest), nil
}

// strategies returns the test accuracies of the chooser's strategies, in the order of its constants; the last, here, is training from
// scratch.
func strategies(ctx context.Context, pre *network, task world, n, steps int, seed uint64) (acc [4]float64, err error) {
	g := random.New(seed + 100)
	x, y := task.draw(g, n)
	xTest, yTest := task.draw(g, 3000)
	if acc[train.LinearOnCodes], err = onCodes(x, y, xTest, yTest, pre.First, pre.Second); err != nil {
		return acc, err
	}
	if acc[train.LinearOnEarlierCodes], err = onCodes(x, y, xTest, yTest, pre.First); err != nil {
		return acc, err
	}
	tuned, scratch := nn.Clone(pre), newNetwork(g, 5)
	tuned.Output = newNetwork(g, 5).Output
	const lr = 2e-3
	if err := tuned.learn(ctx, x, y, lr*train.ChooseTransfer(train.LargeData, train.SimilarData).LRFactor, steps, seed); err != nil {
		return acc, err
	}
	if err := scratch.learn(ctx, x, y, lr, steps, seed); err != nil {
		return acc, err
	}
	acc[train.FineTune] = metrics.Accuracy(nn.Eval(tuned).Forward(xTest), yTest)
	acc[train.FineTuneOrScratch] = metrics.Accuracy(nn.Eval(scratch).Forward(xTest), yTest)
	return acc, nil
}

func transfer(ctx context.Context, c *catalog.Check) error {
	type scenario struct {
		size       train.DataSize
		similarity train.Similarity
		name       string
	}
	all := []scenario{{train.SmallData, train.SimilarData, "small, similar"}, {train.SmallData, train.DifferentData, "small, different"},
		{train.LargeData, train.SimilarData, "large, similar"}, {train.LargeData, train.DifferentData, "large, different"}}
	reached := make([][4][]float64, len(all))
	_, err := c.Seeds(3, func(seed uint64) (float64, error) {
		g := random.New(seed)
		old := newWorld(g)
		pre := newNetwork(g, 30)
		x, y := old.draw(g, 30000)
		if err := pre.learn(ctx, x, y, 2e-3, 3000, seed); err != nil {
			return 0, err
		}
		for i, s := range all {
			task := old.similar(g, 5)
			if s.similarity == train.DifferentData {
				task = old.different(g).task(g, 5)
			}
			n, steps := 100, 300
			if s.size == train.LargeData {
				n, steps = 3000, 1500
			}
			acc, err := strategies(ctx, pre, task, n, steps, seed)
			if err != nil {
				return 0, err
			}
			for k, a := range acc {
				reached[i][k] = append(reached[i][k], a)
			}
		}
		return reached[0][train.LinearOnCodes][len(reached[0][0])-1], nil
	})
	if err != nil {
		return err
	}
	agreed := 0.0
	for i, want := range []train.TransferStrategy{train.LinearOnCodes, train.LinearOnEarlierCodes, train.FineTune, train.FineTuneOrScratch} {
		if train.ChooseTransfer(all[i].size, all[i].similarity).Strategy == want {
			agreed++
		}
	}
	groups := make([]plot.Group, 4)
	for k, name := range []string{"linear on codes", "linear on earlier codes", "fine-tuned", "from scratch"} {
		groups[k].Name = name
	}
	var names []string
	for i, s := range all {
		var median [4]float64
		for k, a := range reached[i] {
			median[k] = catalog.Median(a)
			groups[k].Values = append(groups[k].Values, median[k])
		}
		advice := train.ChooseTransfer(s.size, s.similarity)
		got := median[advice.Strategy]
		if advice.Strategy == train.FineTuneOrScratch {
			got = max(got, median[train.FineTune])
		}
		c.AtLeast(fmt.Sprintf("%s: accuracy of what is recommended (%s) less the best", s.name, advice.Strategy), got-slices.Max(median[:]), -0.02)
		c.Control(func() { c.AtMost(s.name+": accuracy of the worst strategy less it", slices.Min(median[:])-got, -0.005) })
		names = append(names, s.name)
	}
	c.Equal("cases of 4 in which it recommends what CS231n does", agreed, 4)
	return c.Picture("strategies", func(path string) error {
		return plot.Bars(path, names, groups, plot.BarsConfig{Title: "Test accuracy of a new task", XLabel: "accuracy"})
	})
}
