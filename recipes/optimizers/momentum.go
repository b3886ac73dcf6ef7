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
		ID: "D02", Tier: catalog.Unit, Title: "Momentum", Source: "Polyak 1964",
		Target: "κ = 100: at least 3 times fewer steps than gradient descent, both at their best rates; overshoots once on a 1-D quadratic with λ = 0.9",
		Note:   "once: by more than 5% of the start; later swings are smaller. The library's v ← λv + g, θ ← θ - ηv is the course's v ← λv - η∇L, θ ← θ + v at a constant rate; v¹ = λv⁰ - η∇L(θ⁰) takes the gradient at θ⁰",
		Test:   momentum,
	})
}

func momentum(_ context.Context, c *catalog.Check) error {
	// The best rates on curvatures from 1 to κ (Polyak).
	const kappa = 100.0
	root := math.Sqrt(kappa)
	f := quadratic(1, 3, 10, 30, kappa)
	steps := func(cfg optim.SGDConfig) float64 {
		p := param(1, 1, 1, 1, 1)
		opt := optim.NewSGD(only(p), cfg)
		for t := 0; t < 10000; t++ {
			v, g := f(at(p))
			if v < 1e-10 {
				return float64(t)
			}
			step(opt, g...)
		}
		return math.Inf(1)
	}
	plain := steps(optim.SGDConfig{LR: 2 / (1 + kappa)})
	fast := steps(optim.SGDConfig{LR: 4 / ((1 + root) * (1 + root)), Momentum: math.Pow((root-1)/(root+1), 2)})
	c.AtLeast("steps of gradient descent over those with momentum", plain/fast, 3)

	// ½w² from 1.
	swing := func(lambda float64) (path []float64, times float64) {
		points, _ := descend(optim.NewSGD(only(param(1)), optim.SGDConfig{LR: 0.012, Momentum: lambda}), quadratic(1), 300)
		before := 1.0
		for i, p := range points {
			path = append(path, p[0])
			if i > 0 && i+1 < len(points) && math.Abs(p[0]) > 0.05 && p[0]*before < 0 { // the first point of a swing that counts
				times, before = times+1, p[0]
			}
		}
		return path, times
	}
	with, once := swing(0.9)
	without, never := swing(0)
	c.Equal("swings past the minimum", once, 1)
	c.Control(func() { c.Equal("swings past the minimum without momentum", never, 0) })

	v, w, path := 0.0, 1.0, with
	var off, wrong float64
	for t := range 100 {
		off = max(off, math.Abs(path[t]-w))
		v = 0.9*v - 0.012*w
		w += v
	}
	v, w = 0, 1 // the gradient taken after the step, as a wrong index would have it
	for t := range 100 {
		wrong = max(wrong, math.Abs(path[t]-w))
		next := (w + 0.9*v) / (1 + 0.012)
		v, w = next-w, next
	}
	c.AtMost("|library - course's form| over 100 steps", off, 1e-12)
	c.Control(func() { c.AtLeast("with the gradient at θ¹ instead of θ⁰", wrong, 1e-3) })
	return c.Picture("swing", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "½w² at rate 0.012", XLabel: "step", YLabel: "w", Series: []plot.Series{
			{Name: "momentum 0.9", X: count(len(with)), Y: with}, {Name: "gradient descent", X: count(len(without)), Y: without},
		}})
	})
}
