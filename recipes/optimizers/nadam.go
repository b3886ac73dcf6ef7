package optimizers

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D10", Tier: catalog.Unit, Title: "NAdam", Source: "Dozat 2016",
		Target: "10 steps equal the paper's formula to 1e-10",
		Note:   "PyTorch before 2.0, in its form for one tensor at a time, multiplied the next product of momenta by μ twice; the formula does not",
		Test:   nadam,
	})
}

func nadam(_ context.Context, c *catalog.Check) error {
	for _, k := range kinds {
		if k.name == "NAdam" {
			c.AtMost("error of 10 steps", byHand(k), 1e-10)
		}
	}
	// The misprint, and Adam, beside it.
	f := func(w float64) float64 { return w + math.Sin(3*w) }
	p, twin := param(1.5), param(1.5)
	opt, adam := optim.NewNAdam(only(p), optim.NAdamConfig{LR: 0.05}), optim.NewAdam(only(twin), optim.AdamConfig{LR: 0.05})
	mv, product, w := moments(b1, b2), 1.0, 1.5
	mu := func(t float64) float64 { return b1 * (1 - 0.5*math.Pow(0.96, t*0.004)) }
	for t := 1.0; t <= 10; t++ {
		step(opt, f(at(p)[0]))
		step(adam, f(at(twin)[0]))
		m, v := mv(f(w))
		product *= mu(t)
		mean := mu(t+1)*m/(1-product*mu(t)*mu(t+1)) + (1-mu(t))*f(w)/(1-product)
		w -= 0.05 * mean / (math.Sqrt(v/(1-math.Pow(b2, t))) + tiny)
	}
	c.Control(func() {
		c.AtLeast("|NAdam - the product with μ twice|", math.Abs(at(p)[0]-w), 1e-3)
		c.AtLeast("|NAdam - Adam|", worst(at(p), at(twin)), 1e-3)
	})
	return nil
}
