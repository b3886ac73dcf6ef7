package vision

import (
	"context"
	"math"
	"slices"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H15", Tier: catalog.Medium, Title: "SIREN: a picture as a network of sines, with its derivatives",
		Source: "Sitzmann, Martel, Bergman, Lindell and Wetzstein 2020",
		Target: "three layers of 256 sines fit a picture of 64 x 64 pixels with a PSNR of 35 dB in 300 steps, 10 dB above the same network with ReLUs, as the median of 3 seeds; the gradient " +
			"of what was fitted correlates above 0.95 with Sobel's; what sines are applied to is N(0, 1) at depth 10; a picture is found again from its gradient alone",
		Note: "on a picture that is drawn in code; ω of the first layer is 10: the paper's 30, for pictures of 256 pixels a side and more, fits 64 pixels closer but swings between them, so that its " +
			"gradient's correlation is 0.93; a signal of one dimension is C09's",
		Test: siren,
	})
}

// scene draws a picture of side x side from 0 to 1, a shaded ball on a chequered floor under a sky with clouds and a striped sun, as a lens shows it: each
// pixel is a mean around its middle, weighted by a Gaussian function of 0.8 pixels' deviation.
func scene(side int) []float64 {
	const reach, fine, deviation = 2, 4, 0.8
	v := make([]float64, side*side)
	for i := range v {
		sum := 0.0
		for k := range 2 * reach * fine * 2 * reach * fine {
			dx, dy := (float64(k%(2*reach*fine))+0.5)/fine-reach, (float64(k/(2*reach*fine))+0.5)/fine-reach
			w := math.Exp(-(dx*dx + dy*dy) / (2 * deviation * deviation))
			v[i] += w * sceneAt((float64(i%side)+0.5+dx)/float64(side), (float64(i/side)+0.5+dy)/float64(side))
			sum += w
		}
		v[i] /= sum
	}
	return v
}

// sceneAt is the brightness at x and y from 0 to 1, y down.
func sceneAt(x, y float64) float64 {
	const horizon = 0.6
	if u, w := (x-0.36)/0.24, (y-0.58)/0.24; u*u+w*w < 1 { // the ball, lit from the upper right
		return 0.12 + 0.8*max(0, 0.45*u-0.55*w+0.7*math.Sqrt(1-u*u-w*w))
	}
	if r := math.Hypot(x-0.78, y-0.2); r < 0.13 {
		if math.Mod(y*24, 1) < 0.5 {
			return 1
		}
		return 0.55
	}
	if y < horizon {
		return 0.75 - 0.5*y + 0.08*math.Sin(14*x+3*math.Sin(9*y))*math.Sin(16*y)
	}
	depth := 0.12 / (y - horizon + 0.03)
	bright := 0.25
	if int(math.Floor((x-0.5)*depth*6)+math.Floor(depth*5))&1 == 0 {
		bright = 0.7
	}
	return bright + (0.45-bright)*math.Exp(-9*(y-horizon)) // the far floor is hazy
}

// places returns the middles of side x side pixels, (side², 2), as x and y from -1 to 1.
func places(side int) *tensor.Tensor {
	v := make([]float32, 0, 2*side*side)
	for i := range side * side {
		v = append(v, float32(2*(float64(i%side)+0.5)/float64(side)-1), float32(2*(float64(i/side)+0.5)/float64(side)-1))
	}
	return tensor.Of(v, side*side, 2)
}

// gradientField returns the gradient of the network's value at each place, (N, 2), and the sum of its second derivatives, (N, 1).
func gradientField(m nn.Layer, at *tensor.Tensor) (gradient, laplacian *tensor.Tensor) {
	x := at.Detach().RequireGrad()
	g := autograd.Grad([]*tensor.Tensor{m.Forward(x).Sum()}, []*tensor.Tensor{x}, autograd.GradConfig{CreateGraph: true})[0]
	laplacian = tensor.Zeros(at.Dim(0), 1)
	for k := range 2 {
		second := autograd.Grad([]*tensor.Tensor{g.Narrow(1, k, 1).Sum()}, []*tensor.Tensor{x}, autograd.GradConfig{AllowUnused: true, Retain: true})[0]
		if second != nil { // the gradient of a network of ReLUs does not depend on the place
			laplacian = laplacian.Add(second.Detach().Narrow(1, k, 1))
		}
	}
	return g.Detach(), laplacian
}

func siren(ctx context.Context, c *catalog.Check) error {
	const side, hidden, layers, steps = 64, 256, 3, 300
	picture := tensor.Of(scene(side), 1, 1, side, side)
	at, target := places(side), picture.Reshape(side*side, 1).To(tensor.Float32)
	// fit trains with Adam, its rate falling along a cosine.
	fit := func(m nn.Layer, rate float64, steps int, loss func(x *tensor.Tensor) *tensor.Tensor) error {
		opt := optim.NewAdam(nn.Params(m), optim.AdamConfig{LR: rate})
		schedule := optim.NewScheduler(opt, optim.Cosine(steps, 0))
		for range steps {
			if err := ctx.Err(); err != nil {
				return err
			}
			tensor.WithScope(func(s *tensor.Scope) {
				opt.ZeroGrad()
				loss(s.Enter(at.Clone())).Backward()
			})
			opt.Step()
			schedule.Step()
		}
		return nil
	}
	fitPicture := func(m nn.Layer, rate float64) (psnr float64, err error) {
		err = fit(m, rate, steps, func(x *tensor.Tensor) *tensor.Tensor { return losses.MSE(m.Forward(x), target) })
		return metrics.PSNR(m.Forward(at).Detach(), target, 1), err
	}
	sinusoidal := func(seed uint64, first float64) nn.Sequential {
		return models.NewSIREN(random.New(seed), 2, hidden, layers, 1, models.SIRENConfig{First: first})
	}
	rectified := func(seed uint64) nn.Sequential {
		g := random.New(seed)
		m := nn.NewSequential(nn.NewLinear(g, 2, hidden, nn.LinearConfig{}), nn.ReLU{})
		for range layers - 1 {
			m = append(m, nn.NewLinear(g, hidden, hidden, nn.LinearConfig{}), nn.ReLU{})
		}
		return append(m, nn.NewLinear(g, hidden, 1, nn.LinearConfig{}))
	}

	var sines, relus nn.Sequential
	var onReLUs []float64
	reached, err := c.Median(3, func(seed uint64) (float64, error) {
		sines, relus = sinusoidal(seed, 10), rectified(seed)
		psnr, err := fitPicture(relus, 3e-3)
		if err != nil {
			return 0, err
		}
		onReLUs = append(onReLUs, psnr)
		return fitPicture(sines, 5e-4)
	})
	if err != nil {
		return err
	}
	c.AtLeast("PSNR in dB of a picture fitted by 3 layers of 256 sines in 300 steps", reached, 35)
	c.AtLeast("dB above the same network with ReLUs", reached-catalog.Median(onReLUs), 10)

	dx, dy := vision.Sobel(picture)
	sobel := tensor.Stack(1, dx.Flatten(0), dy.Flatten(0)) // (side², 2) a pixel
	withSobel := func(slopes *tensor.Tensor) float64 { return metrics.Pearson(slopes.Floats(), sobel.Floats()) }
	slopes, bends := gradientField(sines, at)
	c.AtLeast("correlation of the gradient of what was fitted with Sobel's", withSobel(slopes), 0.95)
	reluSlopes, reluBends := gradientField(relus, at)
	seed := max(c.Seed, 1)
	fine := sinusoidal(seed, 30)
	finePSNR, err := fitPicture(fine, 5e-4)
	if err != nil {
		return err
	}
	fineSlopes, _ := gradientField(fine, at)
	c.AtLeast("PSNR with ω = 30 in the first layer too", finePSNR, 35)
	c.Control(func() {
		c.AtMost("correlation of its gradient, which swings between pixels", withSobel(fineSlopes), 0.95)
		c.AtMost("of the gradient of what ReLUs fitted", withSobel(reluSlopes), 0.9)
		c.Equal("second derivatives of what ReLUs fitted, everywhere", reluBends.Abs().Max().Item(), 0)
	})
	deepActivations(c)

	// Poisson: the gradient is all that training sees. It fixes the picture but for its mean.
	wanted := sobel.MulScalar(side / 2).To(tensor.Float32) // a unit of the coordinates is half the picture
	fromSlopes := func(m nn.Layer, rate float64) (*tensor.Tensor, error) {
		err := fit(m, rate, 150, func(x *tensor.Tensor) *tensor.Tensor {
			x = x.RequireGrad()
			g := autograd.Grad([]*tensor.Tensor{m.Forward(x).Sum()}, []*tensor.Tensor{x}, autograd.GradConfig{CreateGraph: true})[0]
			return losses.MSE(g, wanted)
		})
		y := m.Forward(at).Detach()
		return y.Sub(y.Mean()).Add(target.Mean()), err
	}
	poisson, err := fromSlopes(sinusoidal(seed, 10), 5e-4)
	if err != nil {
		return err
	}
	byReLUs, err := fromSlopes(rectified(seed), 3e-3)
	if err != nil {
		return err
	}
	found := metrics.PSNR(poisson, target, 1)
	c.AtLeast("PSNR of the picture that sines make of its gradient alone", found, 30)
	c.Control(func() {
		c.AtMost("dB by which ReLUs come nearer", metrics.PSNR(byReLUs, target, 1)-found, -5)
	})

	return c.Picture("picture", func(path string) error {
		gray := func(t *tensor.Tensor, lo, hi float64, caption string) plot.Tile {
			return plot.Tile{Image: plot.GrayRange(side, side, t.Floats(), lo, hi), Caption: caption}
		}
		// around draws values around 0, grey, up to what 98% of them reach.
		around := func(t *tensor.Tensor, caption string) plot.Tile {
			most := t.Detach().To(tensor.Float64).Abs().Flatten(0).Quantile([]float64{0.98}, 0, tensor.QuantileLinear).Item()
			return gray(t.Detach(), -most-1e-12, most+1e-12, caption)
		}
		curved := secondDifferences(picture)
		column := func(t *tensor.Tensor, k int) *tensor.Tensor { return t.Narrow(1, k, 1) }
		tiles := []plot.Tile{
			gray(target, 0, 1, "the picture"), around(column(sobel, 0), "slope across, Sobel"), around(column(sobel, 1), "slope down, Sobel"), around(curved, "Laplacian by differences"),
			gray(sines.Forward(at).Detach(), 0, 1, "sines"), around(column(slopes, 0), "slope across"), around(column(slopes, 1), "slope down"), around(bends, "Laplacian"),
			gray(relus.Forward(at).Detach(), 0, 1, "ReLUs"), around(column(reluSlopes, 0), "slope across"), around(column(reluSlopes, 1), "slope down"), around(reluBends, "Laplacian: 0"),
			gray(poisson, 0, 1, "sines, from the slopes alone"), gray(byReLUs, 0, 1, "ReLUs, from the slopes alone"),
			around(column(fineSlopes, 0), "slope across, first ω = 30"),
		}
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: "A picture as a network of two coordinates, and its derivatives", Columns: 4, Scale: 4})
	})
}

// secondDifferences is the Laplacian of a picture (1, 1, H, W) by differences of neighbours.
func secondDifferences(x *tensor.Tensor) *tensor.Tensor {
	kernel := tensor.Of([]float64{0, 1, 0, 1, -4, 1, 0, 1, 0}, 1, 1, 3, 3)
	return tensor.Conv2d(x.Pad(tensor.PadReplicate, 0, 1, 1, 1, 1), kernel, nil, tensor.ConvConfig{})
}

// deepActivations claims that what the sines of a deep network are applied to has the standard normal distribution in every layer but the first.
func deepActivations(c *catalog.Check) {
	const depth, width = 10, 2048
	x := tensor.Rand(random.New(max(c.Seed, 1)), 256, 2).MulScalar(2).SubScalar(1)
	// worst returns the largest distance of a distribution function, of layers 2 to 10, from the normal one's.
	worst := func(m nn.Sequential, omega float64) (distance, deviation float64) {
		h := x
		for i, l := range m[:2*depth] {
			if i%2 == 1 && i > 1 {
				v := h.Detach().MulScalar(omega).Floats()[:1<<16]
				slices.Sort(v)
				for k, u := range v {
					distance = max(distance, math.Abs(0.5*math.Erfc(-u/math.Sqrt2)-(float64(k)+0.5)/float64(len(v))))
				}
				deviation = h.Detach().Std(0).Item() * omega
			}
			h = l.Forward(h).Detach()
		}
		return distance, deviation
	}
	g := random.New(max(c.Seed, 1))
	distance, deviation := worst(models.NewSIREN(g, 2, width, depth, 1, models.SIRENConfig{}), 30)
	c.AtMost("distance of the distribution that sines of layers 2 to 10 see from N(0, 1), at most", distance, 0.05)
	c.Near("its deviation in layer 10", deviation, 1, 0.1)
	var plain nn.Sequential
	for i := range depth {
		in := width
		if i == 0 {
			in = 2
		}
		plain = append(plain, nn.NewLinear(g, in, width, nn.LinearConfig{}), nn.Sine{Omega: new(1.0)})
	}
	c.Control(func() {
		_, deviation := worst(plain, 1)
		c.AtMost("its deviation in layer 10 with PyTorch's initial weights and ω = 1", deviation, 0.2)
	})
}
