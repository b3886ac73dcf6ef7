package core

import (
	"context"
	"fmt"
	"math"
	"slices"

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
		ID: "C12", Tier: catalog.Small, Title: "Deep and narrow against shallow and wide at equal parameters", Source: "Telgarsky 2016; Seide, Li and Yu 2011",
		Target: "a sawtooth of 2^6 teeth: a ReLU network of 7 layers of 4 units fits it (mean squared error below 1e-3), one hidden layer with as many parameters does not",
		Note: "a tooth is a triangle, up and down, and the tent applied to itself by k layers makes 2^(k-1) of them. The deep network fits because it can be trained layer by layer: layer i is fitted to the sawtooth of 2^(i-1) teeth on top of the layers before, with up to 6 starts, of which the best is kept. As many steps as one such start has do not " +
			"bring the deep network near the sawtooth from random weights, as a control shows. The wide one gets as many steps, the same sawtooths in the same order and 6 starts; it cannot succeed, for n units have n kinks, and a " +
			"tooth without one costs 1/12. Both learn from 8 points of each tooth; errors are those at 64. The figures of Seide et al., on 309 hours of telephone speech, are not of this tier",
		Test: deepAgainstWide,
	})
}

const (
	sawDepth  = 7 // layers; the sawtooth has 2^6 teeth
	sawWidth  = 4 // units of each
	sawStarts = 6
	sawSteps  = 800   // of one start of one layer
	sawExact  = 1e-10 // a layer with a smaller error gets no further start
)

// sawtooth returns 2^(layers-1) triangles between 0 and 1 at points of [0, 1]: the tent 1 - |2x - 1|, applied to itself.
func sawtooth(x *tensor.Tensor, layers int) *tensor.Tensor {
	for range layers {
		x = x.MulScalar(2).SubScalar(1).Abs().RSubScalar(1)
	}
	return x
}

// sawParams counts the parameters of a network of layers of a width, between one input and one output.
func sawParams(layers, width int) int { return 2*width + (layers-1)*(width+1)*width + width + 1 }

// descendTo trains a network on (x, y) and returns its mean squared error.
func descendTo(ctx context.Context, net nn.Layer, x, y *tensor.Tensor, rate float64, steps int) (float64, error) {
	opt := optim.NewAdam(nn.Params(net), optim.AdamConfig{LR: rate})
	falling := optim.NewScheduler(opt, optim.Cosine(steps, 1e-4))
	for range steps {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		opt.ZeroGrad()
		losses.MSE(net.Forward(x), y).Backward()
		opt.Step()
		falling.Step()
	}
	return losses.MSE(nn.Eval(net).Forward(x), y).Item(), nil
}

// kinked returns one hidden layer of ReLUs whose kinks are spread over [0, 1].
func kinked(g *random.Generator, width int) nn.Sequential {
	net := nn.To(nn.Sequential{nn.NewLinear(g, 1, width, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, width, 1, nn.LinearConfig{})}, tensor.Float64)
	w, f := net[0].(*nn.Linear), tensor.With(tensor.Float64)
	slopes := f.Rand(g, width).GtScalar(0.5).To(tensor.Float64).MulScalar(2).SubScalar(1)
	w.Weight.CopyFrom(slopes.Unsqueeze(1))
	w.Bias.CopyFrom(slopes.Mul(f.Rand(g, width)).Neg())
	return net
}

// layerByLayer trains a deep network greedily and joins its layers. The output of a layer and the input of the next are one linear map.
func layerByLayer(ctx context.Context, g *random.Generator, x *tensor.Tensor) (net nn.Sequential, steps int, err error) {
	h := x
	for i := range sawDepth {
		y := sawtooth(x, i+1)
		var best nn.Sequential
		least := math.Inf(1)
		for try := 0; try < sawStarts && least > sawExact; try++ {
			next := kinked(g, sawWidth)
			off, err := descendTo(ctx, next, h, y, 0.05, sawSteps)
			if err != nil {
				return nil, 0, err
			}
			steps += sawSteps
			if off < least {
				least, best = off, next
			}
		}
		h = nn.Eval(best).Forward(h)
		if i > 0 {
			last, first := net[len(net)-1].(*nn.Linear), best[0].(*nn.Linear)
			joined := nn.To(nn.NewLinear(g, sawWidth, sawWidth, nn.LinearConfig{}), tensor.Float64)
			joined.Weight.CopyFrom(first.Weight.Detach().MatMul(last.Weight.Detach()))
			joined.Bias.CopyFrom(first.Weight.Detach().MatMul(last.Bias.Detach()).Add(first.Bias.Detach()))
			net, best = append(net[:len(net)-1], joined), best[1:]
		}
		net = append(net, best...)
	}
	return net, steps, nil
}

// wide trains one hidden layer with at least the given number of parameters on sawtooths of ever more teeth, in as many steps, from
// several starts.
func wide(ctx context.Context, g *random.Generator, x *tensor.Tensor, params, steps int) (best nn.Sequential, err error) {
	least := math.Inf(1)
	for range sawStarts {
		net, off := kinked(g, (params+1)/3), 0.0 // 3n + 1 parameters
		for i := range sawDepth {
			if off, err = descendTo(ctx, net, x, sawtooth(x, i+1), 0.01, steps/sawStarts/sawDepth); err != nil {
				return nil, err
			}
		}
		if off < least {
			least, best = off, net
		}
	}
	return best, nil
}

func deepAgainstWide(ctx context.Context, c *catalog.Check) error {
	const teeth = 1 << (sawDepth - 1)
	points := func(n int) *tensor.Tensor { // of each tooth, its top and its ends among them
		return tensor.With(tensor.Float64).Arange(0, float64(n*teeth+1), 1).DivScalar(float64(n * teeth)).Unsqueeze(1)
	}
	x, fine := points(8), points(64)
	offBy := func(net nn.Sequential) float64 {
		return losses.MSE(nn.Eval(net).Forward(fine), sawtooth(fine, sawDepth)).Item()
	}
	params := sawParams(sawDepth, sawWidth)
	var deep, shallow nn.Sequential
	var shallowErrors, randomErrors []float64
	units := 0
	deepErrors, err := c.Seeds(3, func(seed uint64) (float64, error) {
		g := random.New(seed)
		net, steps, err := layerByLayer(ctx, g, x)
		if err != nil {
			return 0, err
		}
		one, err := wide(ctx, g, x, params, steps)
		if err != nil {
			return 0, err
		}
		units = one[0].(*nn.Linear).Weight.Dim(0)
		if nn.NumParams(net) != params || nn.NumParams(one) < params {
			return 0, fmt.Errorf("the deep network has %d parameters, the wide one %d, planned were %d", nn.NumParams(net), nn.NumParams(one), params)
		}
		shallowErrors = append(shallowErrors, offBy(one))
		if deep == nil {
			deep, shallow = net, one
		}
		start := nn.Sequential{}
		in := 1
		for range sawDepth {
			start, in = append(start, nn.NewLinear(g, in, sawWidth, nn.LinearConfig{}), nn.ReLU{}), sawWidth
		}
		start = nn.To(append(start, nn.NewLinear(g, in, 1, nn.LinearConfig{})), tensor.Float64)
		_, err = descendTo(ctx, start, x, sawtooth(x, sawDepth), 0.01, sawSteps)
		randomErrors = append(randomErrors, offBy(start))
		return offBy(net), err
	})
	if err != nil {
		return err
	}
	c.AtMost(fmt.Sprintf("mean squared error of %d layers of %d units, %d parameters", sawDepth, sawWidth, params), catalog.Median(deepErrors), 1e-3)
	c.AtMost("the worst of the 3 seeds", slices.Max(deepErrors), 1e-3)
	bound := float64(teeth-units) / teeth / 12
	c.Control(func() {
		c.AtLeast(fmt.Sprintf("of one layer of %d units, %d parameters", units, 3*units+1), catalog.Median(shallowErrors), 1e-2)
		c.AtLeast("over what its kinks allow at best", catalog.Median(shallowErrors)/bound, 1)
		c.AtLeast("of the deep network 800 steps from random weights", catalog.Median(randomErrors), 1e-2)
	})

	return c.Picture("sawtooth", func(path string) error {
		grid := tensor.With(tensor.Float64).Arange(0, 2001, 1).DivScalar(2000 * 4).Unsqueeze(1) // a quarter
		line := func(name string, y *tensor.Tensor) plot.Series {
			return plot.Series{Name: name, X: grid.Floats(), Y: y.Floats()}
		}
		truth := line("sawtooth", sawtooth(grid, sawDepth))
		truth.Dashed = true
		return plot.Lines(path, plot.Chart{Title: fmt.Sprintf("%d teeth, a quarter of them: %d parameters deep and wide", teeth, params), XLabel: "x", YLabel: "y", Series: []plot.Series{
			line(fmt.Sprintf("%d layers of %d", sawDepth, sawWidth), nn.Eval(deep).Forward(grid)),
			line(fmt.Sprintf("1 layer of %d", units), nn.Eval(shallow).Forward(grid)), truth}})
	})
}
