package cnn

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "G01", Tier: catalog.Small, Title: "LeNet-5", Source: "LeCun, Bottou, Bengio and Haffner 1998",
		Target: "61,706 parameters; test accuracy ≥ 0.985 after 10,000 pictures of MNIST, as the median of 3 seeds",
		Note:   "with changed pictures, as the paper's best network; " + pictureset.Note,
		Test:   leNet,
	})
}

// changes are small turns, shifts and changes of size.
var changes = []dataset.Transform{dataset.RandomAffine(dataset.AffineConfig{Degrees: 10, Translate: 0.08, MinScale: 0.9, MaxScale: 1.1})}

func leNet(ctx context.Context, c *catalog.Check) error {
	set, err := load(ctx, c, 10000, 28, pictureset.Least{MNIST: 0.985, Fashion: 0.84, Digits: 0.96})
	if err != nil {
		return err
	}
	epochs := 8
	if set.X.Dim(0) < 5000 {
		epochs = 20
	}
	train := func(seed uint64, original bool, x, y *tensor.Tensor, transforms []dataset.Transform) (*models.LeNet, error) {
		m := models.NewLeNet(random.New(seed), models.LeNetConfig{Config: models.Config{Stem: models.SmallStem}, Original: original})
		_, err := trainer{epochs: epochs, batch: 32, lr: 0.03, momentum: 0.9, decay: 5e-4, seed: seed, transforms: transforms}.fit(ctx, m, x, y)
		return m, err
	}
	var m *models.LeNet
	reached, err := c.Median(3, func(seed uint64) (a float64, err error) {
		m, err = train(seed, false, set.X, set.Y, changes)
		return accuracy(m, set.XTest, set.YTest), err
	})
	if err != nil {
		return err
	}
	c.AtLeast("test accuracy on "+set.Name, reached, set.Least)
	c.Equal("parameters", float64(nn.NumParams(m)), 61_706)
	first := max(c.Seed, 1)
	original, err := train(first, true, set.X, set.Y, changes)
	if err != nil {
		return err
	}
	c.AtLeast("with tanh and average pooling", accuracy(original, set.XTest, set.YTest), set.Least-0.02)

	order := tensor.Of(random.Permutation(28*28, random.KeyAt(2)))
	mixed := func(x *tensor.Tensor) *tensor.Tensor {
		return x.Flatten(1).IndexSelect(1, order).Reshape(x.Shape().Dims()...)
	}
	scattered, err := train(first, false, mixed(set.X), set.Y, nil)
	if err != nil {
		return err
	}
	fooled, err := train(first, false, set.X, pictureset.ShuffledLabels(set.Y), nil)
	if err != nil {
		return err
	}
	c.Control(func() {
		c.AtMost("test accuracy with every picture's pixels in one other order, less that above", accuracy(scattered, mixed(set.XTest), set.YTest)-reached, -0.01)
		c.AtMost("test accuracy with labels shuffled", accuracy(fooled, set.XTest, set.YTest), 0.3)
	})

	return c.Picture("mistakes", func(path string) error {
		said, labels := nn.Eval(m).Forward(set.XTest).ArgMax(1), tensor.Data[int64](set.YTest)
		var tiles []plot.Tile
		for i, k := range tensor.Data[int64](said) {
			if k != labels[i] && len(tiles) < 60 {
				pixels := set.Set.XTest.Select(0, i).Floats()
				tiles = append(tiles, plot.Tile{Image: plot.GrayRange(set.Side, set.Side, pixels, 0, 1), Caption: fmt.Sprintf("%s: %s", set.Classes[labels[i]], set.Classes[k])})
			}
		}
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: "LeNet-5: mistakes, the class and what was said", Columns: 12})
	})
}
