package cnn

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "G07", Tier: catalog.Medium, Title: "Inception-v4 and Inception-ResNet with scaled residuals", Source: "Szegedy, Ioffe, Vanhoucke and Alemi 2017",
		Target: "with residuals scaled by 0.1 and 0.3 Inception-ResNet-v1, of 20 residual blocks, learns at a rate of 0.25, and unscaled it hardly gets beyond guessing; Inception-v4 has 42,679,816 parameters, " +
			"Inception-ResNet-v2 55,843,464",
		Note: "the paper saw networks of more than 1000 filters die after tens of thousands of steps, \"the last layer before the average pooling started to produce only zeros\"; an eighth of the " +
			"width does so in 100 steps if the rate is high; " + pictureset.Note,
		Test: inceptionResNet,
	})
}

func inceptionResNet(ctx context.Context, c *catalog.Check) error {
	set, err := load(ctx, c, 1024, 14, pictureset.Least{MNIST: 0.3, Fashion: 0.3, Digits: 0.3})
	if err != nil {
		return err
	}
	shapes := random.Shapes()
	count := func(m nn.Layer) float64 { return float64(nn.NumParams(m)) }

	// gain trains a network whose residuals are scaled, and returns by how much the mean loss of its last epoch is below that of
	// guessing, log 10, and the losses of all epochs.
	gain := func(scale float64, seed uint64) (float64, []float64, error) {
		m := models.NewInceptionResNetV1(random.New(seed), models.InceptionResNetConfig{
			Config: models.Config{Channels: 1, Classes: 10, Width: 1.0 / 8, Stem: models.SmallStem, Dropout: new(0.0)}, Scale: &scale,
		})
		epochs, err := trainer{epochs: 4, batch: 32, lr: 0.25, momentum: 0.9, seed: seed}.fit(ctx, m, set.X, set.Y)
		if err != nil { // from tensors nothing else fails but that the loss is not finite
			return math.Inf(-1), nil, ctx.Err()
		}
		return math.Log(10) - epochs[len(epochs)-1], epochs, nil
	}
	by := map[float64]float64{}
	guessing := math.Log(10)
	curves := []plot.Series{{Name: "guessing", X: []float64{1, 4}, Y: []float64{guessing, guessing}, Dashed: true}}
	for _, scale := range []float64{0.1, 0.3, 1} {
		var runs [][]float64
		if by[scale], err = c.Median(3, func(seed uint64) (float64, error) {
			g, epochs, err := gain(scale, seed)
			if epochs != nil {
				runs = append(runs, epochs)
			}
			return g, err
		}); err != nil {
			return err
		}
		curves = append(curves, rangeOf(fmt.Sprintf("scaled by %g, median and range of seeds", scale), runs))
	}
	c.AtLeast("loss below guessing on "+set.Name+", residuals scaled by 0.1", by[0.1], set.Least)
	c.AtLeast("the same, scaled by 0.3", by[0.3], set.Least)
	c.Control(func() { c.AtMost("the same, not scaled", by[1], 0.15) })
	c.Equal("parameters of Inception-v4", count(models.NewInceptionV4(shapes, models.Config{})), 42_679_816)
	c.Equal("of Inception-ResNet-v2", count(models.NewInceptionResNetV2(shapes, models.InceptionResNetConfig{})), 55_843_464)
	c.Equal("of Inception-ResNet-v1", count(models.NewInceptionResNetV1(shapes, models.InceptionResNetConfig{})), 22_756_328)
	return c.Picture("scale", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "Inception-ResNet-v1 at a high rate, by the scale of its residuals", XLabel: "epoch", YLabel: "mean training loss", Series: curves})
	})
}

// rangeOf is the median of several runs' values by epoch, with the band between the least and the largest.
func rangeOf(name string, runs [][]float64) plot.Series {
	s := plot.Series{Name: name}
	for epoch := 0; len(runs) > 0 && epoch < len(runs[0]); epoch++ {
		var at []float64
		for _, r := range runs {
			at = append(at, r[epoch])
		}
		s.X, s.Y = append(s.X, float64(epoch+1)), append(s.Y, catalog.Median(at))
		s.Lo, s.Hi = append(s.Lo, slices.Min(at)), append(s.Hi, slices.Max(at))
	}
	return s
}
