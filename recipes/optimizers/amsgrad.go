package optimizers

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D07", Tier: catalog.Small, Title: "AMSGrad", Source: "Reddi, Kale and Kumar 2018",
		Target: "f_t = 1010x if t mod 101 = 1, else -10x, on [-1, 1]: after 200,000 steps AMSGrad is at -1.000, the minimum, and Adam at +0.994",
		Test:   amsgrad,
	})
}

// reddi is the online problem of section 3: β = (0.9, 0.99), rate 0.5/√t, x kept in [-1, 1]. It returns every hundredth x, and the last.
func reddi(ams bool, steps int) (path []float64) {
	p := param(0)
	opt := optim.NewAdam(only(p), optim.AdamConfig{LR: 0.5, Beta2: new(0.99), AMSGrad: ams})
	s := optim.NewScheduler(opt, func(t int) float64 { return 1 / math.Sqrt(float64(t+1)) })
	rare, often := []*tensor.Tensor{tensor.Of([]float64{1010})}, []*tensor.Tensor{tensor.Of([]float64{-10})}
	clamp := func(v tensor.View) {
		x := tensor.Slice[float64](v)
		x[0] = min(max(x[0], -1), 1)
	}
	for t := 1; t <= steps; t++ {
		if t%101 == 1 {
			opt.StepWith(rare)
		} else {
			opt.StepWith(often)
		}
		p.Update(clamp)
		s.Step()
		if t%100 == 0 || t == steps {
			path = append(path, at(p)[0])
		}
	}
	return path
}

func amsgrad(_ context.Context, c *catalog.Check) error {
	adam, ams := reddi(false, 200000), reddi(true, 200000)
	c.Near("where AMSGrad is", ams[len(ams)-1], -1, 5e-4)
	c.Control(func() { c.Near("where Adam is", adam[len(adam)-1], 0.994, 5e-3) })
	return c.Picture("reddi", func(path string) error {
		t := make([]float64, len(adam))
		for i := range t {
			t[i] = 100 * float64(i+1)
		}
		return plot.Lines(path, plot.Chart{Title: "Reddi's problem: the minimum is at -1", XLabel: "step", YLabel: "x", Series: []plot.Series{
			{Name: "Adam", X: t, Y: adam}, {Name: "AMSGrad", X: t, Y: ams},
		}})
	})
}
