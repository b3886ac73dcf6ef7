package core

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C11", Tier: catalog.Small, Title: "Universal approximation: one hidden layer is enough", Source: "Cybenko 1989; Hornik, Stinchcombe and White 1989; Leshno et al. 1993",
		Target: "the largest error of one layer of tanh units on sin(3x), x in [-π, π], and on the bump exp(-4(x² + y²)), x and y in [-1, 1], falls with the width 4, 16, 64, 256 and is below 0.01 at 256",
		Note: "errors are the largest on a grid four times finer than the training points; each figure is the median of 3 seeds. The theorem says that weights exist, not that " +
			"gradient descent finds them: here 300 steps of Adam from hidden units whose slopes lie over the whole domain (Nguyen and Widrow, 1990), then the least-squares solution " +
			"of the output layer; 3000 steps of Adam alone end at 0.006 and 0.010",
		Test: universalApproximation,
	})
}

// target is a function on a box.
type target struct {
	name   string
	inputs int
	end    float64 // each input lies in ±end
	points int     // of training, along each axis
	steep  float64 // slopes of the first hidden units
	f      func(x []float64) float64
}

var targets = []target{
	{name: "sin(3x)", inputs: 1, end: math.Pi, points: 401, steep: 3, f: func(x []float64) float64 { return math.Sin(3 * x[0]) }},
	{name: "the bump", inputs: 2, end: 1, points: 21, steep: 3, f: func(x []float64) float64 { return math.Exp(-4 * (x[0]*x[0] + x[1]*x[1])) }},
}

// grid returns n points along each axis (n^inputs, inputs), ends included, and the values there (n^inputs, 1).
func (t target) grid(n int) (x, y *tensor.Tensor) {
	count := int(math.Pow(float64(n), float64(t.inputs)))
	var xs, ys []float64
	for i := range count {
		p := make([]float64, t.inputs)
		for k := range p {
			p[k] = t.end * (2*float64(i%n)/float64(n-1) - 1)
			i /= n
		}
		xs, ys = append(xs, p...), append(ys, t.f(p))
	}
	return tensor.Of(xs, count, t.inputs), tensor.Of(ys, count, 1)
}

// fit trains one hidden layer and returns it with its largest error.
func (t target) fit(ctx context.Context, seed uint64, width, steps int, activation nn.Layer) (net nn.Sequential, sup float64, err error) {
	g := random.New(seed)
	hidden := nn.NewLinear(g, t.inputs, width, nn.LinearConfig{})
	net = nn.To(nn.Sequential{hidden, activation, nn.NewLinear(g, width, 1, nn.LinearConfig{})}, tensor.Float64)
	// Unit j is a slope in a random direction through a random point of the box.
	f := tensor.With(tensor.Float64)
	w := f.Randn(g, width, t.inputs).MulScalar(t.steep)
	through := f.Rand(g, width, t.inputs).MulScalar(2).SubScalar(1).MulScalar(t.end)
	net[0].(*nn.Linear).Weight.CopyFrom(w)
	net[0].(*nn.Linear).Bias.CopyFrom(w.Mul(through).Sum(1).Neg())

	x, y := t.grid(t.points)
	opt := optim.NewAdam(nn.Params(net), optim.AdamConfig{LR: 0.02})
	falling := optim.NewScheduler(opt, optim.Cosine(steps, 1e-3))
	for range steps {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		opt.ZeroGrad()
		losses.MSE(net.Forward(x), y).Backward()
		opt.Step()
		falling.Step()
	}
	// In the output layer the error is a quadratic, of which the minimum is known.
	features := tensor.Concat(1, net[:2].Forward(x).Detach(), tensor.OnesLike(y))
	best, err := linalg.Lstsq(features, y, linalg.ToleranceConfig{RTol: new(1e-11)})
	if err != nil {
		return nil, 0, err
	}
	out := net[2].(*nn.Linear)
	out.Weight.CopyFrom(best.Solution.Narrow(0, 0, width).T())
	out.Bias.CopyFrom(best.Solution.Select(0, width))
	x, y = t.grid(4*t.points - 3) // the training points and three more between each two
	return net, nn.Eval(net).Forward(x).Sub(y).Abs().Max().Item(), nil
}

// hatSum is the ReLU network that joins n + 1 points of sin(3x) by straight lines: unit i bends the line at point i by the change of the slope.
func hatSum(n int) (net nn.Sequential) {
	hidden, out := nn.NewLinear(random.New(1), 1, n, nn.LinearConfig{}), nn.NewLinear(random.New(1), n, 1, nn.LinearConfig{})
	var bias, bends []float64
	h, before := 2*math.Pi/float64(n), 0.0
	for i := range n {
		at := -math.Pi + float64(i)*h
		slope := (math.Sin(3*(at+h)) - math.Sin(3*at)) / h
		bias, bends, before = append(bias, -at), append(bends, slope-before), slope
	}
	net = nn.To(nn.Sequential{hidden, nn.ReLU{}, out}, tensor.Float64)
	hidden, out = net[0].(*nn.Linear), net[2].(*nn.Linear)
	hidden.Weight.CopyFrom(tensor.With(tensor.Float64).Ones(n, 1))
	hidden.Bias.CopyFrom(tensor.Of(bias))
	out.Weight.CopyFrom(tensor.Of(bends, 1, n))
	out.Bias.CopyFrom(tensor.Of([]float64{math.Sin(-3 * math.Pi)}))
	return net
}

func universalApproximation(ctx context.Context, c *catalog.Check) error {
	const steps = 300
	widths := []float64{4, 16, 64, 256}
	medians := make([][]float64, len(targets))
	var fits []nn.Sequential // of sin(3x), by width
	for i, t := range targets {
		for _, width := range widths {
			var kept nn.Sequential
			m, err := c.Median(3, func(seed uint64) (float64, error) {
				net, sup, err := t.fit(ctx, seed, int(width), steps, nn.Tanh{})
				if kept == nil {
					kept = net
				}
				return sup, err
			})
			if err != nil {
				return err
			}
			medians[i] = append(medians[i], m)
			if i == 0 {
				fits = append(fits, kept)
			}
		}
	}
	for i, t := range targets {
		c.AtMost("largest error of 256 units on "+t.name, medians[i][3], 0.01)
	}
	for i, t := range targets {
		for k := 1; k < len(widths); k++ {
			c.AtMost(fmt.Sprintf("on %s: error of %g units over that of %g", t.name, widths[k], widths[k-1]), medians[i][k]/medians[i][k-1], 1)
		}
	}

	// Weights that exist, without training: straight lines between n + 1 points are off by 9h²/8 at most, h = 2π/n, as |f''| <= 9.
	x, y := targets[0].grid(20001)
	for _, n := range []int{64, 256} {
		h := 2 * math.Pi / float64(n)
		c.AtMost(fmt.Sprintf("error of the ReLU network of %d units built by hand over its bound 9h²/8", n), hatSum(n).Forward(x).Sub(y).Abs().Max().Item()/(9*h*h/8), 1)
	}
	_, linear, err := targets[0].fit(ctx, 1, 256, steps, nn.Identity{})
	if err != nil {
		return err
	}
	_, square, err := targets[0].fit(ctx, 1, 256, steps, nn.Func((*tensor.Tensor).Square))
	if err != nil {
		return err
	}
	c.Control(func() { // polynomials are what no width helps (Leshno et al.)
		c.AtLeast("on sin(3x): error of 256 linear units", linear, 0.5)
		c.AtLeast("on sin(3x): error of 256 units x²", square, 0.5)
	})

	if err := c.Picture("sup-error", func(path string) error {
		powers := []float64{2, 4, 6, 8}
		series := []plot.Series{{Name: "0.01", X: powers, Y: []float64{0.01, 0.01, 0.01, 0.01}, Dashed: true}}
		for i, t := range targets {
			series = append(series, plot.Series{Name: t.name, X: powers, Y: medians[i]})
		}
		return plot.Lines(path, plot.Chart{Title: "One hidden layer of tanh units", XLabel: "log₂ of the width", YLabel: "largest error", LogY: true, Series: series})
	}); err != nil {
		return err
	}
	return c.Picture("fits", func(path string) error {
		x, y := targets[0].grid(400)
		series := []plot.Series{{Name: "sin(3x)", X: x.Floats(), Y: y.Floats(), Dashed: true}}
		for i, net := range fits[:3] {
			series = append(series, plot.Series{Name: fmt.Sprintf("%g units", widths[i]), X: x.Floats(), Y: nn.Eval(net).Forward(x).Floats()})
		}
		return plot.Lines(path, plot.Chart{Title: "One hidden layer of tanh units on sin(3x)", XLabel: "x", YLabel: "y", Series: series})
	})
}
