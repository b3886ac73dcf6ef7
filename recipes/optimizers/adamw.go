package optimizers

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D11", Tier: catalog.Unit, Title: "AdamW: decoupled weight decay", Source: "Loshchilov and Hutter 2019",
		Target: "without gradient weights shrink by exactly 1 - ηλ a step; those of Adam with an L2 penalty do not",
		Test:   adamw,
	})
}

func adamw(_ context.Context, c *catalog.Check) error {
	const lr, decay = 0.01, 0.1
	start := []float64{-3, 1e-3, 0.5, 200}
	p, l2 := param(start...), param(start...)
	w := optim.NewAdamW(only(p), optim.AdamWConfig{LR: lr, WeightDecay: new(decay)})
	a := optim.NewAdam(only(l2), optim.AdamConfig{LR: lr, WeightDecay: decay})
	want := append([]float64{}, start...)
	for range 20 {
		step(w, 0, 0, 0, 0)
		step(a, 0, 0, 0, 0)
		for i := range want {
			want[i] *= 1 - lr*decay
		}
	}
	c.Equal("|weight - (1 - ηλ)²⁰ of it|", worst(at(p), want), 0)
	c.Control(func() {
		c.AtLeast("with Adam and L2: |weight - (1 - ηλ)²⁰ of it|", worst(at(l2), want), 0.05)
		// The penalty's gradient is divided by its own size: each weight moves by about η a step, whatever it is.
		c.Near("with Adam and L2: how far the weight of 200 moves", math.Abs(start[3]-at(l2)[3]), 20*lr, 0.01)
		c.Near("and the weight of 0.5", math.Abs(start[2]-at(l2)[2]), 20*lr, 0.01)
	})
	return nil
}
