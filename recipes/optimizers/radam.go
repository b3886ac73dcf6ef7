package optimizers

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D09", Tier: catalog.Small, Title: "RAdam", Source: "Liu et al. 2020",
		Target: "steps with ρ_t ≤ 4 are those of momentum, later ones Adam's times r_t; a post-LN Transformer trains without warm-up at 5 rates, Adam does not at the highest of them",
		Note:   "the paper's threshold on ρ_t is 4, the authors' code and PyTorch have 5, the library's default: step 5 alone differs with β₂ = 0.999. Tier S, not U, for the Transformer's ten runs",
		Test:   radam,
	})
}

func radam(_ context.Context, c *catalog.Check) error {
	// With one gradient all the time m̂ = g and √v̂ = |g|, so a step is ηg where it does not adapt and η r_t where it does.
	const g, lr = 50.0, 0.01
	p, wide := param(0), param(0)
	opt := optim.NewRAdam(only(p), optim.RAdamConfig{LR: lr, Threshold: new(4.0)})
	torch := optim.NewRAdam(only(wide), optim.RAdamConfig{LR: lr})
	var off, apart float64
	var ts, rs []float64
	inf := 2/(1-b2) - 1
	for t := 1.0; t <= 1000; t++ {
		before, wideBefore := at(p)[0], at(wide)[0]
		step(opt, g)
		step(torch, g)
		rho, want := inf-2*t*math.Pow(b2, t)/(1-math.Pow(b2, t)), lr*g
		if rho > 4 {
			r := math.Sqrt((rho - 4) * (rho - 2) * inf / ((inf - 4) * (inf - 2) * rho))
			want = lr * r
			ts, rs = append(ts, t), append(rs, r)
		}
		off = max(off, math.Abs(before-at(p)[0]-want)/want)
		if (rho > 4) != (t >= 5) {
			return fmt.Errorf("ρ is %v at step %v", rho, t)
		}
		if math.Abs(before-at(p)[0]-(wideBefore-at(wide)[0])) > 1e-6 {
			apart++
		}
	}
	c.AtMost("relative error of 1000 steps against ηg for t ≤ 4 and η r_t after", off, 1e-8)
	c.Equal("steps at which PyTorch's threshold of 5 differs", apart, 1)

	rates := []float64{0.006, 0.008, 0.012, 0.016, 0.02}
	var rectified, plain, names = []float64{}, []float64{}, []string{}
	for i, lr := range rates {
		names = append(names, fmt.Sprintf("rate %g", lr))
		seed := max(c.Seed, 1) + uint64(i)
		rectified = append(rectified, transformer(seed, 150, func(p []*tensor.Param) optim.Optimizer { return optim.NewRAdam(p, optim.RAdamConfig{LR: lr}) }, optim.Constant()))
		plain = append(plain, transformer(seed, 150, func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{LR: lr}) }, optim.Constant()))
	}
	for i, loss := range rectified {
		c.AtMost("RAdam's loss at "+names[i]+"; guessing has 2.08", loss, 0.3)
	}
	c.Control(func() {
		for i := 2; i < len(rates); i++ {
			c.AtLeast("Adam's loss at "+names[i], plain[i], 1.5)
		}
	})
	if err := c.Picture("rectification", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "Rectification, β₂ = 0.999", XLabel: "step", YLabel: "r_t", Series: []plot.Series{{X: ts, Y: rs}}})
	}); err != nil {
		return err
	}
	return c.Picture("warmup", func(path string) error {
		return plot.Bars(path, names, []plot.Group{{Name: "RAdam", Values: rectified}, {Name: "Adam", Values: plain}},
			plot.BarsConfig{Title: "A post-LN Transformer without warm-up", XLabel: "loss after 150 steps"})
	})
}
