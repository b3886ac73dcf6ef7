package core

import (
	"context"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C16", Tier: catalog.Unit, Title: "Total loss L = Σ_n Cⁿ over samples; mini-batches", Source: "Robbins and Monro 1951",
		Target: "the gradient of a sum is the sum of the gradients, to 1e-12, by samples and by mini-batches; a mean is the sum over N, so that SGD with the sum at the rate η/N is SGD with the mean at η",
		Note:   "losses.Reduction says what each divides by: Mean by the number of elements, which for MSE of (N, D) is N D",
		Test:   totalLoss,
	})
}

func totalLoss(_ context.Context, c *catalog.Check) error {
	const n, features, classes = 24, 6, 4
	g := random.New(max(c.Seed, 1))
	newNet := func() nn.Sequential {
		g := random.New(7)
		return nn.To(nn.Sequential{nn.NewLinear(g, features, 8, nn.LinearConfig{}), nn.Tanh{}, nn.NewLinear(g, 8, classes, nn.LinearConfig{})}, tensor.Float64)
	}
	net := newNet()
	params := nn.Params(net)
	x, y := tensor.With(tensor.Float64).Randn(g, n, features), tensor.RandInt(g, 0, classes, n)

	gradient := func(net nn.Layer, r losses.Reduction, lo, hi int) (all []float64) {
		loss := losses.CrossEntropyLoss{Reduction: r}.Of(net.Forward(x.Narrow(0, lo, hi-lo)), y.Narrow(0, lo, hi-lo))
		return flatGradients(loss, nn.Params(net))
	}
	sum, mean := gradient(net, losses.Sum, 0, n), gradient(net, losses.Mean, 0, n)
	bySample := make([]float64, len(sum))
	for i := range n {
		plus(bySample, gradient(net, losses.Sum, i, i+1), 1)
	}
	c.AtMost("|gradient of Σ Cⁿ - Σ of 24 gradients|", farApart(sum, bySample), 1e-12)

	each := autograd.PerExample(func(s []*tensor.Tensor) *tensor.Tensor {
		return losses.CrossEntropy(net.Forward(s[0]), s[1]) // a batch of one
	}, params, x, y)
	var together []float64
	for _, d := range each { // (N, ...) each
		together = append(together, d.Sum(0).Floats()...)
	}
	c.AtMost("|gradient of Σ Cⁿ - sum of autograd.PerExample|", farApart(sum, together), 1e-12)
	scaled := make([]float64, len(sum))
	plus(scaled, mean, n)
	c.AtMost("|gradient of the sum - N times that of the mean|", farApart(sum, scaled), 1e-12)

	// Mini-batches of 10, 10 and 4: sums add up as they are, means with the weights n_b / N.
	bySums, byMeans, unweighted := make([]float64, len(sum)), make([]float64, len(sum)), make([]float64, len(sum))
	for lo := 0; lo < n; lo += 10 {
		hi := min(n, lo+10)
		plus(bySums, gradient(net, losses.Sum, lo, hi), 1)
		plus(byMeans, gradient(net, losses.Mean, lo, hi), float64(hi-lo)/n)
		plus(unweighted, gradient(net, losses.Mean, lo, hi), 1.0/3)
	}
	c.AtMost("|mini-batches' sums added - gradient of the sum|", farApart(bySums, sum), 1e-12)
	c.AtMost("|mini-batches' means by n_b/N - gradient of the mean|", farApart(byMeans, mean), 1e-12)

	// Backward accumulates, which is how a batch that does not fit into memory is cut.
	for lo := 0; lo < n; lo += 10 {
		hi := min(n, lo+10)
		losses.CrossEntropyLoss{Reduction: losses.Sum}.Of(net.Forward(x.Narrow(0, lo, hi-lo)), y.Narrow(0, lo, hi-lo)).MulScalar(1.0 / n).Backward()
	}
	var accumulated []float64
	for _, p := range params {
		accumulated = append(accumulated, p.Grad().Floats()...)
	}
	c.AtMost("|accumulated by Backward - gradient of the mean|", farApart(accumulated, mean), 1e-12)

	// 50 steps of SGD with the sum at η/N and with the mean at η.
	run := func(r losses.Reduction, rate float64) (weights []float64) {
		net := newNet()
		opt := optim.NewSGD(nn.Params(net), optim.SGDConfig{LR: rate, Momentum: 0.9})
		for range 50 {
			opt.ZeroGrad()
			losses.CrossEntropyLoss{Reduction: r}.Of(net.Forward(x), y).Backward()
			opt.Step()
		}
		for _, p := range nn.Params(net) {
			weights = append(weights, p.Floats()...)
		}
		return weights
	}
	c.AtMost("|weights after 50 steps with the sum at η/N - with the mean at η|", farApart(run(losses.Sum, 0.1/n), run(losses.Mean, 0.1)), 1e-12)

	// What Mean divides by: MSE of (N, D) by N D, cross-entropy by N.
	t := tensor.With(tensor.Float64).Randn(g, n, features)
	c.Near("MSE of (24, 6): sum over mean", losses.MSELoss{Reduction: losses.Sum}.Of(x, t).Item()/losses.MSE(x, t).Item(), n*features, 1e-10)
	c.Near("cross-entropy of (24, 4): sum over mean", losses.CrossEntropyLoss{Reduction: losses.Sum}.Of(net.Forward(x), y).Item()/losses.CrossEntropy(net.Forward(x), y).Item(), n, 1e-10)

	c.Control(func() {
		c.AtLeast("the plain average over unequal mini-batches is off by", farApart(unweighted, mean), 1e-3)
		c.AtLeast("with the sum at η the weights are off by", farApart(run(losses.Sum, 0.1), run(losses.Mean, 0.1)), 0.1)
		// Batch normalisation makes the samples of a batch depend on each other: the loss is no sum over samples.
		mixed := nn.To(nn.Sequential{nn.NewLinear(g, features, 8, nn.LinearConfig{}), nn.NewBatchNorm1d(8, nn.BatchNormConfig{}), nn.NewLinear(g, 8, classes, nn.LinearConfig{})}, tensor.Float64)
		whole := gradient(mixed, losses.Sum, 0, n)
		halves := gradient(mixed, losses.Sum, 0, n/2)
		plus(halves, gradient(mixed, losses.Sum, n/2, n), 1)
		c.AtLeast("with batch normalisation the halves' sum is off by", farApart(whole, halves), 1e-3)
	})
	return nil
}

// flatGradients returns the gradients of a loss by all parameters, one after the other.
func flatGradients(loss *tensor.Tensor, params []*tensor.Param) (all []float64) {
	wrt := make([]*tensor.Tensor, len(params))
	for i, p := range params {
		wrt[i] = p.Tensor
	}
	for _, d := range autograd.Grad([]*tensor.Tensor{loss}, wrt, autograd.GradConfig{}) {
		all = append(all, d.Floats()...)
	}
	return all
}

// plus adds k b to a.
func plus(a, b []float64, k float64) {
	for i := range a {
		a[i] += k * b[i]
	}
}
