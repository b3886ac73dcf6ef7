package optimizers

import (
	"bytes"
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D13", Tier: catalog.Small, Title: "Lookahead", Source: "Zhang, Lucas, Hinton and Ba 2019",
		Target: "φ ← φ + α(θ - φ) every k steps; with α = 1 the inner optimizer to the bit; on a noisy quadratic the variance of Proposition 2, below SGD's, within 3%",
		Note:   "the paper's figures on CIFAR-10 and those on Imagenette are not of this tier",
		Test:   lookahead,
	})
}

func lookahead(_ context.Context, c *catalog.Check) error {
	// ½(θ - c)² with c ~ N(0, 1): 20,000 copies, so that the mean over them is the variance.
	const n, rate, k, alpha, steps = 20000, 0.3, 5, 0.5, 200
	run := func(wrap func(inner optim.Optimizer) optim.Optimizer) (variance []float64) {
		g, p := random.New(max(c.Seed, 1)), tensor.NewParam(tensor.Full(2, n))
		opt := wrap(optim.NewSGD(only(p), optim.SGDConfig{LR: rate}))
		for range steps {
			opt.StepWith([]*tensor.Tensor{p.Detach().Sub(tensor.Randn(g, n))})
			variance = append(variance, p.Detach().Square().Mean().Item())
		}
		return variance
	}
	plain := run(func(inner optim.Optimizer) optim.Optimizer { return inner })
	ahead := run(func(inner optim.Optimizer) optim.Optimizer {
		return optim.NewLookahead(inner, optim.LookaheadConfig{Every: k, Alpha: new(alpha)})
	})
	end := func(v []float64) (mean float64) { // of the slow weights' steps in the last half
		times := 0.0
		for t := steps / 2; t < steps; t++ {
			if (t+1)%k == 0 {
				mean, times = mean+v[t], times+1
			}
		}
		return mean / times
	}
	shrink := math.Pow(1-rate, k)
	ofSGD := rate * rate / (1 - (1-rate)*(1-rate))
	kept := alpha * alpha * (1 - shrink*shrink)
	factor := kept / (kept + 2*alpha*(1-alpha)*(1-shrink))
	c.Near("Lookahead's variance over Proposition 2's", end(ahead)/(factor*ofSGD), 1, 0.03)
	c.Near("SGD's variance over its formula's", end(plain)/ofSGD, 1, 0.03)
	c.AtMost("Lookahead's variance over SGD's", end(ahead)/end(plain), 0.6)
	c.Control(func() { // α in the place of α² in the numerator
		wrong := alpha * (1 - shrink*shrink)
		c.AtLeast("|1 - a misprinted formula over the variance|", math.Abs(1-wrong/(wrong+2*alpha*(1-alpha)*(1-shrink))*ofSGD/end(ahead)), 0.2)
	})

	a, b := param(-1.2, 1), param(-1.2, 1)
	descend(optim.NewAdam(only(a), optim.AdamConfig{LR: 0.01}), rosenbrock, 101)
	descend(optim.NewLookahead(optim.NewAdam(only(b), optim.AdamConfig{LR: 0.01}), optim.LookaheadConfig{Alpha: new(1.0)}), rosenbrock, 101)
	c.True("with α = 1 it is Adam, to the bit", bytes.Equal(a.Bytes(), b.Bytes()))
	for _, kind := range kinds {
		if kind.name == "Lookahead(SGD)" || kind.name == "Lookahead(Adam)" {
			c.AtMost("error of 10 steps of "+kind.name, byHand(kind), 1e-10)
		}
	}
	return c.Picture("variance", func(path string) error {
		t := count(100)
		return plot.Lines(path, plot.Chart{Title: "Noisy quadratic, 20,000 copies", XLabel: "step", YLabel: "mean of θ²", LogY: true, Series: []plot.Series{
			{Name: "SGD", X: t, Y: plain[:100]}, {Name: "Lookahead", X: t, Y: ahead[:100]},
			{Name: "formulas", X: []float64{0, 99, math.NaN(), 0, 99}, Y: []float64{ofSGD, ofSGD, math.NaN(), factor * ofSGD, factor * ofSGD}, Dashed: true},
		}})
	})
}
