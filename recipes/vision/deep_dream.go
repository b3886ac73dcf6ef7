package vision

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H11", Tier: catalog.Small, Title: "DeepDream", Source: "Mordvintsev, Olah and Tyka 2015",
		Target: "the objective, ½ mean A² of a layer, rises in ≥ 0.90 of the steps of 3 octaves; the dream that a digit network makes of four digits has ≥ 10 times the energy of its third convolution, stays in [0, 1], and is the same to the bit " +
			"another time; medians of 3 seeds",
		Note: "from digits in full contrast: of faint ones any picture with more contrast has ten times the energy. The layer matters: of the second of two convolutions the energy grew by 3 to 4, and a white picture had more. Of Fashion-MNIST and of the digits of 8 x 8 pixels, which fill their " +
			"pictures, 3 times the energy is asked for; the latter are too small for jitter. " + pictureset.Note,
		Test: deepDream,
	})
}

func deepDream(ctx context.Context, c *catalog.Check) error {
	set, err := loadGrey(ctx, c, 3000, pictureset.Least{MNIST: 10, Fashion: 3, Digits: 3})
	if err != nil {
		return err
	}
	side := 2 * set.Side
	start := set.xTest.Narrow(0, 0, 4).Reshape(2, 2, set.Side, set.Side).Permute(0, 2, 1, 3).Reshape(1, 1, side, side)
	all := map[string][]float64{}
	note := func(what string, v float64) { all[what] = append(all[what], v) }
	var pictures []*tensor.Tensor
	var chart plot.Chart
	energy, err := c.Median(3, func(seed uint64) (float64, error) {
		net := newConvNet(random.New(seed), 1, 16, 10, globalMax)
		if err := fitConvNet(ctx, net, set.x, set.Y, 3, seed); err != nil {
			return 0, err
		}
		net = nn.Eval(net)
		note("accuracy", set.under(net, 0, nil))
		layer := func(net nn.Sequential) nn.Layer { return net[:len(net)-3] } // up to the ReLU of the third convolution
		features := layer(net)
		over := func(x *tensor.Tensor) float64 {
			return explain.DreamObjective(features, x).Item() / explain.DreamObjective(features, start).Item()
		}
		cfg := explain.DreamConfig{Octaves: 3, Steps: 40, LR: 0.02, Jitter: set.Side / 14, Seed: seed}
		watched := cfg
		chart.Series = nil
		steps, rises, last := 0.0, 0.0, 0.0
		watched.Observe = func(octave, step int, objective float64) {
			if step == 0 {
				chart.Series = append(chart.Series, plot.Series{Name: fmt.Sprintf("octave %d", octave+1)})
			} else {
				steps++
				if objective > last {
					rises++
				}
			}
			last = objective
			line := &chart.Series[octave]
			line.X, line.Y = append(line.X, steps), append(line.Y, objective)
		}
		dream := explain.DeepDream(features, start, watched)
		note("rises", rises/steps)
		note("octaves", float64(len(chart.Series)))
		note("lowest", dream.Min().Item())
		note("highest", dream.Max().Item())
		note("again", explain.DeepDream(features, start, cfg).Sub(dream).Abs().Max().Item())

		change := dream.Sub(start)
		noise := tensor.Randn(random.New(seed), 1, 1, side, side)
		away := start.Add(noise.MulScalar(change.Norm(2).Item()/noise.Norm(2).Item())).Clamp(0, 1)
		anew := explain.DeepDream(layer(nn.Eval(newConvNet(random.New(100+seed), 1, 16, 10, globalMax))), start, cfg)
		note("random", over(away)/over(dream))
		note("anew", over(anew)/over(dream))
		note("white", over(tensor.Ones(1, 1, side, side))/over(dream))
		cfg.Octaves, cfg.Steps = 1, 3*cfg.Steps
		one := explain.DeepDream(features, start, cfg)
		note("coarse", coarse(one.Sub(start))/coarse(change))
		pictures = []*tensor.Tensor{start, dream, one, anew}
		return over(dream), nil
	})
	if err != nil {
		return err
	}
	of := func(what string) float64 { return catalog.Median(all[what]) }
	c.AtLeast("energy of the dream's features over that of the picture's, on "+set.Name, energy, set.Least)
	c.AtLeast("share of steps in which the objective rises", of("rises"), 0.90)
	c.Equal("octaves", of("octaves"), 3)
	c.AtLeast("least value of a pixel", slices.Min(all["lowest"]), 0)
	c.AtMost("largest value of a pixel", slices.Max(all["highest"]), 1)
	c.Equal("largest difference to a second dream", slices.Max(all["again"]), 0)
	c.AtLeast("test accuracy of the network", of("accuracy"), set.Of(pictureset.Least{MNIST: 0.95, Fashion: 0.80, Digits: 0.90}))
	c.Control(func() {
		c.AtMost("energy as far from the picture in a random direction, over the dream's", of("random"), 0.5)
		c.AtMost("energy of a white picture, over the dream's", of("white"), 0.5)
		c.AtMost("energy of the dream of weights drawn anew, over the dream's", of("anew"), 0.75)
		c.AtMost("coarse part of what one octave of as many steps changes, over that of three", of("coarse"), 0.95)
	})
	if err := c.Picture("dream", func(path string) error {
		var tiles []plot.Tile
		for i, caption := range []string{"four pictures of " + set.Name, "their dream", "in one octave", "with weights drawn anew"} {
			tiles = append(tiles, plot.Tile{Image: explain.Picture(pictures[i].Select(0, 0), nil, nil), Caption: caption})
		}
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: "DeepDream of a network's third convolution", Columns: len(tiles), Scale: max(1, 336/side)})
	}); err != nil {
		return err
	}
	return c.Picture("objective", func(path string) error {
		chart.Title, chart.XLabel, chart.YLabel = "DeepDream: the objective, octave by octave", "step", "½ mean A² of the third convolution"
		return plot.Lines(path, chart)
	})
}

// coarse returns the part of the energy of x (1, 1, H, W) that means over 4 x 4 pixels keep.
func coarse(x *tensor.Tensor) float64 {
	means := tensor.Interpolate(x, []int{x.Dim(2) / 4, x.Dim(3) / 4}, tensor.InterpolateConfig{Mode: tensor.InterpolateArea})
	if total := x.Square().Mean().Item(); total > 0 {
		return means.Square().Mean().Item() / total
	}
	return math.NaN()
}
