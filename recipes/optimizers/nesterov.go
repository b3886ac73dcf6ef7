package optimizers

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D03", Tier: catalog.Unit, Title: "Nesterov's accelerated gradient", Source: "Nesterov 1983; Sutskever et al. 2013",
		Target: "O(1/t²) on a smooth convex function: log-log slope at most -1.8; gradient descent's is -1 there",
		Test:   nesterov,
	})
}

func nesterov(_ context.Context, c *catalog.Check) error {
	// Curvatures s² for s from 0 to 1, so none is the least, from x = 1/√s: gradient descent's error ½ Σ s²x²(1 - s²)^2t falls as 1/t.
	const n, steps = 2000, 300
	h, start := make([]float64, n), make([]float64, n)
	for i := range h {
		s := (float64(i) + 0.5) / n
		h[i], start[i] = s*s, 1/math.Sqrt(s)
	}
	f := quadratic(h...)
	run := func(opt optim.Optimizer, before func(t int)) (ts, values []float64) {
		p := opt.Params()[0]
		for t := 1; t <= steps; t++ {
			before(t)
			_, g := f(at(p))
			step(opt, g...)
			if t >= 10 {
				v, _ := f(at(p))
				ts, values = append(ts, float64(t)), append(values, v)
			}
		}
		return ts, values
	}
	fast := optim.NewSGD(only(param(start...)), optim.SGDConfig{LR: 1, Momentum: 0.5, Nesterov: true})
	t, accelerated := run(fast, func(t int) { fast.SetMomentum((float64(t) - 0.5) / (float64(t) + 2.5)) }) // Nesterov's (t-1)/(t+2), half a step on
	_, plain := run(optim.NewSGD(only(param(start...)), optim.SGDConfig{LR: 1}), func(int) {})
	c.AtMost("slope of log error over log t", slope(t, accelerated), -1.8)
	c.Control(func() { c.Near("slope of gradient descent", slope(t, plain), -1, 0.1) })

	// The library keeps the point with the look ahead, θ + μv; Sutskever's form takes the gradient there and steps θ.
	const lr, mu = 0.02, 0.9
	p := param(1.5)
	opt := optim.NewSGD(only(p), optim.SGDConfig{LR: lr, Momentum: mu, Nesterov: true})
	var theta, v, off = 1.5, 0.0, 0.0
	for range 100 {
		ahead := theta + mu*v
		off = max(off, math.Abs(at(p)[0]-ahead))
		slope := func(w float64) float64 { return w + math.Sin(3*w) }
		step(opt, slope(at(p)[0]))
		v = mu*v - lr*slope(ahead)
		theta += v
	}
	c.AtMost("|library - Sutskever's form| over 100 steps", off, 1e-12)
	return c.Picture("rate", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "A convex quadratic without a least curvature", XLabel: "step", YLabel: "error", LogY: true, Series: []plot.Series{
			{Name: "Nesterov, μ = (t-1)/(t+2)", X: t, Y: accelerated}, {Name: "gradient descent", X: t, Y: plain},
		}})
	})
}
