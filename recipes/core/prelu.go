package core

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C07", Tier: catalog.Unit, Title: "PReLU, a learned slope", Source: "He, Zhang, Ren and Sun 2015",
		Target: "∂L/∂m = Σ δ min(z, 0) to 1e-12; m moves from 0.25 to the slope of the data; it is in a parameter group without weight decay, which would pull it to 0",
		Test:   prelu,
	})
}

func prelu(_ context.Context, c *catalog.Check) error {
	g := random.New(max(c.Seed, 1))
	f := tensor.With(tensor.Float64)
	l := nn.To(nn.NewPReLU(3), tensor.Float64)
	l.Weight.CopyFrom(tensor.Of([]float64{0.25, -0.1, 1.7}))
	z, delta := f.Randn(g, 50, 3, 4), f.Randn(g, 50, 3, 4)
	l.Forward(z).Mul(delta).Sum().Backward()
	c.AtMost("error of ∂L/∂m = Σ δ min(z, 0), channel by channel", largestError(l.Weight.Grad(), delta.Mul(z.ClampMax(0)).Sum(0, 2)), 1e-12)
	away := z.Add(z.Sign().MulScalar(0.1))
	err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{tensor.PReLU(in[0], in[1])} },
		[]*tensor.Tensor{away, l.Weight.Detach()}, autograd.GradCheckConfig{Order: 2})
	c.True("finite differences of the first and second order agree", err == nil)
	c.Equal("m at the start", nn.NewPReLU(1).Weight.Detach().Item(), 0.25)

	// Data of one layer with slope 0.6, learned by one like it. The weights are decayed, m is not or is, by the same.
	const slope, steps = 0.6, 600
	var curvature float64 // h of the loss in m, ½ h (m - 0.6)², where the weights are the truth's
	learn := func(weightDecay, mDecay float64, frozen bool) (path []float64, norm float64) {
		g := random.New(max(c.Seed, 1))
		x, truth := tensor.Randn(g, 256, 4), tensor.Randn(g, 8, 4)
		z := tensor.Linear(x, truth, nil)
		curvature = 2 * z.ClampMax(0).Square().Mean().Item()
		y := z.LeakyReLU(slope)
		linear, act := nn.NewLinear(g, 4, 8, nn.LinearConfig{NoBias: true}), nn.NewPReLU(1)
		groups := []optim.Group{{Params: nn.Params(act), WeightDecay: &mDecay}, {Params: nn.Params(linear)}}
		if frozen {
			linear.Weight.CopyFrom(truth)
			groups = groups[:1]
		}
		opt := optim.NewSGDGroups(groups, optim.SGDConfig{LR: 0.05, Momentum: 0.9, WeightDecay: weightDecay})
		for range steps {
			path = append(path, act.Weight.Detach().Item())
			opt.ZeroGrad()
			losses.MSE(act.Forward(linear.Forward(x)), y).Backward()
			opt.Step()
		}
		return append(path, act.Weight.Detach().Item()), linear.Weight.Detach().Norm(2).Item() / truth.Norm(2).Item()
	}
	whole, norm := learn(1e-3, 0, false)
	c.Near("m after training with weights that decay", whole[steps], slope, 0.02)
	c.AtLeast("way of m from 0.25", math.Abs(whole[steps]-0.25), 0.3)
	_, undecayed := learn(0, 0, false)
	c.AtMost("norm of the weights over the truth's", norm, 0.995)
	c.Control(func() { c.Near("without decay", undecayed, 1, 1e-3) })
	const decay = 1.0
	free, _ := learn(decay, 0, true)
	held, _ := learn(decay, decay, true)
	c.Near("m after training alone, without decay", free[steps], slope, 1e-4)
	c.Control(func() {
		c.Near("decayed, by 0.6 h/(h + λ), h being the loss's curvature", held[steps], slope*curvature/(curvature+decay), 1e-3)
		c.AtMost("which is below 0.6", held[steps], slope-0.05)
	})
	return c.Picture("slope", func(path string) error {
		t := make([]float64, 100)
		for i := range t {
			t[i] = float64(i)
		}
		return plot.Lines(path, plot.Chart{Title: "The learned slope; the data's is 0.6", XLabel: "step", YLabel: "m",
			Series: []plot.Series{{Name: "with its layer's weights", X: t, Y: whole[:100]}, {Name: "alone", X: t, Y: free[:100]}, {Name: "alone, decayed with λ = 1", X: t, Y: held[:100]}}})
	})
}
