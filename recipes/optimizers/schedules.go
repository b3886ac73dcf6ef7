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
		ID: "D14", Tier: catalog.Small, Title: "Learning-rate schedules and warm-up", Source: "Smith 2017; Loshchilov and Hutter 2017; Vaswani et al. 2017",
		Target: "tables of values exact; a post-LN Transformer trains with warm-up at a rate at which it does not without",
		Note:   "tier S, not U, for the Transformer's six runs",
		Test:   schedules,
	})
}

func schedules(_ context.Context, c *catalog.Check) error {
	off := 0.0
	root := math.Sqrt
	for _, s := range []struct {
		schedule optim.Schedule
		at       []int
		want     []float64
	}{
		{optim.InverseSqrt(1), []int{0, 1, 3, 8, 99}, []float64{1, 1 / root(2), 0.5, 1.0 / 3, 0.1}}, // the course's η/√(t+1)
		{optim.StepDecay(30, 0.1), []int{0, 29, 30, 59, 60, 90}, []float64{1, 1, 0.1, 0.1, 0.01, 0.001}},
		{optim.MultiStep(0.5, 10, 30), []int{9, 10, 29, 30}, []float64{1, 0.5, 0.5, 0.25}},
		{optim.Exponential(0.5), []int{0, 1, 2, 10}, []float64{1, 0.5, 0.25, 1.0 / 1024}},
		{optim.Cosine(12, 0), []int{0, 2, 3, 4, 6, 8, 12, 20}, []float64{1, (2 + root(3)) / 4, (2 + root(2)) / 4, 0.75, 0.5, 0.25, 0, 0}},
		{optim.CosineRestarts(2, 2, 0), []int{0, 1, 2, 3, 4, 6, 10}, []float64{1, 0.5, 1, (2 + root(2)) / 4, 0.5, 1, 0.5}},
		{optim.Warmup(4, optim.Constant()), []int{0, 1, 2, 3, 4, 9}, []float64{0.25, 0.5, 0.75, 1, 1, 1}},
		{optim.Cyclic(4, 2, 0.2), []int{0, 2, 4, 5, 6, 10}, []float64{0.2, 0.6, 1, 0.6, 0.2, 1}},
		{optim.OneCycle(11, 0.5, 10, 100), []int{0, 10}, []float64{0.1, 0.001}},
		{optim.InverseSqrt(4), []int{0, 1, 3, 15, 63}, []float64{0.25, 0.5, 1, 0.5, 0.25}}, // Vaswani's, over its peak
	} {
		for i, t := range s.at {
			off = max(off, math.Abs(s.schedule(t)-s.want[i]))
		}
	}
	c.AtMost("error of 10 tables of values", off, 1e-15)
	opt := optim.NewSGD(only(param(1)), optim.SGDConfig{LR: 1})
	plateau := &optim.Plateau{Factor: 0.5, Patience: new(1)}
	var rates []float64
	for _, loss := range []float64{5, 4, 4, 4, 4, 4, 3, 3, 3} {
		plateau.Step(opt, loss)
		rates = append(rates, opt.Groups()[0].LR)
	}
	c.Equal("error of the rates on a plateau", worst(rates, []float64{1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125}), 0)

	const lr, steps = 0.012, 200
	with, err := c.Median(3, func(seed uint64) (float64, error) {
		return transformer(seed, steps, func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{LR: lr}) }, optim.Warmup(100, optim.Constant())), nil
	})
	if err != nil {
		return err
	}
	without, err := c.Median(3, func(seed uint64) (float64, error) {
		return transformer(seed, steps, func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{LR: lr}) }, optim.Constant()), nil
	})
	if err != nil {
		return err
	}
	c.AtMost("loss of a post-LN Transformer with warm-up; guessing has ln 8 = 2.08", with, 0.5)
	c.Control(func() { c.AtLeast("without warm-up", without, 1.5) })
	return c.Picture("schedules", func(path string) error {
		chart := plot.Chart{Title: "Schedules", XLabel: "step", YLabel: "factor on the rate"}
		for _, s := range []struct {
			name string
			f    optim.Schedule
		}{
			{"step", optim.StepDecay(30, 0.5)}, {"exponential", optim.Exponential(0.97)}, {"cosine", optim.Cosine(100, 0)}, {"warm-up, then 1/√t", optim.InverseSqrt(10)},
			{"cyclic", optim.Cyclic(15, 15, 0.2)}, {"one cycle", optim.OneCycle(100, 0.3, 25, 1e4)}, {"1/√(t+1)", optim.InverseSqrt(1)},
		} {
			var y []float64
			for t := range 100 {
				y = append(y, s.f(t))
			}
			chart.Series = append(chart.Series, plot.Series{Name: s.name, X: count(100), Y: y})
		}
		return plot.Lines(path, chart)
	})
}

// postLN is a Transformer encoder with its norms behind the residual sums, as Vaswani et al. (2017) have it.
type postLN struct {
	Tokens, Places *nn.Embedding
	Encoder        *nn.TransformerEncoder
	Head           *nn.Linear
}

// transformer trains it to say a random sequence of 8 kinds of tokens backwards and returns the mean loss of the last 10 steps.
func transformer(seed uint64, steps int, make func(p []*tensor.Param) optim.Optimizer, schedule optim.Schedule) float64 {
	const kinds, length, width, batch = 8, 8, 32, 16
	g := random.New(seed)
	m := &postLN{
		Tokens: nn.NewEmbedding(g, kinds, width, nn.EmbeddingConfig{}), Places: nn.NewEmbedding(g, length, width, nn.EmbeddingConfig{}),
		Encoder: nn.NewTransformerEncoder(g, 6, width, 4, nn.TransformerConfig{FeedForward: 64, Dropout: new(0.0), BatchFirst: true}),
		Head:    nn.NewLinear(g, width, kinds, nn.LinearConfig{}),
	}
	opt := make(nn.Params(m))
	s := optim.NewScheduler(opt, schedule)
	var last float64
	for t := range steps {
		tensor.WithScope(func(scope *tensor.Scope) {
			x := scope.Enter(tensor.RandInt(g, 0, kinds, batch, length))
			h := m.Encoder.Forward(m.Tokens.Forward(x).Add(m.Places.Forward(tensor.Arange(0, length, 1))))
			loss := losses.CrossEntropy(m.Head.Forward(h).Reshape(batch*length, kinds), x.Flip(1).Reshape(batch*length))
			if t >= steps-10 {
				last += loss.Item() / 10
			}
			opt.ZeroGrad()
			loss.Backward()
			opt.Step()
		})
		s.Step()
	}
	return last
}
