package convolution

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "F12", Tier: catalog.Unit, Title: "Global average pooling", Source: "Lin, Chen and Yan 2013; Zhou et al. 2016",
		Target: "the classes' weights of 7 x 7 maps of 512 channels are 1/49, 24,576,000 fewer for 1,000 classes; a class's weighted maps add up to its score (class activation maps: H03)",
		Test:   globalPooling,
	})
}

func globalPooling(_ context.Context, c *catalog.Check) error {
	const channels, side, classes = 512, 7, 1000
	g := random.New(max(c.Seed, 1))
	head := func(pool nn.Layer, in int) (s nn.ModelSummary) {
		return nn.Summary(nn.NewSequential(pool, nn.NewFlatten(), nn.NewLinear(random.Shapes(), in, classes, nn.LinearConfig{})), tensor.ShapeOf(1, channels, side, side))
	}
	global := head(&nn.AdaptiveAvgPool2d{H: 1, W: 1}, channels)
	flat := head(nn.Identity{}, channels*side*side)
	c.Equal("parameters saved", float64(flat.Params-global.Params), 48*channels*classes)
	c.Equal("parameters of the head", float64(global.Params), 513_000)
	vgg := nn.ConvCost{In: 512, Out: 4096, Windows: []tensor.Window{{Kernel: 7}, {Kernel: 7}}}
	c.Equal("parameters of VGG-16's first dense layer, which there is none of with global pooling", float64(vgg.Params()), 102_764_544)

	// The score of class k is the mean of its map Σ_c w[k, c]·maps[c], plus its bias.
	const few, kinds = 8, 5
	maps := randn(g, 3, few, 6, 4)
	fc := nn.To(nn.NewLinear(g, few, kinds, nn.LinearConfig{}), tensor.Float64)
	scores := fc.Forward(tensor.AdaptiveAvgPool2d(maps, 1, 1).Flatten(1))
	cam := tensor.Conv2d(maps, fc.Weight.Reshape(kinds, few, 1, 1), nil, tensor.ConvConfig{})
	c.AtMost("difference of the scores and the means of the classes' activation maps", worst(scores, cam.Mean(2, 3).Add(fc.Bias.Tensor)), 1e-14)

	// Any size of picture gives as many features, and where in the maps they lie does not matter.
	larger := fc.Forward(tensor.AdaptiveAvgPool2d(maps.Pad(tensor.PadCircular, 0, 0, 4, 0, 6), 1, 1).Flatten(1))
	c.AtMost("difference of the scores of a picture repeated four times", worst(larger, scores), 1e-14)
	c.AtMost("of the scores of maps moved in a circle", worst(fc.Forward(tensor.AdaptiveAvgPool2d(maps.Roll(2, 2), 1, 1).Flatten(1)), scores), 1e-14)
	c.Control(func() {
		dense := nn.To(nn.NewLinear(g, few*6*4, kinds, nn.LinearConfig{}), tensor.Float64)
		c.AtLeast("difference that a dense layer on the flattened maps sees there", worst(dense.Forward(maps.Roll(2, 2).Flatten(1)), dense.Forward(maps.Flatten(1))), 0.1)
	})
	return nil
}
