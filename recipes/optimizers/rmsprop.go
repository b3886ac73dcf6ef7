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
		ID: "D05", Tier: catalog.Unit, Title: "RMSProp", Source: "Tieleman and Hinton 2012",
		Target: "σ⁰ = |g⁰|, σᵗ = √(α(σᵗ⁻¹)² + (1-α)(gᵗ)²) to 1e-12; the negative gradient gives the mirrored path; crosses a flat, then steep, then flat valley in which Adagrad stalls",
		Note:   "a common misprint has σ⁰ = g⁰, which steps uphill where g⁰ < 0, and no ε. The library's v starts at 0 as PyTorch's does; the course's form is its state \"square_avg\" started at (g⁰)²",
		Test:   rmsprop,
	})
}

func rmsprop(_ context.Context, c *catalog.Check) error {
	const lr, alpha = 0.05, 0.9
	f := func(w float64) float64 { return w + math.Sin(3*w) }
	p := param(-1.5)
	opt := optim.NewRMSProp(only(p), optim.RMSPropConfig{LR: lr, Alpha: new(alpha), Eps: new(0.0)})
	state := opt.State()
	state.Scalars["0.step"] = 1 // so that it has a running square, of the first gradient
	state.Tensors = []tensor.Named{{Name: "0.square_avg", Tensor: tensor.Of([]float64{f(-1.5) * f(-1.5)})}}
	if err := opt.LoadState(state); err != nil {
		return err
	}
	w, sigma, off := -1.5, math.Abs(f(-1.5)), 0.0
	for t := range 100 {
		step(opt, f(at(p)[0]))
		if t > 0 {
			sigma = math.Sqrt(alpha*sigma*sigma + (1-alpha)*f(w)*f(w))
		}
		w -= lr / sigma * f(w)
		off = max(off, math.Abs(at(p)[0]-w))
	}
	c.AtMost("|library - course's form| over 100 steps", off, 1e-12)
	loss := func(w float64) float64 { return w*w/2 - math.Cos(3*w)/3 }
	c.Control(func() {
		c.AtLeast("rise of the loss in the first step with σ⁰ = g⁰", loss(-1.5-lr/f(-1.5)*f(-1.5))-loss(-1.5), 0.01)
	})

	up, down := param(0.7), param(-0.7)
	a := optim.NewRMSProp(only(up), optim.RMSPropConfig{Momentum: 0.5, Centered: true})
	b := optim.NewRMSProp(only(down), optim.RMSPropConfig{Momentum: 0.5, Centered: true})
	mirrored := true
	for range 50 {
		g := f(at(up)[0])
		step(a, g)
		step(b, -g)
		mirrored = mirrored && at(up)[0] == -at(down)[0]
	}
	c.True("of opposite gradients, opposite paths", mirrored)

	// Slope 0.1, then 100 between 1 and 2, then 0.1 down to the end of the valley at 5.
	valley := func(x []float64) (float64, []float64) {
		switch {
		case x[0] > 5:
			return 0.1 * (x[0] - 5), []float64{0.1}
		case x[0] > 1 && x[0] < 2:
			return 0, []float64{-100}
		}
		return 0, []float64{-0.1}
	}
	way := func(opt optim.Optimizer) (path []float64) {
		points, _ := descend(opt, valley, 3000)
		for _, x := range points {
			path = append(path, x[0])
		}
		return path
	}
	fast := way(optim.NewRMSProp(only(param(0)), optim.RMSPropConfig{LR: 0.01}))
	stalled := way(optim.NewAdagrad(only(param(0)), optim.AdagradConfig{LR: 0.1}))
	c.Near("where RMSProp is after 3000 steps; the valley ends at 5", fast[3000], 5, 0.1)
	c.Control(func() { c.AtMost("where Adagrad is", stalled[3000], 3) })
	return c.Picture("valley", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "Slope 0.1, 100 from 1 to 2, then 0.1 until 5", XLabel: "step", YLabel: "x", Series: []plot.Series{
			{Name: "RMSProp", X: count(3001), Y: fast}, {Name: "Adagrad", X: count(3001), Y: stalled},
		}})
	})
}
