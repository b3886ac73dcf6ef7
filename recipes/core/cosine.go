package core

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C02", Tier: catalog.Unit, Title: "A neuron as a cosine match between its weights and a pattern", Source: "Turin 1960; Luo, Zhan, Wang and Yang 2017",
		Target: "w·x = ‖w‖ ‖x‖ cos θ to 1e-14; each of 797 matched filters fires most at its own picture, among 1,000 others",
		Test:   cosineMatch,
	})
}

func cosineMatch(_ context.Context, c *catalog.Check) error {
	// Filters for 797 of the digits, and the other 1,000 as distractors.
	set := digits.Load()
	const distractors = 1000
	all := tensor.Of(set.Pix, set.N, set.H*set.W).To(tensor.Float64)
	others, own := all.Narrow(0, 0, distractors), all.Narrow(0, distractors, set.N-distractors)
	cosines := func(x *tensor.Tensor) *tensor.Tensor {
		l := nn.NewCosineLinear(random.New(1), set.H*set.W, own.Dim(0), nn.CosineLinearConfig{})
		l = nn.To(l, tensor.Float64)
		l.Weight.CopyFrom(own)
		return l.Forward(x).Detach()
	}
	products := func(x *tensor.Tensor) *tensor.Tensor { return tensor.Linear(x, own, nil) }
	// fires is the share of filters whose response to their own picture is above those to all others.
	fires := func(f func(x *tensor.Tensor) *tensor.Tensor) float64 {
		return f(own).Diagonal(0, 0, 1).Gt(f(others).Max(0)).To(tensor.Float64).Mean().Item()
	}
	c.Equal("share of matched filters that fire most at their own picture", fires(cosines), 1)
	c.AtMost("error of a filter's response 1 to its own picture", largestError(cosines(own).Diagonal(0, 0, 1), tensor.With(tensor.Float64).Ones(own.Dim(0))), 1e-14)
	c.AtMost("change of the responses to pictures 1,000 times as bright", largestError(cosines(others.MulScalar(1000)), cosines(others)), 1e-14)
	c.Control(func() {
		c.AtMost("share that fire most at theirs by w·x, which brightness decides", fires(products), 0.5)
	})

	// x is r (cos θ w/‖w‖ + sin θ u) with u across w, so that the angle is known.
	g, worst := random.New(2), 0.0
	const n, d = 200, 50
	f := tensor.With(tensor.Float64)
	w, u := f.Randn(g, n, d), f.Randn(g, n, d)
	unit := func(v *tensor.Tensor) *tensor.Tensor { return v.Div(v.NormKeepdim(2, 1)) }
	e := unit(w)
	u = unit(u.Sub(e.Mul(u.Mul(e).SumKeepdim(1))))
	theta := f.Rand(g, n, 1).MulScalar(math.Pi)
	r := f.Rand(g, n, 1).MulScalar(9).AddScalar(1)
	x := r.Mul(e.Mul(theta.Cos()).Add(u.Mul(theta.Sin())))
	lengths := w.Norm(2, 1).Mul(r.Flatten(0))
	worst = largestError(w.Mul(x).Sum(1).Div(lengths), theta.Cos().Flatten(0))
	c.AtMost("error of w·x = ‖w‖ ‖x‖ cos θ, by ‖w‖ ‖x‖", worst, 1e-14)
	c.AtMost("error of CosineSimilarity", largestError(tensor.CosineSimilarity(w, x, 1, 1e-8), theta.Cos().Flatten(0)), 1e-14)
	c.Control(func() { // cos² is what a square of the projection gives
		c.AtLeast("error of a cosine without its sign", largestError(tensor.CosineSimilarity(w, x, 1, 1e-8).Abs(), theta.Cos().Flatten(0)), 0.5)
	})

	return c.Picture("filters", func(path string) error {
		const shown, best = 4, 4
		picture := func(pixels *tensor.Tensor, caption string) plot.Tile {
			return plot.Tile{Image: plot.GrayRange(set.H, set.W, pixels.Floats(), 0, 16), Caption: caption}
		}
		var tiles []plot.Tile
		for _, method := range []struct {
			name string
			f    func(x *tensor.Tensor) *tensor.Tensor
		}{{"cosine", cosines}, {"w·x", products}} {
			responses := method.f(tensor.Concat(0, own, others))
			for k := range shown {
				tiles = append(tiles, picture(own.Select(0, k), fmt.Sprintf("filter %d\nby %s", k+1, method.name)))
				values, at := responses.Select(1, k).TopK(best, 0, true)
				for i, j := range tensor.Data[int64](at) {
					tiles = append(tiles, picture(tensor.Concat(0, own, others).Select(0, int(j)), fmt.Sprintf("%.4g", values.Floats()[i])))
				}
			}
		}
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: "Four filters and the pictures to which they answer most", Columns: 2 * (best + 1)})
	})
}
