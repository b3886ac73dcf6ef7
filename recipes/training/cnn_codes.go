package training

import (
	"context"
	"image/color"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/recipes/vision"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "E11", Tier: catalog.Small, Title: "CNN codes and a linear classifier", Source: "Razavian, Azizpour, Sullivan and Carlsson 2014",
		Target: "AlexNet's codes, fc7, are (N, 4096); with 10 labels a class a linear SVM on a network's codes is ≥ 0.05 more accurate than one on pixels, as the median of 3 seeds",
		Note: "no weights of ImageNet are at hand: AlexNet shows the shape, and the codes that are classified are a LeNet's, trained here on classes 0 to 4, for pictures of classes 5 to 9, which it never saw; on MNIST or, with a target of " +
			"its own, Fashion-MNIST",
		Test: cnnCodes,
	})
}

func cnnCodes(ctx context.Context, c *catalog.Check) error {
	alex := nn.Eval(models.NewAlexNet(random.New(1), models.Config{}))
	fc7 := alex.Codes(tensor.Rand(random.New(2), 2, 3, 96, 96))
	c.Equal("length of AlexNet's codes", float64(fc7.Dim(1)), 4096)
	c.True("AlexNet's fc7 of 2 pictures is (2, 4096)", fc7.Shape() == tensor.ShapeOf(2, 4096))
	c.Equal("AlexNet's parameters", float64(nn.NumParams(alex)), 61_100_840)
	at := func(module string) (s tensor.Shape) {
		for _, l := range nn.Summary(alex, tensor.ShapeOf(1, 3, 224, 224)).Layers {
			if l.Module == module {
				s = l.Output
			}
		}
		return s
	}
	c.True("of 224 x 224 pixels its convolutions make (1, 256, 13, 13), and fc7 (1, 4096)",
		at("features.10") == tensor.ShapeOf(1, 256, 13, 13) && strings.HasPrefix(at("classifier.4").String(), "(1, 4096"))

	set, err := largePictures(ctx, c, 10000, pictureset.Least{MNIST: 0.05, Fashion: 0})
	if err != nil {
		return err
	}
	old, oldLabels := withClasses(set, set.X, set.Y, 0, 5, set.X.Dim(0), nil)
	xTest, yTest := withClasses(set, set.XTest, set.YTest, 5, 10, 500, nil)
	pixels := func(x *tensor.Tensor) *tensor.Tensor { return x.Flatten(1) }
	var net *vision.LeNet
	var onCodes, onPixels, onRandom, softmax []float64
	gain, err := c.Median(3, func(seed uint64) (float64, error) {
		g := random.New(seed)
		net = vision.NewLeNet(g, 1, set.Side, set.Side, 5)
		untrained := convFeatures(nn.Snapshot(net), set.Side)
		if err := (learner{epochs: 2, batch: 32, lr: 0.03, momentum: 0.9, decay: 1e-3, seed: seed}).fit(ctx, net, old, oldLabels); err != nil {
			return 0, err
		}
		net = nn.Eval(net)
		codes := convFeatures(net, set.Side)
		x, y := withClasses(set, set.X, set.Y, 5, 10, 10, g.Perm(set.X.Dim(0)))
		for _, on := range []struct {
			f       func(*tensor.Tensor) *tensor.Tensor
			reached *[]float64
		}{{codes, &onCodes}, {pixels, &onPixels}, {untrained, &onRandom}} {
			a, err := svmOn(on.f, x, y, xTest, yTest)
			if err != nil {
				return 0, err
			}
			*on.reached = append(*on.reached, a)
		}
		m := linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: 10, Tol: 1e-3, MaxIter: 1000})
		if err := m.Fit(unitRows(codes(x)), y); err != nil {
			return 0, err
		}
		softmax = append(softmax, m.Score(unitRows(outputs(codes, xTest)), yTest))
		i := len(onCodes) - 1
		return onCodes[i] - onPixels[i], nil
	})
	if err != nil {
		return err
	}
	c.AtLeast("test accuracy with 10 labels a class of an SVM on codes over that on pixels of "+set.Name, gain, set.Least)
	c.AtLeast("of softmax regression on codes over an SVM on pixels", catalog.Median(softmax)-catalog.Median(onPixels), set.Least*0.8)
	c.Control(func() {
		c.AtMost("of an SVM on codes of a network that was not trained, over one that was", catalog.Median(onRandom)-catalog.Median(onCodes), -0.01)
	})

	return c.Picture("neighbours", func(path string) error {
		v := unitRows(outputs(convFeatures(net, set.Side), xTest))
		classes := tensor.Data[int64](yTest)
		var tiles []plot.Tile
		for k := range int64(5) {
			query := slices.Index(classes, k)
			near := tensor.Data[int64](v.MatMul(v.Select(0, query)).ArgSort(0, true))
			for rank, i := range near[:9] {
				tile := plot.Tile{Image: plot.GrayRange(set.Side, set.Side, xTest.Select(0, int(i)).Floats(), 0, 1), Border: color.RGBA{0, 158, 115, 255}}
				switch {
				case rank == 0:
					tile.Border, tile.Caption = nil, "query"
				case classes[i] != k:
					tile.Border = color.RGBA{213, 94, 0, 255}
				}
				tiles = append(tiles, tile)
			}
		}
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: set.Name + ": nearest pictures by codes of a network that never saw these classes (red: of another class)", Columns: 9})
	})
}

// unitRows returns the rows of x scaled to length 1.
func unitRows(x *tensor.Tensor) *tensor.Tensor { return x.Div(x.NormKeepdim(2, 1).AddScalar(1e-12)) }
