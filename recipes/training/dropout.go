package training

import (
	"context"
	"fmt"
	"math"
	"math/bits"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/metrics"
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
		ID: "E03", Tier: catalog.Medium, Title: "Dropout", Source: "Hinton et al. 2012; Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014",
		Target: "weights scaled by 1 - p give the mean of a linear layer over all 2ⁿ masks, to 1e-12; inverted dropout is the same; test accuracy of an MLP on 10,000 pictures up by 0.005",
		Note: "weights × (1 - p)%, a misprint, is a hundredth of it: (1 - p), or (100 - 100p)%; the paper's fall of MNIST's error from 1.60% to 1.25% is of all 60,000 pictures and larger networks, dropped by 0.2 and 0.5, which is too much for 256 hidden units; the 359 test pictures of the digits are too easy to gain on; " +
			pictureset.Note,
		Test: dropout,
	})
}

func dropout(ctx context.Context, c *catalog.Check) error {
	if err := dropoutOnPictures(ctx, c); err != nil {
		return err
	}
	everyMask(c)
	inverted(c)
	return nil
}

// everyMask goes through all masks of the inputs of a layer.
func everyMask(c *catalog.Check) {
	const n, classes, p = 10, 3, 0.3
	w, b, x := normals(1, classes, n), normals(2, classes), normals(3, n)
	layer := func(x *tensor.Tensor) *tensor.Tensor { return w.MatMul(x).Add(b) }
	mean, meanInverted := tensor.ZerosLike(b), tensor.ZerosLike(b)
	softmaxes, logs := tensor.ZerosLike(b), tensor.ZerosLike(b) // arithmetic and geometric means of predictions
	for mask := range uint64(1 << n) {
		kept := each(x, func(i int, v float64) float64 { return v * float64(mask>>i&1) })
		k := bits.OnesCount64(mask)
		probability := math.Pow(1-p, float64(k)) * math.Pow(p, float64(n-k))
		y := layer(kept)
		mean = mean.Add(y.MulScalar(probability))
		meanInverted = meanInverted.Add(layer(kept.DivScalar(1 - p)).MulScalar(probability))
		softmaxes = softmaxes.Add(y.Softmax(0).MulScalar(probability))
		logs = logs.Add(y.LogSoftmax(0).MulScalar(probability))
	}
	scaled := func(by float64) *tensor.Tensor { return w.MulScalar(by).MatMul(x).Add(b) }
	c.AtMost("mean over all 1024 masks, from weights × (1 - p)", furthest(mean, scaled(1-p)), 1e-12)
	c.Control(func() {
		c.AtLeast("mean over all masks, from weights × (1 - p)%", furthest(mean, scaled((1-p)/100)), 0.1)
		c.AtLeast("mean over all masks, from weights × p", furthest(mean, scaled(p)), 0.1)
	})
	c.AtMost("inverted: mean over all masks, from the weights as they are", furthest(meanInverted, scaled(1)), 1e-12)
	// Beyond linear layers the scaled network is no mean of predictions, but for a softmax it is their geometric mean.
	c.AtMost("softmax of the scaled weights, from the geometric mean of all predictions", furthest(scaled(1-p).Softmax(0), logs.Softmax(0)), 1e-12)
	c.Control(func() {
		c.AtLeast("softmax of the scaled weights, from their mean", furthest(scaled(1-p).Softmax(0), softmaxes), 0.01)
	})
}

// inverted looks at nn.Dropout.
func inverted(c *catalog.Check) {
	const n, p = 100000, 0.3
	l := nn.NewDropout(random.New(max(c.Seed, 1)), p)
	x := tensor.With(tensor.Float64).Ones(n).RequireGrad()
	y := l.Forward(x)
	y.Sum().Backward()
	dropped, other := 0.0, 0
	for _, v := range y.Floats() {
		switch v {
		case 0:
			dropped++
		case 1 / (1 - p):
		default:
			other++
		}
	}
	c.Near("share of units that nn.Dropout drops", dropped/n, p, 5*math.Sqrt(p*(1-p)/n))
	c.Equal("units neither dropped nor divided by 1 - p", float64(other), 0)
	c.AtMost("gradient, from the mask divided by 1 - p", furthest(x.Grad(), y), 0)
	c.True("inference passes all through, to the bit", tensor.Equal(nn.Eval(l).Forward(x).Detach(), x.Detach()))

	// One mask, both forms: weights W learnt with inverted dropout are W/(1 - p) learnt with masks alone, scaled at the test.
	in, w := normals(4, 50), normals(5, 7, 50)
	kept := l.Forward(in)
	mask := kept.Div(in).MulScalar(1 - p)
	plain := w.DivScalar(1 - p)
	c.AtMost("a training output of inverted dropout, from that of masks alone", furthest(w.MatMul(kept), plain.MatMul(in.Mul(mask))), 1e-12)
	c.AtMost("a test output of it, from that of weights × (1 - p)", furthest(w.MatMul(in), plain.MulScalar(1-p).MatMul(in)), 1e-12)
}

// dropoutTask trains networks of two layers of 256 hidden units.
type dropoutTask struct {
	x, y, xTest, yTest *tensor.Tensor
}

// fit trains with the inputs and the hidden units dropped with the given probabilities; seen, if not nil, is told of each epoch.
func (t dropoutTask) fit(ctx context.Context, seed uint64, inputs, hidden float64, seen func(epoch int, m nn.Layer)) (nn.Sequential, error) {
	const width, batch, steps = 256, 100, 3000
	epochs := steps * batch / t.x.Dim(0)
	g := random.New(seed)
	m := nn.NewSequential(nn.NewDropout(g, inputs), nn.NewLinear(g, t.x.Dim(1), width, nn.LinearConfig{}), nn.ReLU{},
		nn.NewDropout(g, hidden), nn.NewLinear(g, width, width, nn.LinearConfig{}), nn.ReLU{},
		nn.NewDropout(g, hidden), nn.NewLinear(g, width, 10, nn.LinearConfig{}))
	opt := optim.NewAdam(nn.Params(m), optim.AdamConfig{LR: 1e-3})
	loop := classifierLoop(m, opt, t.x, t.y, batch, epochs, seed)
	schedule := optim.NewScheduler(opt, optim.Cosine(epochs*loop.NumBatches, 0))
	loop.Step = train.Supervised(m, losses.CrossEntropy, opt, train.SupervisedConfig{Scheduler: schedule})
	loop.State.Scheduler("schedule", schedule)
	loop.Observe = func(e train.Event) {
		if seen != nil && e.Kind == "epoch" {
			seen(e.Epoch, m)
		}
	}
	_, err := loop.Train(ctx)
	return m, err
}

func dropoutOnPictures(ctx context.Context, c *catalog.Check) error {
	set, err := pictureset.Load(ctx, c, 10000, pictureset.Least{MNIST: 0.005, Fashion: 0.002, Digits: -0.003})
	if err != nil {
		return err
	}
	const inputs, hidden = 0.1, 0.3 // half of the paper's for layers a quarter as wide as its
	t := dropoutTask{set.X.To(tensor.Float32), set.Y, set.XTest.To(tensor.Float32), set.YTest}
	var chart []plot.Series
	var gaps, gapsDropout []float64 // between training and test accuracy
	var last nn.Sequential
	gains, err := c.Seeds(5, func(seed uint64) (float64, error) {
		draw := c.Pictures != "" && chart == nil
		var tests [2]float64
		for i, p := range [][2]float64{{0, 0}, {inputs, hidden}} {
			name := []string{"no dropout", "dropout"}[i]
			training, test := plot.Series{Name: name + ", training", Dashed: true}, plot.Series{Name: name + ", test"}
			m, err := t.fit(ctx, seed, p[0], p[1], func(epoch int, m nn.Layer) {
				if draw {
					training.X, training.Y = append(training.X, float64(epoch)), append(training.Y, 100*(1-accuracy(m, t.x, t.y)))
					test.X, test.Y = append(test.X, float64(epoch)), append(test.Y, 100*(1-accuracy(m, t.xTest, t.yTest)))
				}
			})
			if err != nil {
				return 0, err
			}
			if draw {
				chart = append(chart, training, test)
			}
			tests[i] = accuracy(m, t.xTest, t.yTest)
			gap := accuracy(m, t.x, t.y) - tests[i]
			if i == 0 {
				gaps = append(gaps, gap)
			} else {
				gapsDropout, last = append(gapsDropout, gap), m
			}
		}
		return tests[1] - tests[0], nil
	})
	if err != nil {
		return err
	}
	c.AtLeast("gain of test accuracy by dropout on "+set.Name, catalog.Median(gains), set.Least)
	c.AtMost("gap between training and test accuracy, over that without", catalog.Median(gapsDropout)/catalog.Median(gaps), 0.99)
	t.testForms(c, last)
	return c.Picture("errors", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: fmt.Sprintf("%s, MLP; p = %v of inputs, %v of hidden units", set.Name, inputs, hidden), XLabel: "epoch", YLabel: "error (%)", Series: chart})
	})
}

// testForms compares ways to use a trained network.
func (t dropoutTask) testForms(c *catalog.Check, m nn.Sequential) {
	own := accuracy(m, t.xTest, t.yTest)
	// Inverted dropout leaves the weights as they are; the misprint is a hundredth of them.
	misprint := nn.Clone(m)
	for _, p := range nn.NamedParams(misprint) {
		if p.Rank() == 2 {
			p.CopyFrom(p.DivScalar(100))
		}
	}
	const masks = 30
	alive := nn.Clone(m)
	one, mean := 0.0, tensor.Zeros(t.xTest.Dim(0), 10)
	for i := range masks {
		scores := alive.Forward(t.xTest).Detach()
		mean = mean.Add(scores.Softmax(1))
		if i == 0 {
			one = metrics.Accuracy(scores, t.yTest)
		}
	}
	c.Near("test accuracy of the mean of 30 random masks' predictions, and of the network without masks", metrics.Accuracy(mean, t.yTest), own, 0.005)
	c.Control(func() {
		c.AtMost("test accuracy with weights × (1 - p)%", accuracy(misprint, t.xTest, t.yTest), 0.5)
		c.AtMost("test accuracy if one mask is left on, from that without", one-own, -0.005)
	})
}
