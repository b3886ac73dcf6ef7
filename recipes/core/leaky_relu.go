package core

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/autograd"
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
		ID: "C06", Tier: catalog.Unit, Title: "Leaky ReLU", Source: "Maas, Hannun and Ng 2013",
		Target: "a = z above 0 and 0.01 z elsewhere, with derivatives 1 and 0.01, exactly; a unit that is negative for every sample learns to be positive",
		Note:   "at 0 the derivative is the slope of the negative side, as in PyTorch",
		Test:   leakyReLU,
	})
}

func leakyReLU(_ context.Context, c *catalog.Check) error {
	layer := nn.LeakyReLU{} // 0.01
	points := []float64{0, 1e-300, -1e-300, 1e-8, -1e-8, 1, -1, 1000, -1000, 1e300, -1e300, math.Inf(1), math.Inf(-1)}
	z := tensor.Concat(0, tensor.Of(points), tensor.With(tensor.Float64).Randn(random.New(1), 1000))
	var values, dvalues []float64
	for _, v := range z.Floats() {
		if v > 0 {
			values, dvalues = append(values, v), append(dvalues, 1)
		} else {
			values, dvalues = append(values, 0.01*v), append(dvalues, 0.01)
		}
	}
	value, slope := slopes(layer.Forward, z)
	differ := func(a *tensor.Tensor, b []float64) float64 { return a.Ne(tensor.Of(b)).To(tensor.Float64).Sum().Item() }
	c.Equal("derivatives of 1,013 that are not 1 or 0.01, as they should be", differ(slope, dvalues), 0)
	c.Equal("values that are not z or 0.01 z", differ(value, values), 0)
	away := z.Narrow(0, len(points), 1000)
	away = away.Add(away.Sign().MulScalar(0.1)) // from the kink
	err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{layer.Forward(in[0])} }, []*tensor.Tensor{away}, autograd.GradCheckConfig{})
	c.True("finite differences agree", err == nil)
	// max(z, m z) is the same for slopes below 1 alone.
	largest := func(m float64) *tensor.Tensor { return away.Maximum(away.MulScalar(m)) }
	c.Equal("largest error of max(z, m z) as a leaky ReLU with m = 0.3", largestError(largest(0.3), away.LeakyReLU(0.3)), 0)
	c.Control(func() {
		c.AtLeast("with m = 1.5", largestError(largest(1.5), away.LeakyReLU(1.5)), 0.5)
		_, relu := slopes((*tensor.Tensor).ReLU, away)
		c.Equal("a ReLU's least derivative", relu.Min().Item(), 0)
	})

	// A unit that begins far below 0 for every sample, to learn y = 2x + 1 on (0, 1).
	const steps = 1500
	teach := func(f nn.Layer) (loss []float64) {
		g := random.New(max(c.Seed, 1))
		x := tensor.Rand(g, 64, 1)
		y := x.MulScalar(2).AddScalar(1)
		unit := nn.NewLinear(g, 1, 1, nn.LinearConfig{})
		unit.Bias.CopyFrom(tensor.Full(-3, 1))
		model := nn.NewSequential(unit, f)
		opt := optim.NewAdam(nn.Params(model), optim.AdamConfig{LR: 0.01})
		for range steps {
			opt.ZeroGrad()
			l := losses.MSE(model.Forward(x), y)
			l.Backward()
			loss = append(loss, l.Item())
			opt.Step()
		}
		return loss
	}
	leaky, dead := teach(layer), teach(nn.ReLU{})
	c.AtMost("loss of a leaky unit that was negative for every sample, over its first", leaky[steps-1]/leaky[0], 1e-3)
	c.Control(func() { c.Equal("loss of a ReLU that was, over its first", dead[steps-1]/dead[0], 1) })
	return c.Picture("waking", func(path string) error {
		t := make([]float64, steps)
		for i := range t {
			t[i] = float64(i)
		}
		return plot.Lines(path, plot.Chart{Title: "A unit that begins below 0 for every sample", XLabel: "step", YLabel: "squared error", LogY: true,
			Series: []plot.Series{{Name: "leaky ReLU", X: t, Y: leaky}, {Name: "ReLU", X: t, Y: dead}}})
	})
}
