package optimizers

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D01", Tier: catalog.Unit, Title: "Stochastic gradient descent (mini-batch)", Source: "Robbins and Monro 1951",
		Target: "the mean gradient over all mini-batches is that of the whole set to 1e-12; with a rate η/√t the loss on a noisy quadratic falls as 1/√t",
		Test:   sgd,
	})
}

func sgd(_ context.Context, c *catalog.Check) error {
	// All 20 mini-batches of 3 out of 6 samples.
	g := random.New(max(c.Seed, 1))
	model := nn.NewLinear(g, 4, 2, nn.LinearConfig{})
	for _, p := range nn.Params(model) {
		p.Tensor = tensor.NewParam(p.Detach().To(tensor.Float64)).Tensor
	}
	x, y := tensor.Randn(g, 6, 4).To(tensor.Float64), tensor.Randn(g, 6, 2).To(tensor.Float64)
	gradient := func(of ...int64) (all []float64) {
		pick := tensor.Of(of)
		for _, t := range gradients(losses.MSE(model.Forward(x.IndexSelect(0, pick)), y.IndexSelect(0, pick)), nn.Params(model)) {
			all = append(all, t.Floats()...)
		}
		return all
	}
	whole := gradient(0, 1, 2, 3, 4, 5)
	mean, batches := make([]float64, len(whole)), 0.0
	for i := int64(0); i < 6; i++ {
		for j := i + 1; j < 6; j++ {
			for k := j + 1; k < 6; k++ {
				batches++
				for at, v := range gradient(i, j, k) {
					mean[at] += v
				}
			}
		}
	}
	for i := range mean {
		mean[i] /= batches
	}
	c.AtMost("|mean of 20 mini-batches' gradients - full gradient|", worst(mean, whole), 1e-12)
	c.Control(func() {
		c.AtLeast("|one mini-batch's gradient - full gradient|", worst(gradient(0, 1, 2), whole), 0.01)
	})

	// ½w² for 4000 weights, each with a noise of its own; the mean over them is the expectation.
	run := func(schedule optim.Schedule) (steps, loss []float64) {
		g, p := random.New(max(c.Seed, 1)), tensor.NewParam(tensor.Ones(4000))
		opt := optim.NewSGD(only(p), optim.SGDConfig{LR: 0.5})
		s := optim.NewScheduler(opt, schedule)
		for t := 1; t <= 2000; t++ {
			opt.StepWith([]*tensor.Tensor{p.Detach().Add(tensor.Randn(g, 4000))})
			s.Step()
			if t%20 == 0 && t >= 100 {
				steps, loss = append(steps, float64(t)), append(loss, p.Detach().Square().Mean().Item()/2)
			}
		}
		return steps, loss
	}
	t, falling := run(optim.InverseSqrt(1))
	_, constant := run(optim.Constant())
	c.Near("slope of log loss over log t at η/√t", slope(t, falling), -0.5, 0.05)
	c.Control(func() { c.Near("slope at a constant rate", slope(t, constant), 0, 0.05) })
	return c.Picture("noise", func(path string) error {
		bound := make([]float64, len(t))
		for i := range bound {
			bound[i] = falling[0] * math.Sqrt(t[0]/t[i])
		}
		return plot.Lines(path, plot.Chart{Title: "SGD on a noisy quadratic", XLabel: "step", YLabel: "loss", LogY: true, Series: []plot.Series{
			{Name: "η/√t", X: t, Y: falling}, {Name: "1/√t", X: t, Y: bound, Dashed: true}, {Name: "constant η", X: t, Y: constant},
		}})
	})
}
