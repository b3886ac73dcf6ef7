package cnn

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "G03", Tier: catalog.Medium, Title: "VGG: stacks of 3 x 3 convolutions, 2 x 2 poolings, no local response normalisation", Source: "Simonyan and Zisserman 2015",
		Target: "VGG-13 at an eighth of its width reaches a test accuracy of 0.985 on 10,000 pictures of MNIST, as the median of 3 seeds; two 3 x 3 convolutions see 5 x 5 pixels with 18/25 of the weights of one 5 x 5; " +
			"138,357,544 parameters of VGG-16 at full size",
		Note: "the paper trained its deeper networks from shallower ones; with He's weights in all layers but the last this plain one trains from the start, after 200 steps in which the learning rate climbs. No dropout: a half of its 64 units is " +
			"too few. On MNIST one 5 x 5 for each two 3 x 3 is as accurate, 0.988, where the paper lost 7% of ImageNet's; on Fashion-MNIST the three seeds gave 0.847 and 5 x 5 0.853; " + pictureset.Note,
		Test: vggNet,
	})
}

func vggNet(ctx context.Context, c *catalog.Check) error {
	set, err := load(ctx, c, 10000, scaledSide, pictureset.Least{MNIST: 0.985, Fashion: 0.84, Digits: 0.95})
	if err != nil {
		return err
	}
	test := centre(set.XTest)
	epochs := max(8, 24000/set.X.Dim(0))
	train := func(seed uint64, y *tensor.Tensor, epochs int, form func(*models.VGG)) (*models.VGG, error) {
		m := models.NewVGG(random.New(seed), 13, models.VGGConfig{Config: models.Config{Channels: 1, Classes: 10, Width: 0.125, Stem: models.SmallStem, Dropout: new(0.0)}})
		form(m)
		_, err := trainer{epochs: epochs, batch: 32, lr: 0.02, momentum: 0.9, decay: 5e-4, warmup: 200, seed: seed, transforms: randomCrops}.fit(ctx, heWeights(random.New(seed), m), set.X, y)
		return m, err
	}
	median := func(seeds int, form func(*models.VGG)) (float64, error) {
		return c.Median(seeds, func(seed uint64) (float64, error) {
			m, err := train(seed, set.Y, epochs, form)
			if err != nil {
				return 0, err
			}
			return accuracy(m, test, set.YTest), nil
		})
	}
	reached, err := median(3, func(*models.VGG) {})
	if err != nil {
		return err
	}
	c.AtLeast("test accuracy of a narrow VGG-13 on "+set.Name, reached, set.Least)
	fives, err := median(1, singleFives)
	if err != nil {
		return err
	}
	fooled, err := train(max(c.Seed, 1), pictureset.ShuffledLabels(set.Y), 3, func(*models.VGG) {})
	if err != nil {
		return err
	}
	c.AtLeast("that less the accuracy with one 5 x 5 for each two 3 x 3, of one seed", reached-fives, set.Of(pictureset.Least{MNIST: -0.003, Fashion: -0.01, Digits: -0.01}))
	c.Control(func() {
		c.AtMost("test accuracy with labels shuffled", accuracy(fooled, test, set.YTest), 0.3)
	})
	smallKernels(c)
	for _, v := range []struct {
		depth  int
		params float64
	}{{11, 132_863_336}, {13, 133_047_848}, {16, 138_357_544}, {19, 143_667_240}} {
		c.Equal(fmt.Sprintf("parameters of VGG-%d at full size", v.depth), float64(nn.NumParams(models.NewVGG(random.Shapes(), v.depth, models.VGGConfig{}))), v.params)
	}
	return c.Picture("fields", drawFields)
}

// singleFives puts one 5 x 5 convolution into the place of each two 3 x 3 of a VGG-13, as section 4.3 of the paper does for comparison.
func singleFives(m *models.VGG) {
	var features nn.Sequential
	for i := 0; i < len(m.Features); i += 5 { // two convolutions with their ReLUs, and a pooling
		first := m.Features[i].(*nn.Conv2d)
		l := nn.NewConv2d(random.New(0), first.Weight.Dim(1), first.Weight.Dim(0), 5, nn.ConvConfig{Padding: 2})
		features = append(features, l, nn.ReLU{}, m.Features[i+4])
	}
	m.Features = features
}

// stack returns n convolutions of one kernel with so many channels in and out.
func stack(n, kernel, channels int) (layers nn.Sequential) {
	for range n {
		layers = append(layers, nn.NewConv2d(random.New(1), channels, channels, kernel, nn.ConvConfig{Padding: kernel / 2, NoBias: true}))
	}
	return layers
}

// fieldSide is the side of the pictures on which stacks are looked at.
const fieldSide = 11

// paths returns in how many ways each pixel reaches the middle unit behind n convolutions of one channel: the gradient with weights of 1,
// (fieldSide, fieldSide).
func paths(n, kernel int) *tensor.Tensor {
	net := stack(n, kernel, 1)
	for _, p := range nn.Params(net) {
		p.CopyFrom(tensor.OnesLike(p.Detach()))
	}
	x := tensor.Zeros(1, 1, fieldSide, fieldSide).To(tensor.Float64).RequireGrad()
	nn.To(net, tensor.Float64).Forward(x).Select(3, fieldSide/2).Select(2, fieldSide/2).Sum().Backward() // in float64 no fast convolution rounds
	return x.Grad().Reshape(fieldSide, fieldSide)
}

// smallKernels claims what stacks of 3 x 3 convolutions see, and what they save.
func smallKernels(c *catalog.Check) {
	for _, s := range []struct {
		n, kernel int
		share     float64
	}{{2, 5, 18.0 / 25}, {3, 7, 27.0 / 49}} {
		threes := make([]tensor.Window, s.n)
		for i := range threes {
			threes[i] = tensor.Window{Kernel: 3, Padding: 1}
		}
		c.Equal(fmt.Sprintf("side of what %d convolutions of 3 x 3 see", s.n), float64(nn.ReceptiveFields(threes...)[s.n-1].Size), float64(s.kernel))
		c.Equal("pixels that the gradient of a unit reaches through them", paths(s.n, 3).NeScalar(0).To(tensor.Float64).Sum().Item(), float64(s.kernel*s.kernel))
		c.Near(fmt.Sprintf("their weights over those of one %d x %d", s.kernel, s.kernel),
			float64(nn.NumParams(stack(s.n, 3, 64)))/float64(nn.NumParams(stack(1, s.kernel, 64))), s.share, 1e-15)
	}
}

func drawFields(path string) error {
	var tiles []plot.Tile
	for _, s := range []struct{ n, kernel int }{{1, 3}, {2, 3}, {3, 3}, {1, 5}, {1, 7}} {
		p := paths(s.n, s.kernel)
		tiles = append(tiles, plot.Tile{Image: plot.GrayRange(fieldSide, fieldSide, p.Floats(), 0, p.Max().Item()), Caption: fmt.Sprintf("%d of %d x %d: %d C² weights", s.n, s.kernel, s.kernel, s.n*s.kernel*s.kernel)})
	}
	return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: "What a unit sees behind convolutions of C channels: ways from each pixel", Columns: 5})
}
