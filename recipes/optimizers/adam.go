package optimizers

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D06", Tier: catalog.Unit, Title: "Adam = RMSProp + momentum", Source: "Kingma and Ba 2015",
		Target: "the first step is ±η whatever the gradient; with β₁ = 0 it is RMSProp with bias correction to 1e-12; fails on Reddi's counter-example (D07), as it must",
		Note:   "courses often leave the bias correction out; then the first step is η(1-β₁)/√(1-β₂) = 3.2η",
		Test:   adam,
	})
}

func adam(_ context.Context, c *catalog.Check) error {
	const lr = 0.01
	var off float64
	grads := []float64{-1e5, -3, -1e-3, 0.2, 40, 1e8}
	p := param(make([]float64, len(grads))...)
	step(optim.NewAdam(only(p), optim.AdamConfig{LR: lr, Eps: new(1e-12)}), grads...)
	for i, w := range at(p) {
		off = max(off, math.Abs(w+math.Copysign(lr, grads[i])))
	}
	c.AtMost("|first step ± η|", off, 1e-10)
	g := 40.0 // without the correction: m = (1-β₁)g, v = (1-β₂)g²
	c.Control(func() {
		c.AtLeast("first step without bias correction, in η", (1-b1)*g/math.Sqrt((1-b2)*g*g), 3)
	})

	a, r := param(1.5), param(1.5)
	adam := optim.NewAdam(only(a), optim.AdamConfig{LR: lr, Beta1: new(0.0), Eps: new(0.0)})
	rms := optim.NewRMSProp(only(r), optim.RMSPropConfig{LR: lr, Alpha: new(b2), Eps: new(0.0)})
	off = 0
	for t := 1.0; t <= 100; t++ {
		rms.Groups()[0].LR = lr * math.Sqrt(1-math.Pow(b2, t))
		step(adam, at(a)[0]+math.Sin(3*at(a)[0]))
		step(rms, at(r)[0]+math.Sin(3*at(r)[0]))
		off = max(off, worst(at(a), at(r)))
	}
	c.AtMost("|Adam of β₁ = 0 - RMSProp| over 100 steps", off, 1e-12)

	path := reddi(false, 30000)
	c.Control(func() {
		c.AtLeast("where Adam is on Reddi's problem after 30,000 steps; the minimum is -1", path[len(path)-1], 0.9)
	})
	return nil
}
