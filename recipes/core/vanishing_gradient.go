package core

import (
	"context"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C04", Tier: catalog.Unit, Title: "Vanishing gradients; zero-centred inputs", Source: "Hochreiter 1991; LeCun, Bottou, Orr and Müller 1998",
		Target: "20 hidden layers at the start: gradient norm of layer 1 over that of layer 20 < 1e-6 with sigmoids, within [0.1, 10] with ReLU and He's weights; " +
			"positive inputs give weight gradients of one sign in every step",
		Test: vanishing,
	})
}

const deepLayers, deepWidth = 20, 128

// gradientNorms returns the norms of the weight gradients of 20 hidden layers, from the first to the last, at their start.
func gradientNorms(seed uint64, f func(x *tensor.Tensor) *tensor.Tensor, weights func(g *random.Generator, dims ...int) *tensor.Tensor) []float64 {
	g := random.New(seed)
	var hidden []*nn.Linear
	var model nn.Sequential
	for range deepLayers {
		l := nn.NewLinear(g, deepWidth, deepWidth, nn.LinearConfig{})
		l.Weight.CopyFrom(weights(g, deepWidth, deepWidth))
		l.Bias.CopyFrom(tensor.Zeros(deepWidth))
		hidden = append(hidden, l)
		model = append(model, l, nn.Func(f))
	}
	out := nn.NewLinear(g, deepWidth, 10, nn.LinearConfig{})
	losses.CrossEntropy(out.Forward(model.Forward(tensor.Randn(g, 64, deepWidth))), tensor.RandInt(g, 0, 10, 64)).Backward()
	var norms []float64
	for _, l := range hidden {
		norms = append(norms, l.Weight.Grad().To(tensor.Float64).Norm(2).Item())
	}
	return norms
}

func vanishing(_ context.Context, c *catalog.Check) error {
	xavier := func(g *random.Generator, dims ...int) *tensor.Tensor { return initialize.XavierNormal(g, 1, dims...) }
	he := func(g *random.Generator, dims ...int) *tensor.Tensor {
		return initialize.KaimingNormal(g, initialize.GainReLU, dims...)
	}
	sigmoid, tanh, relu := (*tensor.Tensor).Sigmoid, (*tensor.Tensor).Tanh, (*tensor.Tensor).ReLU
	ratio := func(norms []float64) float64 { return norms[0] / norms[deepLayers-1] }
	vanished, err := c.Median(5, func(seed uint64) (float64, error) { return ratio(gradientNorms(seed, sigmoid, xavier)), nil })
	if err != nil {
		return err
	}
	kept, err := c.Seeds(5, func(seed uint64) (float64, error) { return ratio(gradientNorms(seed, relu, he)), nil })
	if err != nil {
		return err
	}
	c.AtMost("gradient norm of layer 1 over that of layer 20, sigmoids", vanished, 1e-6)
	c.AtLeast("the least of five with ReLU and He's weights", slices.Min(kept), 0.1)
	c.AtMost("the largest of five", slices.Max(kept), 10)
	first := max(c.Seed, 1)
	// With weights too small for ReLU the ratio does not tell: activations vanish on their way forward as gradients do backward, and a
	// weight's gradient is the product of the two. All layers' are small.
	small := gradientNorms(first, relu, func(g *random.Generator, dims ...int) *tensor.Tensor {
		return initialize.TorchDefault(g, deepWidth, dims...)
	})
	c.Control(func() {
		c.AtMost("gradient norm of layer 1, ReLU with weights uniform in ±1/√in, over that with He's", small[0]/gradientNorms(first, relu, he)[0], 1e-6)
	})
	if err := zigzag(c); err != nil {
		return err
	}
	return c.Picture("gradients", func(path string) error {
		layers := make([]float64, deepLayers)
		for i := range layers {
			layers[i] = float64(i + 1)
		}
		return plot.Lines(path, plot.Chart{Title: "20 hidden layers of 128 units, before training", XLabel: "layer", YLabel: "norm of the weights' gradient", LogY: true, Series: []plot.Series{
			{Name: "sigmoid, Xavier", X: layers, Y: gradientNorms(first, sigmoid, xavier)}, {Name: "tanh, Xavier", X: layers, Y: gradientNorms(first, tanh, xavier)},
			{Name: "ReLU, He", X: layers, Y: gradientNorms(first, relu, he)}, {Name: "ReLU, Xavier", X: layers, Y: gradientNorms(first, relu, xavier)},
		}})
	})
}

// zigzag teaches a neuron of two inputs the weights (1, -1), sample by sample, with inputs in (0, 1) and with the same ones centred.
func zigzag(c *catalog.Check) error {
	const steps, times = 100, 10
	run := func(x *tensor.Tensor) (oneSign, turns, length float64, path [2][]float64) {
		n := &nn.Linear{Weight: tensor.NewParam(tensor.With(tensor.Float64).Zeros(1, 2))}
		target := tensor.Of([]float64{1, -1}, 1, 2)
		opt := optim.NewSGD(nn.Params(n), optim.SGDConfig{LR: 0.2})
		before := [2]float64{}
		for t := range steps {
			sample := x.Narrow(0, t, 1)
			w := n.Weight.Floats()
			path[0], path[1] = append(path[0], w[0]), append(path[1], w[1])
			opt.ZeroGrad()
			losses.MSE(n.Forward(sample), tensor.Linear(sample, target, nil)).Backward()
			g := [2]float64(n.Weight.Grad().Floats())
			if g[0]*g[1] > 0 {
				oneSign++
			}
			if g[0]*before[0]+g[1]*before[1] < 0 { // more than a right angle
				turns++
			}
			length += 0.2 * math.Hypot(g[0], g[1])
			before = g
			opt.Step()
		}
		return oneSign, turns, length, path
	}
	var sign, turns, length, far [2]float64
	var first [2][2][]float64
	for k := range times {
		x := tensor.With(tensor.Float64).Rand(random.New(max(c.Seed, 1)+uint64(k)), steps, 2)
		for i, x := range []*tensor.Tensor{x, x.MulScalar(2).SubScalar(1)} {
			s, n, l, path := run(x)
			sign[i], turns[i], length[i] = sign[i]+s, turns[i]+n, length[i]+l
			far[i] += math.Hypot(path[0][20]-1, path[1][20]+1)
			if k == 0 {
				first[i] = path
			}
		}
	}
	c.Equal("share of steps whose weight gradients have one sign, inputs in (0, 1)", sign[0]/(steps*times), 1)
	c.Near("inputs in (-1, 1)", sign[1]/(steps*times), 0.5, 0.1)
	c.AtLeast("turns by more than a right angle in 100 steps, inputs in (0, 1)", turns[0]/times, 45)
	c.Control(func() { c.AtMost("inputs in (-1, 1)", turns[1]/times, 40) })
	c.AtLeast("distance from the aim after 20 steps, inputs in (0, 1), over inputs in (-1, 1)", far[0]/far[1], 2)
	c.AtLeast("length of the way, inputs in (0, 1), over inputs in (-1, 1)", length[0]/length[1], 1.5)
	return c.Picture("zigzag", func(file string) error {
		return plot.Lines(file, plot.Chart{Title: "Weights on their way from (0, 0) to (1, -1), sample by sample", XLabel: "w1", YLabel: "w2", Series: []plot.Series{
			{Name: "inputs in (0, 1)", X: first[0][0], Y: first[0][1]}, {Name: "inputs in (-1, 1)", X: first[1][0], Y: first[1][1]},
		}})
	})
}
