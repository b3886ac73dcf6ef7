package cnn

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "G05", Tier: catalog.Unit, Title: "Inception-v2 and v3: factorised convolutions, no bottlenecks, depth and width in balance",
		Source: "Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016; Ioffe and Szegedy 2015",
		Target: "Inception-v3 has 23,834,568 parameters without its auxiliary head; two 3 x 3 convolutions see what a 5 x 5 sees, a 1 x 7 and a 7 x 1 what a 7 x 7 sees; " +
			"the blocks that halve the size make (288, 35, 35) to (768, 17, 17) and that to (1280, 8, 8)",
		Note: "names, shapes and scores are compared with torchvision's in package models; in notes on this paper 特征通达多 is a misprint of 特征通道多, \"many feature " +
			"channels\": the last blocks make 2048",
		Test: inceptionV3,
	})
}

func inceptionV3(_ context.Context, c *catalog.Check) error {
	v3 := models.NewInceptionV3(random.Shapes(), models.Config{})
	withAux := nn.NumParams(v3)
	v3.Aux = nil
	c.Equal("parameters of Inception-v3 without its auxiliary head", float64(nn.NumParams(v3)), 23_834_568)
	c.Equal("parameters of Inception-v3 with it", float64(withAux), 27_161_264)
	c.Equal("parameters of Inception-v2, the BN-Inception", float64(nn.NumParams(models.NewInceptionV2(random.Shapes(), models.Config{}))), 11_295_240)

	// What the middle of the output depends on: where the gradient of the input is not zero.
	g := random.New(max(c.Seed, 1))
	conv := func(h, w int) *nn.Conv2d {
		l := nn.NewConv2d(g, 1, 1, 1, nn.ConvConfig{NoBias: true})
		l.Weight = tensor.NewParam(tensor.Randn(g, 1, 1, h, w))
		l.Options.Padding = [2]int{h / 2, w / 2}
		return l
	}
	block := models.NewInceptionV3(g, models.Config{Width: 1.0 / 64}).Mixed6b
	chains := []struct {
		what          string
		height, width int
		layers        []nn.Layer
	}{
		{"a 5 x 5 convolution", 5, 5, []nn.Layer{conv(5, 5)}},
		{"two 3 x 3", 5, 5, []nn.Layer{conv(3, 3), conv(3, 3)}},
		{"a 7 x 7 convolution", 7, 7, []nn.Layer{conv(7, 7)}},
		{"a 1 x 7 and a 7 x 1", 7, 7, []nn.Layer{conv(1, 7), conv(7, 1)}},
		{"those of Mixed_6b", 7, 7, []nn.Layer{block.Seven2.Conv, block.Seven3.Conv}},
		{"its four of the double 7 x 7", 13, 13, []nn.Layer{block.Double2.Conv, block.Double3.Conv, block.Double4.Conv, block.Double5.Conv}},
		{"one 3 x 3 alone", 3, 3, []nn.Layer{conv(3, 3)}},
		{"a 1 x 7 alone", 1, 7, []nn.Layer{conv(1, 7)}},
	}
	const side = 15
	var tiles []plot.Tile
	for i, s := range chains {
		grad, h, w := seen(side, s.layers...)
		tiles = append(tiles, plot.Tile{Image: plot.GrayRange(side, side, grad, 0, 1), Caption: fmt.Sprintf("%s:\n%d x %d", s.what, h, w)})
		claim := func() {
			c.True(fmt.Sprintf("%s: %d x %d pixels are seen", s.what, s.height, s.width), h == s.height && w == s.width)
		}
		if i < 6 {
			claim()
		} else {
			c.Control(claim)
		}
	}
	share := func(i, of int) float64 {
		return float64(nn.NumParams(chains[i].layers)) / float64(nn.NumParams(chains[of].layers))
	}
	c.Near("weights of two 3 x 3 over those of a 5 x 5", share(1, 0), 18.0/25, 1e-12)
	c.Near("weights of a 1 x 7 and a 7 x 1 over those of a 7 x 7", share(3, 2), 2.0/7, 1e-12)

	// Blocks that halve the size.
	become := func(l nn.Layer, in tensor.Shape) tensor.Shape { return nn.Summary(l, in).Output }
	in, mid := tensor.ShapeOf(1, 288, 35, 35), tensor.ShapeOf(1, 768, 17, 17)
	c.True("Mixed_6a makes (768, 17, 17) of (288, 35, 35)", become(v3.Mixed6a, in) == mid)
	c.True("Mixed_7a makes (1280, 8, 8) of (768, 17, 17)", become(v3.Mixed7a, mid) == tensor.ShapeOf(1, 1280, 8, 8))
	c.True("Mixed_7b and 7c make (2048, 8, 8): many feature channels", become(nn.NewSequential(v3.Mixed7b, v3.Mixed7c), tensor.ShapeOf(1, 1280, 8, 8)) == tensor.ShapeOf(1, 2048, 8, 8))
	wide := nn.NewSequential(nn.NewConv2d(g, 288, 768, 3, nn.ConvConfig{NoBias: true}), nn.NewMaxPool2d(2))
	cost := func(l nn.Layer) float64 { return float64(nn.Summary(l, in).FLOPs) }
	c.AtMost("cost of Mixed_6a over that of a 3 x 3 convolution to 768 channels and a pooling", cost(v3.Mixed6a)/cost(wide), 0.35)
	c.Control(func() {
		left := become(nn.NewMaxPool2d(2), in)
		c.AtMost("a pooling before the convolution is a bottleneck: values it leaves over those that must come out", float64(left.Numel())/float64(mid.Numel()), 0.5)
	})
	return c.Picture("seen", func(path string) error {
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: "What the middle output depends on", Columns: 4})
	})
}

// seen returns the root of the gradient of the middle output of the layers in an input of side x side, from 0 to 1, and how many rows
// and columns it spans.
func seen(side int, layers ...nn.Layer) (grad []float64, height, width int) {
	net := nn.To(nn.NewSequential(layers...), tensor.Float64)
	x := tensor.With(tensor.Float64).Ones(1, nn.Params(net)[0].Dim(1), side, side).RequireGrad()
	y := net.Forward(x)
	y.Narrow(2, side/2, 1).Narrow(3, side/2, 1).Sum().Backward()
	m := x.Grad().Abs().Sum(0, 1)
	spans := func(axis int) int { return int(m.Sum(axis).GtScalar(0).Sum().Item()) }
	return m.Div(m.Max()).Sqrt().Floats(), spans(1), spans(0)
}
