package convolution

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "F11", Tier: catalog.Unit, Title: "Pooling: maximum and average", Source: "LeCun et al. 1998; Scherer, Müller and Behnke 2010",
		Target: "the maximum's gradient goes to its place, the average's to all alike; sizes by the formula, rounded down or, in ceil mode, up; channels are kept",
		Note:   "in ceil mode a window must start inside the input or the padding before it, so that the size is not always ⌈...⌉ + 1, as in PyTorch",
		Test:   pooling,
	})
}

func pooling(_ context.Context, c *catalog.Check) error {
	g := random.New(max(c.Seed, 1))
	const n, channels, side, k = 2, 3, 9, 3
	x := randn(g, n, channels, side, side).RequireGrad()
	dy := randn(g, n, channels, side/k, side/k)

	y := x.MaxPool2d(k)
	y.Mul(dy).Sum().Backward()
	want := make([]float64, x.Numel())
	xs, dys := x.Detach().Floats(), dy.Floats()
	for i, d := range dys {
		plane, row, column := i/9, i/3%3, i%3
		at := plane*side*side + row*k*side + column*k
		best := at
		for u := range k {
			for v := range k {
				if j := at + u*side + v; xs[j] > xs[best] {
					best = j
				}
			}
		}
		want[best] += d
	}
	c.Equal("error of the maximum's gradient: dy at the place of the largest, 0 elsewhere", worst(x.Grad(), tensor.Of(want, n, channels, side, side)), 0)
	c.True("channels are kept: (2, 3, 9, 9) becomes (2, 3, 3, 3)", y.Shape() == tensor.ShapeOf(n, channels, 3, 3))

	x = x.Detach().RequireGrad()
	x.AvgPool2d(k).Mul(dy).Sum().Backward()
	c.AtMost("error of the average's gradient: dy/k² everywhere", worst(x.Grad(), tensor.Interpolate(dy, []int{side, side}, tensor.InterpolateConfig{}).DivScalar(k*k)), 1e-15)

	wrong := 0
	meta := tensor.Factory{Device: tensor.Meta}
	for l := 4; l <= 30; l++ {
		for k := 1; k <= 4; k++ {
			for s := 1; s <= 4; s++ {
				for p := 0; p <= k/2; p++ {
					down, up := (l+2*p-k)/s+1, (l+2*p-k+s-1)/s+1
					if (up-1)*s >= l+p {
						up--
					}
					cfg := tensor.PoolConfig{Kernel: pair(k), Stride: pair(s), Padding: pair(p)}
					x := meta.Zeros(1, 1, l, l)
					if tensor.MaxPool2d(x, cfg).Dim(2) != down || tensor.AvgPool2d(x, cfg).Dim(3) != down {
						wrong++
					}
					if cfg.CeilMode = true; tensor.MaxPool2d(x, cfg).Dim(2) != up || tensor.AvgPool2d(x, cfg).Dim(3) != up || (tensor.Window{Kernel: k, Stride: s, Padding: p, CeilMode: true}).Size(l) != up {
						wrong++
					}
				}
			}
		}
	}
	c.Equal("sizes that are wrong, rounded down or up", float64(wrong), 0)

	// Why: a picture moved by a pixel changes a maximum over 4 x 4 less than it changes itself; the average less still.
	picture := tensor.Conv2d(randn(g, 1, 1, 67, 67), tensor.Ones(1, 1, 4, 4).To(tensor.Float64).DivScalar(16), nil, tensor.ConvConfig{})
	change := func(f func(*tensor.Tensor) *tensor.Tensor) float64 {
		a, b := f(picture), f(picture.Roll(3, 1))
		return a.Sub(b).Square().Mean().Item() / a.Sub(a.Mean()).Square().Mean().Item()
	}
	itself := change(func(x *tensor.Tensor) *tensor.Tensor { return x })
	average := change(func(x *tensor.Tensor) *tensor.Tensor { return x.AvgPool2d(4) })
	largest := change(func(x *tensor.Tensor) *tensor.Tensor { return x.MaxPool2d(4) })
	c.AtMost("change of the average over 4 x 4 by a move of one pixel, over that of the picture", average/itself, 0.8)
	c.AtMost("change of the maximum over that of the picture", largest/itself, 0.95)
	c.Control(func() {
		skip := change(func(x *tensor.Tensor) *tensor.Tensor { return x.Slice(2, 0, 64, 4).Slice(3, 0, 64, 4) })
		c.AtLeast("change of every fourth pixel alone over that of the picture", skip/itself, 0.85)
	})
	return nil
}
