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
		ID: "C10", Tier: catalog.Unit, Title: "Symmetry of equal weights; random initialisation (Xavier, He, SIREN)", Source: "Glorot and Bengio 2010; He et al. 2015; Sitzmann et al. 2020",
		Target: "from zeros or a constant the hidden units are the same after 1000 steps, from random weights they differ and solve XOR; the size of activations stays within 20% over 30 layers",
		Note: "the size is the mean square of a layer's sums Wx + b, as in He et al., over that of layer 1: a mean over many networks, for initialisation keeps the expectation. Sums of SIREN " +
			"are compared from layer 2 on, for the first has the input's distribution",
		Test: symmetry,
	})
}

// xorNet is a network of 8 tanh units and one output whose weights all come from weight.
func xorNet(weight func(dims ...int) *tensor.Tensor) nn.Sequential {
	g := random.New(1)
	net := nn.Sequential{nn.NewLinear(g, 2, 8, nn.LinearConfig{}), nn.Tanh{}, nn.NewLinear(g, 8, 1, nn.LinearConfig{})}
	for _, p := range nn.Params(net) {
		p.CopyFrom(weight(p.Shape().Dims()...))
	}
	return net
}

// learnXOR takes 1000 steps and returns how many of the four points are right, and the largest difference between two hidden units.
func learnXOR(net nn.Sequential, opt optim.Optimizer) (right, difference float64) {
	x, y := tensor.Of([]float32{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2), tensor.Of([]float32{0, 1, 1, 0}, 4, 1)
	for range 1000 {
		opt.ZeroGrad()
		losses.BCEWithLogits(net.Forward(x), y).Backward()
		opt.Step()
	}
	for i, v := range net.Forward(x).Floats() {
		if (v > 0) == (y.Floats()[i] == 1) {
			right++
		}
	}
	hidden := net[0].(*nn.Linear)
	units := tensor.Concat(1, hidden.Weight.Detach(), hidden.Bias.Detach().Unsqueeze(1), net[2].(*nn.Linear).Weight.Detach().T())
	return right, units.Sub(units.Narrow(0, 0, 1)).Abs().Max().Item()
}

// initialisation is a way to draw the first weights, with the activation that it is made for.
type initialisation struct {
	name       string
	weight     func(g *random.Generator, layer, width int) *tensor.Tensor
	activation func(x *tensor.Tensor) *tensor.Tensor
	nets       int // that the mean is over: the size of a single one wanders
}

const (
	sizeDepth, sizeWidth, sizeBatch = 30, 128, 32
	omega0                          = 30 // SIREN's frequency
)

// sizes returns the mean square of the sums of each layer, averaged over networks, with inputs uniform in ±1.
func (in initialisation) sizes(g *random.Generator) []float64 {
	mean := make([]float64, sizeDepth)
	for range in.nets {
		h := tensor.Rand(g, sizeBatch, sizeWidth).MulScalar(2).SubScalar(1)
		for l := range sizeDepth {
			s := h.MatMul(in.weight(g, l, sizeWidth).T())
			mean[l] += s.Square().Mean().Item() / float64(in.nets)
			h = in.activation(s)
		}
	}
	return mean
}

func symmetry(_ context.Context, c *catalog.Check) error {
	sgd := func(net nn.Sequential) optim.Optimizer {
		return optim.NewSGD(nn.Params(net), optim.SGDConfig{LR: 0.5, Momentum: 0.9})
	}
	adam := func(net nn.Sequential) optim.Optimizer {
		return optim.NewAdam(nn.Params(net), optim.AdamConfig{LR: 0.01})
	}
	var same, most float64
	for _, value := range []float64{0, 0.5} {
		for _, method := range []func(nn.Sequential) optim.Optimizer{sgd, adam} {
			net := xorNet(func(dims ...int) *tensor.Tensor { return initialize.Constant(value, dims...) })
			right, difference := learnXOR(net, method(net))
			same, most = max(same, difference), max(most, right)
		}
	}
	c.Equal("largest difference of two hidden units after 1000 steps from zeros and from 0.5, by SGD and Adam", same, 0)
	c.AtMost("points of XOR that such a network, one unit in truth, gets right", most, 3)
	least, err := c.Seeds(3, func(seed uint64) (float64, error) {
		g := random.New(seed)
		net := xorNet(func(dims ...int) *tensor.Tensor {
			if len(dims) == 1 {
				return initialize.Constant(0, dims...)
			}
			return initialize.XavierUniform(g, 1, dims...)
		})
		right, difference := learnXOR(net, sgd(net))
		if difference == 0 {
			return 0, nil
		}
		return right, nil
	})
	if err != nil {
		return err
	}
	c.Equal("points right from random weights, whose units differ: the least of 3 seeds", slices.Min(least), 4)

	good := []initialisation{
		{"Xavier, linear", func(g *random.Generator, _, n int) *tensor.Tensor { return initialize.XavierUniform(g, 1, n, n) }, func(x *tensor.Tensor) *tensor.Tensor { return x }, 60},
		{"He, ReLU", func(g *random.Generator, _, n int) *tensor.Tensor {
			return initialize.KaimingUniform(g, initialize.GainReLU, n, n)
		}, (*tensor.Tensor).ReLU, 150},
		{"SIREN, sine", sirenWeight, (*tensor.Tensor).Sin, 5},
	}
	bad := []initialisation{
		{"N(0, 0.05²), ReLU", func(g *random.Generator, _, n int) *tensor.Tensor { return initialize.Normal(g, 0, 0.05, n, n) }, (*tensor.Tensor).ReLU, 3},
		{"Xavier, ReLU", func(g *random.Generator, _, n int) *tensor.Tensor { return initialize.XavierUniform(g, 1, n, n) }, (*tensor.Tensor).ReLU, 3},
		{"N(0, 0.3²), ReLU", func(g *random.Generator, _, n int) *tensor.Tensor { return initialize.Normal(g, 0, 0.3, n, n) }, (*tensor.Tensor).ReLU, 3},
	}
	var lines []plot.Series
	measure := func(in initialisation) (first int, v []float64) {
		v = in.sizes(random.New(max(c.Seed, 1)))
		s := plot.Series{Name: in.name, X: layerNumbers(), Y: v}
		lines = append(lines, s)
		if in.name == "SIREN, sine" {
			first = 1
		}
		return first, v
	}
	for _, in := range good {
		first, v := measure(in)
		var off float64
		for _, x := range v[first:] {
			off = max(off, math.Abs(x/v[first]-1))
		}
		c.AtMost(in.name+": largest change of the size over 30 layers", off, 0.2)
	}
	c.Control(func() {
		for _, in := range bad {
			_, v := measure(in)
			c.AtLeast(in.name+": |log10 of layer 30 over layer 1|", math.Abs(math.Log10(v[sizeDepth-1]/v[0])), 6)
		}
	})
	return c.Picture("sizes", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "The size of activations by layer, as initialised", XLabel: "layer", YLabel: "mean square of the sums", LogY: true, Series: lines})
	})
}

// sirenWeight is what Sitzmann et al. take for layers whose sums are the sine's argument: uniform in ±√(6/n), and ω0 ± 1/n in the first.
func sirenWeight(g *random.Generator, layer, n int) *tensor.Tensor {
	bound := math.Sqrt(6 / float64(n)) // their ω0 √(6/n)/ω0
	if layer == 0 {
		bound = omega0 / float64(n)
	}
	return initialize.Uniform(g, -bound, bound, n, n)
}

func layerNumbers() (n []float64) {
	for l := range sizeDepth {
		n = append(n, float64(l+1))
	}
	return n
}
