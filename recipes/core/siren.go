package core

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C09", Tier: catalog.Unit, Title: "Sine activation (SIREN)", Source: "Sitzmann, Martel, Bergman, Lindell and Wetzstein 2020",
		Target: "a network of sines fits a signal, and with it its derivative, to 5%; one of ReLUs does neither",
		Note:   "on a signal of one dimension; pictures are H15's",
		Test:   siren,
	})
}

// newSIREN returns a network of in to out numbers with the paper's initial weights: uniform in ±1/in in the first layer, in ±√(6/in)/ω
// in the others.
func newSIREN(g *random.Generator, omega float64, sizes ...int) nn.Sequential {
	var model nn.Sequential
	for i, in := range sizes[:len(sizes)-1] {
		l, limit := nn.NewLinear(g, in, sizes[i+1], nn.LinearConfig{}), math.Sqrt(6/float64(in))/omega
		if i == 0 {
			limit = 1 / float64(in)
		}
		l.Weight.CopyFrom(initialize.Uniform(g, -limit, limit, sizes[i+1], in))
		model = append(model, l)
		if i+2 < len(sizes) {
			model = append(model, nn.Sine{Omega: &omega})
		}
	}
	return model
}

func siren(_ context.Context, c *catalog.Check) error {
	const n, omega = 256, 30
	// f(x) = sin 12x + ½ sin 40x on [-1, 1].
	x := tensor.Linspace(-1, 1, n).Reshape(n, 1)
	signal := func(k float64) *tensor.Tensor { // the derivative of order k
		wave := func(amplitude, w float64) *tensor.Tensor {
			return x.MulScalar(w).AddScalar(k * math.Pi / 2).Sin().MulScalar(amplitude * math.Pow(w, k))
		}
		return wave(1, 12).Add(wave(0.5, 40))
	}
	y := signal(0)
	fit := func(model nn.Sequential, rate float64) (value, slope, bend *tensor.Tensor) {
		const steps = 500
		opt := optim.NewAdam(nn.Params(model), optim.AdamConfig{LR: rate})
		schedule := optim.NewScheduler(opt, optim.Cosine(steps, 0))
		for range steps {
			tensor.WithScope(func(s *tensor.Scope) {
				opt.ZeroGrad()
				losses.MSE(model.Forward(s.Enter(x.Clone())), y).Backward()
			})
			opt.Step()
			schedule.Step()
		}
		at := x.Detach().RequireGrad()
		out := model.Forward(at)
		first := autograd.Grad([]*tensor.Tensor{out.Sum()}, []*tensor.Tensor{at}, autograd.GradConfig{CreateGraph: true})[0]
		// The slope of a network of ReLUs does not depend on x at all.
		if second := autograd.Grad([]*tensor.Tensor{first.Sum()}, []*tensor.Tensor{at}, autograd.GradConfig{AllowUnused: true})[0]; second != nil {
			return out.Detach(), first.Detach(), second.Detach()
		}
		return out.Detach(), first.Detach(), x.MulScalar(0)
	}
	// off is the root mean square of a difference over that of the truth.
	off := func(got *tensor.Tensor, k float64) float64 {
		return got.Sub(signal(k)).Norm(2).Item() / signal(k).Norm(2).Item()
	}
	hidden := []int{1, 64, 64, 1}
	var sine, relu [3]*tensor.Tensor
	slopeError, err := c.Median(3, func(seed uint64) (float64, error) {
		v, d, b := fit(newSIREN(random.New(seed), omega, hidden...), 1e-3)
		sine = [3]*tensor.Tensor{v, d, b}
		return off(d, 1), nil
	})
	if err != nil {
		return err
	}
	g := random.New(max(c.Seed, 1))
	var rectified nn.Sequential
	for i, in := range hidden[:3] {
		rectified = append(rectified, nn.NewLinear(g, in, hidden[i+1], nn.LinearConfig{}))
		if i < 2 {
			rectified = append(rectified, nn.ReLU{})
		}
	}
	relu[0], relu[1], relu[2] = fit(rectified, 1e-2)
	c.AtMost("relative error of the derivative, sines", slopeError, 0.05)
	c.AtMost("of the signal", off(sine[0], 0), 0.05)
	c.AtMost("of the second derivative", off(sine[2], 2), 0.2)
	c.Control(func() {
		c.AtLeast("relative error of the derivative, ReLUs", off(relu[1], 1), 0.5)
		c.AtLeast("of the signal", off(relu[0], 0), 0.1)
		c.Equal("second derivative of ReLUs, everywhere", relu[2].Abs().Max().Item(), 0)
	})

	// With these weights the activations of all layers but the first have the arcsine distribution, whose deviation is √½.
	h, least, most := x, 2.0, 0.0
	for i, l := range newSIREN(random.New(max(c.Seed, 1)), omega, 1, 256, 256, 256, 256, 256, 256, 1) {
		if h = l.Forward(h).Detach(); i >= 2 && i%2 == 1 {
			sd := h.Norm(2).Item() / math.Sqrt(float64(h.Numel()))
			least, most = min(least, sd), max(most, sd)
		}
	}
	c.AtMost("deviation of the activations of 5 layers from √½", max(most-math.Sqrt(0.5), math.Sqrt(0.5)-least), 0.05)
	return c.Picture("derivative", func(path string) error {
		at := x.Floats()
		return plot.Lines(path, plot.Chart{Title: "The derivative of what was fitted to sin 12x + ½ sin 40x", XLabel: "x", YLabel: "derivative", Series: []plot.Series{
			{Name: "of the signal", X: at, Y: signal(1).Floats()}, {Name: "of a network of sines", X: at, Y: sine[1].Floats(), Dashed: true}, {Name: "of one of ReLUs", X: at, Y: relu[1].Floats()},
		}})
	})
}
