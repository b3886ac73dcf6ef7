package optimizers

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D08", Tier: catalog.Unit, Title: "AdaBound and AMSBound", Source: "Luo, Xiong, Liu and Sun 2019",
		Target: "effective rates lie within [η_l(t), η_u(t)] and go to final_lr; early steps are Adam's, late ones those of SGD with momentum",
		Note:   "as the authors' code: bias correction, no division by √t. The CIFAR-10 figure (95%, ResNet-34) is not of this tier",
		Test:   adabound,
	})
}

func adabound(_ context.Context, c *catalog.Check) error {
	const final, gamma, lr, steps = 0.1, 0.02, 0.01, 20000
	var outside, early, late, free float64
	var t, low, high []float64
	rates := [3][]float64{} // of three weights with gradients of different size
	for _, ams := range []bool{false, true} {
		p, twin := param(0, 0, 0), param(0, 0, 0)
		opt := optim.NewAdaBound(only(p), optim.AdaBoundConfig{LR: lr, FinalLR: final, Gamma: new(gamma), AMSBound: ams, Eps: new(0.0)})
		adam := optim.NewAdam(only(twin), optim.AdamConfig{LR: lr, AMSGrad: ams, Eps: new(0.0)})
		g := random.New(max(c.Seed, 1))
		size := [3]float64{0.01, 0.1, 10}
		for k := 1; k <= steps; k++ {
			var grad []float64
			for _, s := range size {
				grad = append(grad, s*(1+g.NormFloat64()))
			}
			before := at(p)
			step(opt, grad...)
			beforeAdam := at(twin)[0]
			step(adam, grad...)
			if k <= 10 {
				early = max(early, math.Abs(at(p)[1]-at(twin)[1]))
			}
			if k == steps {
				free = max(free, (beforeAdam-at(twin)[0])/adam.State().Tensor("0.exp_avg").Floats()[0])
			}
			if k > 200 && k%100 != 0 {
				continue
			}
			l, u := final*(1-1/(gamma*float64(k)+1)), final*(1+1/(gamma*float64(k)))
			m := opt.State().Tensor("0.exp_avg").Floats()
			for i := range m {
				rate := (before[i] - at(p)[i]) / m[i]
				outside = max(outside, l-rate, rate-u)
				if k == steps {
					late = max(late, math.Abs(rate-final)/final)
				}
				if !ams && k <= 200 {
					rates[i] = append(rates[i], rate)
				}
			}
			if !ams && k <= 200 {
				t, low, high = append(t, float64(k)), append(low, l), append(high, u)
			}
		}
	}
	c.AtMost("how far rates are outside of the bounds", outside, 1e-9)
	c.AtMost("|rate - final_lr|/final_lr after 20,000 steps, those of SGD", late, 0.003)
	c.AtMost("|AdaBound - Adam| after 10 steps where the bounds do not bind", early, 1e-12)
	c.Control(func() { c.AtLeast("Adam's rate for gradients of 0.01, without bounds, over final_lr", free/final, 3) })
	return c.Picture("rates", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "AdaBound's rates", XLabel: "step", YLabel: "rate", LogY: true, Series: []plot.Series{
			{Name: "bounds", X: append(append(append([]float64{}, t...), math.NaN()), t...), Y: append(append(append([]float64{}, low...), math.NaN()), high...), Dashed: true},
			{Name: "gradients of 0.01", X: t, Y: rates[0]}, {Name: "of 0.1", X: t, Y: rates[1]}, {Name: "of 10", X: t, Y: rates[2]},
		}})
	})
}
