package cnn

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "G06", Tier: catalog.Large, Title: "ResNet: residual fitting and degradation", Source: "He, Zhang, Ren and Sun 2016",
		Target: "a plain network of 56 layers ends with a higher training loss than one of 20, a residual one of 56 with a lower one than one of 20, as the median of 3 seeds; before training, with 98 layers, the " +
			"gradient at a residual network's first block is 0.1 to 10 times that at its last, where blocks begin as their shortcuts",
		Note: "the networks of section 4.2 at a quarter of their width, on 3,000 pictures of 14 x 14 pixels for 10 epochs. Blocks begin as their shortcuts where the weight of their last batch normalisation is 0 (Goyal et al. 2017): the ratio is then 1, as shortcuts alone carry the gradient. With the paper's own " +
			"initial weights three seeds gave ratios of 7, 40 and 41, by the convolutions' weights, beyond the catalog's 10: the first is seen through the sum of all blocks and at 196 pixels, the last at 16. A plain network's is 1e6; " + pictureset.Note,
		Test: degradation,
	})
}

func degradation(ctx context.Context, c *catalog.Check) error {
	set, err := load(ctx, c, 3000, 14, pictureset.Least{})
	if err != nil {
		return err
	}
	epochs, batch := 10, 64
	if set.X.Dim(0) < 3000 { // as many steps of the digits
		epochs = 20
	}
	build := func(seed uint64, depth int, s models.Shortcut, zeroInit bool) *models.ResNet {
		return models.NewCIFARResNet(random.New(seed), depth, models.ResNetConfig{Config: models.Config{Channels: 1, Width: 0.25}, Shortcut: s, ZeroInit: zeroInit})
	}
	type network struct {
		depth    int
		shortcut models.Shortcut
	}
	plain20, plain56 := network{20, models.NoShortcut}, network{56, models.NoShortcut}
	residual20, residual56 := network{20, models.Padding}, network{56, models.Padding}
	ends, tests, curves := map[network][]float64{}, map[network][]float64{}, map[network][]float64{}
	_, err = c.Seeds(3, func(seed uint64) (float64, error) {
		for _, n := range []network{plain20, plain56, residual20, residual56} {
			m := build(seed, n.depth, n.shortcut, false)
			curve, err := trainer{epochs: epochs, batch: batch, lr: 0.1, momentum: 0.9, decay: 1e-4, seed: seed}.fit(ctx, m, set.X, set.Y)
			if err != nil {
				return 0, err
			}
			curves[n] = curve
			ends[n] = append(ends[n], curve[epochs-1])
			tests[n] = append(tests[n], accuracy(m, set.XTest, set.YTest))
		}
		i := len(ends[plain56]) - 1
		return ends[residual56][i] / ends[residual20][i], nil
	})
	if err != nil {
		return err
	}
	deeper := func(deep, shallow network) float64 {
		var r []float64
		for i, l := range ends[deep] {
			r = append(r, l/ends[shallow][i])
		}
		return catalog.Median(r)
	}
	c.AtMost("training loss of a residual network of 56 layers over that of one of 20 on "+set.Name, deeper(residual56, residual20), 1)
	c.AtMost("training loss of 56 residual layers over that of 56 plain ones", deeper(residual56, plain56), 0.1)
	c.AtLeast("test accuracy of 56 residual layers over that of 20 plain ones", catalog.Median(tests[residual56])-catalog.Median(tests[plain20]), 0)
	c.Control(func() {
		c.AtLeast("training loss of a plain network of 56 layers over that of one of 20", deeper(plain56, plain20), 1.5)
		c.AtMost("test accuracy of 56 plain layers less that of 20", catalog.Median(tests[plain56])-catalog.Median(tests[plain20]), -0.05)
	})

	x, y := set.X.Narrow(0, 0, 64), set.Y.Narrow(0, 0, 64)
	var skipping []float64
	kept, err := c.Seeds(3, func(seed uint64) (float64, error) {
		skipping = append(skipping, blockGradients(build(seed, 98, models.Padding, true), x, y))
		norms := gradientNorms(build(seed, 98, models.Padding, false), x, y)
		return norms[0] / norms[len(norms)-1], nil
	})
	if err != nil {
		return err
	}
	c.AtLeast("gradient by the first block's input over that by the last's, 98 layers, blocks that begin as their shortcuts, the least of three", slices.Min(skipping), 0.1)
	c.AtMost("the largest of three", slices.Max(skipping), 10)
	c.AtLeast("with plain initial weights, gradient of the first convolution's weights over that of the last's, the least of three", slices.Min(kept), 0.1)
	c.AtMost("the largest of three with plain initial weights", slices.Max(kept), 100)
	c.Control(func() {
		norms := gradientNorms(build(max(c.Seed, 1), 98, models.NoShortcut, false), x, y)
		c.AtLeast("|log10| of the same, 98 plain layers", math.Abs(math.Log10(norms[0]/norms[len(norms)-1])), 4)
	})

	if err := c.Picture("degradation", func(path string) error {
		chart := plot.Chart{Title: fmt.Sprintf("%s at 14 x 14 pixels: deeper networks", set.Name), XLabel: "epoch", YLabel: "training loss", LogY: true}
		for _, n := range []struct {
			name string
			network
		}{{"plain, 20 layers", plain20}, {"plain, 56 layers", plain56}, {"residual, 20 layers", residual20}, {"residual, 56 layers", residual56}} {
			s := plot.Series{Name: n.name, Y: curves[n.network], Dashed: n.depth == 20}
			for e := range s.Y {
				s.X = append(s.X, float64(e+1))
			}
			chart.Series = append(chart.Series, s)
		}
		return plot.Lines(path, chart)
	}); err != nil {
		return err
	}
	return c.Picture("gradients", func(path string) error {
		chart := plot.Chart{Title: "98 layers before training", XLabel: "convolution", YLabel: "norm of the weights' gradient", LogY: true}
		for _, n := range []struct {
			name string
			s    models.Shortcut
		}{{"plain", models.NoShortcut}, {"residual", models.Padding}} {
			s := plot.Series{Name: n.name, Y: gradientNorms(build(max(c.Seed, 1), 98, n.s, false), x, y)}
			for i := range s.Y {
				s.X = append(s.X, float64(i+1))
			}
			chart.Series = append(chart.Series, s)
		}
		return plot.Lines(path, chart)
	})
}

// blockGradients returns the norm of the loss's gradient by the input of the first residual block over that by the input of the last.
func blockGradients(m *models.ResNet, x, y *tensor.Tensor) float64 {
	first := m.BN1.Forward(m.Conv1.Forward(x)).ReLU()
	last, maps := first, first
	for _, block := range slices.Concat(m.Layer1, m.Layer2, m.Layer3) {
		last, maps = maps, block.Forward(maps)
	}
	loss := losses.CrossEntropy(m.Scores(maps), y)
	g := autograd.Grad([]*tensor.Tensor{loss}, []*tensor.Tensor{first, last}, autograd.GradConfig{})
	norm := func(t *tensor.Tensor) float64 { return t.To(tensor.Float64).Norm(2).Item() }
	return norm(g[0]) / norm(g[1])
}

// gradientNorms returns the norms of the gradients of the convolutions' weights, from the first to the last.
func gradientNorms(m nn.Layer, x, y *tensor.Tensor) (norms []float64) {
	losses.CrossEntropy(m.Forward(x), y).Backward()
	for _, p := range nn.Params(m) {
		if p.Rank() == 4 {
			norms = append(norms, p.Grad().To(tensor.Float64).Norm(2).Item())
		}
	}
	return norms
}
