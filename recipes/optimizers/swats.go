package optimizers

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/vision"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D12", Tier: catalog.Small, Title: "SWATS: from Adam to SGD", Source: "Keskar and Socher 2017",
		Target: "the switch comes when |λ/(1-β₂ᵏ) - γ| < ε, γ = pᵀp/(-pᵀg); SGD's rate is that estimate; the loss keeps falling after it",
		Note:   "ε is 4e-3 here, about 2% of the rate; the paper's 1e-9 is met by chance alone when mini-batches make γ noisy, and is not here",
		Test:   swats,
	})
}

func swats(ctx context.Context, c *catalog.Check) error {
	const tolerance, lr = 4e-3, 1e-3
	train, err := dataset.NewImages(digits.Train(), nil, nil)
	if err != nil {
		return err
	}
	seed := max(c.Seed, 1)
	model := vision.NewLeNet(random.New(seed), 1, 8, 8, 10)
	params := nn.Params(model)
	opt := optim.NewSWATS(params, optim.SWATSConfig{LR: lr, Tolerance: new(tolerance)})
	loader := dataset.NewBatchLoader(train, dataset.LoaderConfig{BatchSize: 32, Shuffle: true, Seed: seed})
	var epochs, estimates, smooth []float64
	var lambda, gap, gamma, sgdError float64
	step, switched, least := 0, 0, math.Inf(1)
	buf := make([]float64, len(floats(params)))
	for epoch := range 12 {
		mean := 0.0
		for batch, err := range loader.Epoch(ctx, epoch, 0) {
			if err != nil {
				return err
			}
			loss := losses.CrossEntropy(model.Forward(batch.X), batch.Y)
			mean += loss.Item() / float64(loader.Batches())
			grads := gradients(loss, params)
			before := floats(params)
			was := opt.Rate(0)
			opt.StepWith(grads)
			step++
			after := floats(params)
			var pp, pg float64
			for i, g := range flat(grads) {
				d := after[i] - before[i]
				pp, pg = pp+d*d, pg+d*g
				if was != 0 {
					buf[i] = b1*buf[i] + g
					sgdError = max(sgdError, math.Abs(d+(1-b1)*was*buf[i]))
				}
			}
			if was != 0 {
				continue
			}
			gamma = pp / -pg
			lambda = b2*lambda + (1-b2)*gamma
			estimates, smooth = append(estimates, gamma), append(smooth, lambda/(1-math.Pow(b2, float64(step))))
			if step > 1 {
				least = min(least, math.Abs(smooth[len(smooth)-1]-gamma))
			}
			if opt.Rate(0) != 0 {
				switched, gap = step, math.Abs(smooth[len(smooth)-1]-gamma)
				c.Near("SGD's rate over the estimate by hand", opt.Rate(0)/smooth[len(smooth)-1], 1, 1e-3)
			}
		}
		epochs = append(epochs, mean)
	}
	if switched == 0 {
		return fmt.Errorf("no switch in %d steps, the least |λ/(1-β₂ᵏ) - γ| is %v of %v", step, least, smooth[len(smooth)-1])
	}
	first := switched/loader.Batches() + 1 // the first whole epoch of SGD
	if first+2 >= len(epochs) {
		return fmt.Errorf("the switch came late, at step %d of %d", switched, step)
	}
	c.AtMost("|λ/(1-β₂ᵏ) - γ| at the switch", gap, tolerance)
	c.AtLeast("step of the switch", float64(switched), 2)
	c.AtMost("|step after the switch - SGD's with momentum|", sgdError, 1e-6)
	c.AtMost("loss of the last epoch over that of the first after the switch", epochs[len(epochs)-1]/epochs[first], 0.8)
	c.Control(func() {
		c.AtLeast("the least |λ/(1-β₂ᵏ) - γ| until then: the paper's ε of 1e-9 is not met", least, 1e-9)
		c.AtLeast("SGD's rate over Adam's, which would not do", opt.Rate(0)/lr, 5)
	})
	if err := c.Picture("estimate", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "LeNet on the digits: SGD's rate as Adam's steps tell it", XLabel: "step", YLabel: "rate", LogY: true, Series: []plot.Series{
			{Name: "γ", X: count(len(estimates)), Y: estimates}, {Name: "λ/(1-β₂ᵏ)", X: count(len(smooth)), Y: smooth},
		}})
	}); err != nil {
		return err
	}
	return c.Picture("loss", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "SWATS on the digits", XLabel: "epoch", YLabel: "training loss", LogY: true,
			Series: []plot.Series{{X: count(len(epochs)), Y: epochs}}, Marks: []plot.Mark{{X: float64(switched) / float64(loader.Batches()), Label: "to SGD"}}})
	})
}

func floats(params []*tensor.Param) (all []float64) {
	for _, p := range params {
		all = append(all, p.Floats()...)
	}
	return all
}

func flat(ts []*tensor.Tensor) (all []float64) {
	for _, t := range ts {
		all = append(all, t.Floats()...)
	}
	return all
}
