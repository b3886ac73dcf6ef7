package maths

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/prob"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "A09", Tier: catalog.Unit, Title: "Entropy, cross-entropy, KL, Jensen-Shannon, mutual information", Source: "Kullback and Leibler 1951; Lin 1991",
		Target: "JS is in [0, ln 2] and ln 2 for disjoint supports; KL of Gaussians equals its closed form and its integral",
		Note:   `"q represents p" is KL(q‖p), which keeps to one of p's modes; KL(p‖q) covers them all`,
		Test:   information,
	})
}

func information(_ context.Context, c *catalog.Check) error {
	p, q := f64([]int{3}, 0.5, 0.5, 0), f64([]int{3}, 0, 0, 1)
	c.Near("JS of disjoint supports", prob.JensenShannon(p, q).Item(), math.Ln2, 1e-15)
	c.Equal("KL of disjoint supports", prob.DiscreteKL(p, q).Item(), math.Inf(1))
	c.Near("entropy of a coin", prob.DiscreteEntropy(p).Item(), math.Ln2, 1e-15)
	c.Equal("KL(p‖p)", prob.DiscreteKL(p, p).Item(), 0)

	g, f := random.New(1), tensor.With(tensor.Float64)
	a, b := f.Randn(g, 500, 6).MulScalar(3).Softmax(1), f.Randn(g, 500, 6).MulScalar(3).Softmax(1)
	js := prob.JensenShannon(a, b)
	least := js.Min(0)
	most := js.Max(0)
	c.AtLeast("least JS of 500 pairs", least.Item(), 0)
	c.AtMost("largest", most.Item(), math.Ln2)
	c.AtMost("JS(p, q) − JS(q, p)", worst(js, prob.JensenShannon(b, a)), 1e-15)
	c.AtMost("KL − (H(p, q) − H(p))", worst(prob.DiscreteKL(a, b), prob.DiscreteCrossEntropy(a, b).Sub(prob.DiscreteEntropy(a))), 1e-12)
	c.Control(func() {
		c.AtLeast("KL(p‖q) − KL(q‖p): it is not symmetric", worst(prob.DiscreteKL(a, b), prob.DiscreteKL(b, a)), 1)
		wrong := prob.DiscreteKL(a, b).Add(prob.DiscreteKL(b, a)).MulScalar(0.5) // without m = (p + q)/2
		top := wrong.Max(0)
		c.AtLeast("the mean of both KL reaches", top.Item(), 2*math.Ln2)
	})

	// Copies share all, independent ones nothing; a noisy copy has ln 2 − H(0.1).
	c.Near("information of copies of a coin", prob.MutualInformation(f64([]int{2, 2}, 0.5, 0, 0, 0.5)).Item(), math.Ln2, 1e-15)
	c.Near("of independent ones", prob.MutualInformation(f.Full(0.25, 2, 2)).Item(), 0, 1e-15)
	noise := prob.DiscreteEntropy(f64([]int{2}, 0.9, 0.1)).Item()
	c.Near("of a copy that errs once in 10", prob.MutualInformation(f64([]int{2, 2}, 0.45, 0.05, 0.05, 0.45)).Item(), math.Ln2-noise, 1e-15)

	// Gaussians N(0, 1) and N(1, 2²): ln 2 + (1 + 1)/8 − ½.
	n1, n2 := prob.NewNormal(f64([]int{1}, 0), f64([]int{1}, 1)), prob.NewNormal(f64([]int{1}, 1), f64([]int{1}, 2))
	kl := prob.KL(n1, n2).Item()
	c.Near("KL of two Gaussians", kl, math.Ln2+0.25-0.5, 1e-15)
	const h = 0.01
	grid := f.Arange(-12, 12, h)
	lp := n1.LogProb(grid)
	c.Near("its integral", lp.Exp().Mul(lp.Sub(n2.LogProb(grid))).Sum().Item()*h, kl, 1e-10)

	// The Gaussian nearest to two modes at ±3, by either divergence, among means and widths on a grid.
	centre := func(reverse bool) (mean, width float64) {
		target := prob.NewNormal(f64([]int{1}, -3), f64([]int{1}, 0.7)).LogProb(grid).LogAddExp(prob.NewNormal(f64([]int{1}, 3), f64([]int{1}, 0.7)).LogProb(grid)).Softmax(0)
		best := math.Inf(1)
		for m := -4.0; m <= 4; m += 0.5 {
			for s := 0.5; s <= 4; s += 0.25 {
				x := prob.NewNormal(f64([]int{1}, m), f64([]int{1}, s)).LogProb(grid).Softmax(0)
				d := prob.DiscreteKL(target, x).Item()
				if reverse {
					d = prob.DiscreteKL(x, target).Item()
				}
				if d < best {
					best, mean, width = d, m, s
				}
			}
		}
		return mean, width
	}
	cover, wide := centre(false)
	keep, narrow := centre(true)
	c.True("KL(p‖q) is least between the modes, wide", cover == 0 && wide >= 3)
	c.True("KL(q‖p) is least on one mode, narrow", math.Abs(keep) == 3 && narrow <= 0.75)
	return c.Picture("two-divergences", func(path string) error {
		x := grid.Floats()
		curve := func(name string, parts ...*prob.Normal) plot.Series {
			y := make([]float64, len(x))
			for _, d := range parts {
				for i, v := range d.LogProb(grid).Floats() {
					y[i] += math.Exp(v) / float64(len(parts))
				}
			}
			return plot.Series{Name: name, X: x, Y: y}
		}
		normal := func(m, s float64) *prob.Normal { return prob.NewNormal(f64([]int{1}, m), f64([]int{1}, s)) }
		return plot.Lines(path, plot.Chart{Title: "The Gaussian q nearest to p", XLabel: "x", YLabel: "density", Series: []plot.Series{
			curve("p", normal(-3, 0.7), normal(3, 0.7)), curve("least KL(p‖q)", normal(cover, wide)), curve("least KL(q‖p)", normal(keep, narrow))}})
	})
}
