package training

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "E05", Tier: catalog.Small, Title: "Batch normalisation", Source: "Ioffe and Szegedy 2015",
		Target: "training outputs have mean 0 and variance 1, inference uses running averages, one sample at a time too; gradients of orders 1 and 2; " +
			"a sigmoid network trains at 30 times the rate η, at which it fails without",
		Note: "y = γ (x - μ)/√(σ² + ε) + β; √(σ + ε), a misprint, leaves a variance of σ; the paper's 14 times fewer steps are of Inception on ImageNet; " + pictureset.Note,
		Test: batchNorm,
	})
}

func batchNorm(ctx context.Context, c *catalog.Check) error {
	if err := deepSigmoid(ctx, c); err != nil {
		return err
	}
	batchStatistics(c)
	runningStatistics(c)
	return nil
}

// batchStatistics looks at a layer in training.
func batchStatistics(c *catalog.Check) {
	const channels, eps = 4, 1e-5
	x := normals(1, 6, channels, 3, 2).MulScalar(3).AddScalar(7)
	l := nn.To(nn.NewBatchNorm2d(channels, nn.BatchNormConfig{NoAffine: true}), tensor.Float64)
	y := l.Forward(x)
	channel := func(t *tensor.Tensor, k int) []float64 { return t.Select(1, k).Contiguous().Floats() }
	off, least := 0.0, math.Inf(1)
	misprint := 0.0 // largest |variance - 1|
	for k := range channels {
		mean, variance := moments(channel(x, k))
		for i, v := range channel(y, k) {
			off = max(off, math.Abs(v-(channel(x, k)[i]-mean)/math.Sqrt(variance+eps)))
		}
		wrong := channel(x, k)
		for i := range wrong {
			wrong[i] = (wrong[i] - mean) / math.Sqrt(math.Sqrt(variance)+eps)
		}
		misprint = max(misprint, unlike(wrong))
		least = min(least, variance)
	}
	c.AtMost("error of the outputs by (x - μ)/√(σ² + ε)", off, 1e-12)
	worst := 0.0
	for k := range channels {
		worst = max(worst, unlike(channel(y, k)))
	}
	c.AtMost("|mean| and |variance - 1| of a channel of them", worst, 1.01*eps/least) // σ²/(σ² + ε) is the variance
	c.Control(func() { c.AtLeast("|variance - 1| by (x - μ)/√(σ + ε)", misprint, 1) })

	f := func(in []*tensor.Tensor) []*tensor.Tensor {
		l := nn.NewBatchNorm2d(channels, nn.BatchNormConfig{})
		l.Weight, l.Bias = &nn.Param{Tensor: in[1]}, &nn.Param{Tensor: in[2]}
		return []*tensor.Tensor{l.Forward(in[0])}
	}
	c.True("gradients of orders 1 and 2, to 1e-6", autograd.GradCheck(f, []*tensor.Tensor{x, normals(2, channels), normals(3, channels)}, autograd.GradCheckConfig{}) == nil)
}

// runningStatistics looks at what inference uses.
func runningStatistics(c *catalog.Check) {
	const channels, n, momentum, eps = 3, 8, 0.1, 1e-5
	l := nn.To(nn.NewBatchNorm1d(channels, nn.BatchNormConfig{}), tensor.Float64)
	mean, variance := make([]float64, channels), []float64{1, 1, 1}
	for i := range 30 {
		x := normals(uint64(10+i), n, channels).MulScalar(2).AddScalar(5)
		l.Forward(x)
		for k := range channels {
			m, v := moments(x.Select(1, k).Contiguous().Floats())
			mean[k] = (1-momentum)*mean[k] + momentum*m
			variance[k] = (1-momentum)*variance[k] + momentum*v*n/(n-1) // unbiased
		}
	}
	c.AtMost("error of the running mean after 30 batches", furthest(l.RunningMean.Tensor, tensor.Of(mean)), 1e-12)
	c.AtMost("error of the running variance", furthest(l.RunningVar.Tensor, tensor.Of(variance)), 1e-12)

	x := normals(9, n, channels)
	infer := nn.Eval(l)
	want := x.Sub(tensor.Of(mean)).Div(tensor.Of(variance).AddScalar(eps).Sqrt())
	c.AtMost("error of inference by the running averages", furthest(infer.Forward(x), want), 1e-12)
	first := x.Narrow(0, 0, 1)
	c.AtMost("inference of one sample, from it in a batch", furthest(infer.Forward(first), infer.Forward(x).Narrow(0, 0, 1)), 0)
	c.Control(func() {
		c.AtLeast("in training: a sample in one batch, from it in another", furthest(l.Forward(x).Narrow(0, 0, 1), l.Forward(x.Narrow(0, 0, 2)).Narrow(0, 0, 1)), 0.1)
	})
	err, _ := errors.AsType[*tensor.Error](tensor.Catch(func() { l.Forward(first) }))
	c.True("training on one sample, which has no variance, is refused", err != nil && err.Kind == tensor.ErrShape)
}

// sigmoids returns hidden layers of 64 sigmoid units, with batch normalisation before each sigmoid or without.
func sigmoids(g *random.Generator, in, layers int, norm bool) nn.Sequential {
	const width, classes = 64, 10
	var all []nn.Layer
	for range layers {
		l := nn.NewLinear(g, in, width, nn.LinearConfig{NoBias: norm}) // the norm has one
		l.Weight.CopyFrom(initialize.XavierUniform(g, 1, width, in))
		all = append(all, l)
		if norm {
			all = append(all, nn.NewBatchNorm1d(width, nn.BatchNormConfig{}))
		}
		all = append(all, nn.Sigmoid{})
		in = width
	}
	return nn.NewSequential(append(all, nn.NewLinear(g, in, classes, nn.LinearConfig{}))...)
}

// deepSigmoid trains networks of sigmoid units, as the paper does on MNIST, with plain SGD.
func deepSigmoid(ctx context.Context, c *catalog.Check) error {
	set, err := pictureset.Load(ctx, c, 3000, pictureset.Least{MNIST: 0.85, Fashion: 0.65, Digits: 0.9})
	if err != nil {
		return err
	}
	const rate, batch, steps = 0.6, 60, 600
	x, xTest := set.X.To(tensor.Float32), set.XTest.To(tensor.Float32)
	// fit returns the model and the loss at each step.
	fit := func(seed uint64, layers int, norm bool, lr float64) (model nn.Sequential, losses []float64, err error) {
		model = sigmoids(random.New(seed), x.Dim(1), layers, norm)
		opt := optim.NewSGD(nn.Params(model), optim.SGDConfig{LR: lr})
		loop := classifierLoop(model, opt, x, set.Y, batch, steps*batch/x.Dim(0), seed)
		loop.Observe = func(e train.Event) {
			if e.Kind == "step" {
				losses = append(losses, e.Metrics[0].Value)
			}
		}
		_, err = loop.Train(ctx)
		return model, losses, err
	}
	reached := func(layers int, norm bool, lr float64) (float64, error) {
		return c.Median(3, func(seed uint64) (float64, error) {
			m, _, err := fit(seed, layers, norm, lr)
			if err != nil {
				return 0, err
			}
			return accuracy(m, xTest, set.YTest), nil
		})
	}

	fast, err := reached(3, true, 30*rate)
	if err != nil {
		return err
	}
	slow, err := reached(3, false, rate)
	if err != nil {
		return err
	}
	failed, err := reached(3, false, 30*rate)
	if err != nil {
		return err
	}
	c.AtLeast(fmt.Sprintf("test accuracy on %s, 3 layers, batch norm, learning rate 30 · %v", set.Name, rate), fast, set.Least)
	c.AtLeast(fmt.Sprintf("its gain on the network without, learning rate %v", rate), fast-slow, 0.03)
	c.Control(func() { c.AtMost("test accuracy without, learning rate 30 times as high", failed, 0.2) })

	deep, err := reached(5, true, rate)
	if err != nil {
		return err
	}
	best := 0.0 // over learning rates
	for _, lr := range []float64{rate, 5 * rate, 30 * rate} {
		a, err := reached(5, false, lr)
		if err != nil {
			return err
		}
		best = max(best, a)
	}
	c.AtLeast(fmt.Sprintf("test accuracy, 5 layers, batch norm, learning rate %v", rate), deep, set.Least)
	c.Control(func() { c.AtMost("test accuracy without, 5 layers, the best of 3 learning rates", best, 0.3) })

	m, _, err := fit(max(c.Seed, 1), 3, true, rate)
	if err != nil {
		return err
	}
	forgottenEval(c, m, xTest, set.YTest)
	return c.Picture("loss", func(path string) error {
		chart := plot.Chart{Title: fmt.Sprintf("%s: 3 layers of sigmoid units, SGD with η = %v", set.Name, rate), XLabel: "step", YLabel: "training loss, mean of 20 steps", LogY: true}
		for _, line := range []struct {
			name string
			norm bool
			lr   float64
		}{{"plain, η", false, rate}, {"plain, 30η", false, 30 * rate}, {"batch norm, η", true, rate}, {"batch norm, 30η", true, 30 * rate}} {
			_, losses, err := fit(max(c.Seed, 1), 3, line.norm, line.lr)
			if err != nil {
				return err
			}
			s := plot.Series{Name: line.name, Dashed: !line.norm}
			for at := 0; at+20 <= len(losses); at += 20 {
				mean, _ := moments(losses[at : at+20])
				s.X, s.Y = append(s.X, float64(at+10)), append(s.Y, mean)
			}
			chart.Series = append(chart.Series, s)
		}
		return plot.Lines(path, chart)
	})
}

// forgottenEval measures a model with the statistics of test batches, each of one class.
func forgottenEval(c *catalog.Check, m nn.Sequential, x, y *tensor.Tensor) {
	right, classes := 0.0, y.Floats()
	for k := range 10 {
		var rows []int64
		for i, class := range classes {
			if int(class) == k {
				rows = append(rows, int64(i))
			}
		}
		of := tensor.Of(rows)
		scores := nn.Clone(m).Forward(x.IndexSelect(0, of)).Detach() // it trains still
		right += metrics.Accuracy(scores, y.IndexSelect(0, of)) * float64(len(rows))
	}
	c.Control(func() {
		c.AtMost("test accuracy by the statistics of test batches of one class, over that by running ones", right/float64(len(classes))/accuracy(m, x, y), 0.7)
	})
}
