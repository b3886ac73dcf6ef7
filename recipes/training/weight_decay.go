package training

import (
	"context"
	"fmt"
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
		ID: "E02", Tier: catalog.Unit, Title: "Weight decay", Source: "Krogh and Hertz 1991; Loshchilov and Hutter 2019",
		Target: "without gradient w ← (1 - ηλ) w, by AdamW to the bit; with SGD decay is the penalty ½λ‖w‖², with Adam it is not; the test error of a network that over-fits noise falls by a quarter or more",
		Note:   "the catalog refers to B04, ridge regression, which is weight decay of a linear model; the penalty is ½λ times the squared norm; the error fell to between 0.37 and 0.62 of what it was over 30 seeds, five at a time",
		Test:   weightDecay,
	})
}

func weightDecay(_ context.Context, c *catalog.Check) error {
	shrinkage(c)
	decayIsPenalty(c)
	return decayHelps(c)
}

// shrinkage takes steps without a gradient.
func shrinkage(c *catalog.Check) {
	const lr, decay, steps = 0.1, 0.3, 20
	want := []float64{-3, 1e-3, 0.5, 200}
	start := tensor.Of(want)
	for range steps {
		for i := range want {
			want[i] *= 1 - lr*decay
		}
	}
	run := func(opt func(p []*tensor.Param) optim.Optimizer) float64 {
		p := tensor.NewParam(start)
		o := opt([]*tensor.Param{p})
		for range steps {
			o.StepWith([]*tensor.Tensor{tensor.ZerosLike(start)})
		}
		return furthest(p.Tensor.Div(tensor.Of(want)), tensor.OnesLike(start))
	}
	c.AtMost("20 steps of SGD, relative to (1 - ηλ)²⁰ w", run(func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: lr, WeightDecay: decay})
	}), 1e-14)
	c.Equal("20 steps of AdamW, relative to (1 - ηλ)²⁰ w", run(func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdamW(p, optim.AdamWConfig{LR: lr, WeightDecay: new(decay)})
	}), 0)
	c.Control(func() {
		c.AtLeast("20 steps of Adam with the penalty", run(func(p []*tensor.Param) optim.Optimizer {
			return optim.NewAdam(p, optim.AdamConfig{LR: lr, WeightDecay: decay})
		}), 0.5)
	})
}

// decayIsPenalty trains one network twice, with the optimizer's decay and with a penalty in the loss.
func decayIsPenalty(c *catalog.Check) {
	const lambda = 0.02
	x := normals(1, 30, 4)
	y := normals(2, 30, 2)
	run := func(penalty float64, opt func(p []*tensor.Param) optim.Optimizer) *tensor.Tensor {
		g := random.New(1)
		m := nn.To(nn.NewSequential(nn.NewLinear(g, 4, 8, nn.LinearConfig{}), nn.Tanh{}, nn.NewLinear(g, 8, 2, nn.LinearConfig{})), tensor.Float64)
		descend(opt(nn.Params(m)), 100, func() *tensor.Tensor {
			loss := losses.MSE(m.Forward(x), y)
			if penalty != 0 {
				for _, p := range nn.Params(m) {
					loss = loss.Add(p.Square().Sum().MulScalar(penalty))
				}
			}
			return loss
		})
		var all []*tensor.Tensor
		for _, p := range nn.Params(m) {
			all = append(all, p.Detach().Flatten(0))
		}
		return tensor.Concat(0, all...)
	}
	sgd := func(decay float64) func(p []*tensor.Param) optim.Optimizer {
		return func(p []*tensor.Param) optim.Optimizer {
			return optim.NewSGD(p, optim.SGDConfig{LR: 0.05, Momentum: 0.9, WeightDecay: decay})
		}
	}
	adam := func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{LR: 0.01}) }
	adamW := func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdamW(p, optim.AdamWConfig{LR: 0.01, WeightDecay: new(lambda)})
	}
	c.AtMost("SGD with momentum: decay λ, from the penalty ½λ‖w‖²", furthest(run(0, sgd(lambda)), run(lambda/2, sgd(0))), 1e-12)
	c.Control(func() {
		c.AtLeast("SGD: decay λ, from the penalty λ‖w‖²", furthest(run(0, sgd(lambda)), run(lambda, sgd(0))), 1e-3)
		c.AtLeast("Adam: decay λ, from the penalty ½λ‖w‖²", furthest(run(0, adamW), run(lambda/2, adam)), 0.05)
	})
}

// decayHelps fits 20 noisy points of a sine with a network that can go through all of them.
func decayHelps(c *catalog.Check) error {
	const good, tooMuch = 0.3, 10
	errorOf := func(decay float64) (float64, error) {
		return c.Median(5, func(seed uint64) (float64, error) { return newSine(seed).fit(decay).mse, nil })
	}
	none, err := errorOf(0)
	if err != nil {
		return err
	}
	decayed, err := errorOf(good)
	if err != nil {
		return err
	}
	much, err := errorOf(tooMuch)
	if err != nil {
		return err
	}
	c.AtMost(fmt.Sprintf("noisy sine: test error with λ = %v over that without", good), decayed/none, 0.75)
	c.Control(func() { c.AtLeast(fmt.Sprintf("with λ = %v over that without", tooMuch), much/none, 1.5) })
	return c.Picture("sine", func(path string) error {
		s := newSine(max(c.Seed, 1))
		dots := plot.Series{Name: "training data"}
		x, y := s.x.Floats(), s.y.Floats()
		for i := range x { // NaN in between, so that no line joins them
			dots.X, dots.Y = append(dots.X, x[i], math.NaN()), append(dots.Y, y[i], math.NaN())
		}
		chart := plot.Chart{Title: "AdamW on 20 noisy points of a sine", XLabel: "x", YLabel: "y", Series: []plot.Series{
			dots, {Name: "sine", X: s.xTest.Floats(), Y: s.wave(s.xTest).Floats(), Dashed: true}}}
		for _, decay := range []float64{0, good, tooMuch} {
			f := s.fit(decay)
			chart.Series = append(chart.Series, plot.Series{Name: fmt.Sprintf("λ = %v: error %.3f", decay, f.mse), X: s.xTest.Floats(), Y: f.y.Floats()})
		}
		return plot.Lines(path, chart)
	})
}

// noisySine are points of sin πx with noise of deviation 0.5.
type noisySine struct {
	seed        uint64
	x, y, xTest *tensor.Tensor
}

func newSine(seed uint64) (s noisySine) {
	f := tensor.With(tensor.Float64)
	s = noisySine{seed: seed, x: f.Linspace(-1, 1, 20).Unsqueeze(1), xTest: f.Linspace(-1, 1, 101).Unsqueeze(1)}
	s.y = s.wave(s.x).Add(f.Randn(random.New(seed), 20, 1).MulScalar(0.5))
	return s
}

func (noisySine) wave(x *tensor.Tensor) *tensor.Tensor { return x.MulScalar(math.Pi).Sin() }

type sineFit struct {
	y   *tensor.Tensor // at xTest
	mse float64        // from the sine itself
}

// fit trains 50 hidden units, whose weights start large enough for wiggles.
func (s noisySine) fit(decay float64) sineFit {
	g := random.New(s.seed)
	first, second := nn.NewLinear(g, 1, 50, nn.LinearConfig{}), nn.NewLinear(g, 50, 1, nn.LinearConfig{})
	for _, p := range nn.Params(first) {
		p.CopyFrom(p.MulScalar(8))
	}
	m := nn.To(nn.NewSequential(first, nn.Tanh{}, second), tensor.Float64)
	descend(optim.NewAdamW(nn.Params(m), optim.AdamWConfig{LR: 0.01, WeightDecay: &decay}), 600, func() *tensor.Tensor {
		return losses.MSE(m.Forward(s.x), s.y)
	})
	y := nn.Eval(m).Forward(s.xTest)
	return sineFit{y, losses.MSE(y, s.wave(s.xTest)).Item()}
}
