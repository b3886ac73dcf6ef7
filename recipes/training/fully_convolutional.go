package training

import (
	"context"
	"strings"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "E12", Tier: catalog.Unit, Title: "Fully-convolutional use on any input size", Source: "Sermanet et al. 2014; Long, Shelhamer and Darrell 2015",
		Target: "dense layers turned into convolutions give the same logits, to 1e-14 in float64 (sums in another order round otherwise); on a larger picture a map of scores, equal to those of sliding crops to 1e-5",
		Note:   "dense layers do fix the size of the picture: a network with them refuses another one; it is their conversion that lifts the requirement",
		Test:   fullyConvolutional,
	})
}

// unpadded is a LeNet without padding, whose places in a larger picture see no borders.
func unpadded(g *random.Generator) nn.Sequential {
	fc := func(in, out int) nn.Layer { return nn.NewLinear(g, in, out, nn.LinearConfig{}) }
	return nn.NewSequential(
		nn.NewConv2d(g, 1, 6, 5, nn.ConvConfig{}), nn.ReLU{}, nn.NewMaxPool2d(2),
		nn.NewConv2d(g, 6, 16, 5, nn.ConvConfig{}), nn.ReLU{}, nn.NewMaxPool2d(2),
		nn.NewFlatten(), fc(16*4*4, 120), nn.ReLU{}, fc(120, 84), nn.ReLU{}, fc(84, 10),
	)
}

func fullyConvolutional(ctx context.Context, c *catalog.Check) error {
	const side, high, wide, stride = 28, 48, 40, 4
	g := random.New(max(c.Seed, 1))
	net := unpadded(g)
	everywhere := nn.FullyConvolutional(net, 1, side, side)
	x, large := tensor.Randn(g, 8, 1, side, side), tensor.Randn(g, 2, 1, high, wide)
	off := func(a, b *tensor.Tensor) float64 { return a.Sub(b).Abs().Max().Item() }
	c.AtMost("difference of the logits of 8 pictures", off(everywhere.Forward(x).Flatten(1), net.Forward(x)), 1e-6)
	d, de := nn.To(net, tensor.Float64), nn.To(everywhere, tensor.Float64)
	c.AtMost("the same in float64", off(de.Forward(x.To(tensor.Float64)).Flatten(1), d.Forward(x.To(tensor.Float64))), 1e-14)

	scores := everywhere.Forward(large)
	rows, columns, worst := (high-side)/stride+1, (wide-side)/stride+1, 0.0
	c.True("a picture of 48 x 40 has a map of 6 x 4 places", scores.Shape() == tensor.ShapeOf(2, 10, rows, columns))
	for i := range rows {
		for j := range columns {
			crop := large.Narrow(2, stride*i, side).Narrow(3, stride*j, side).Contiguous()
			worst = max(worst, off(scores.Select(3, j).Select(2, i), net.Forward(crop)))
		}
	}
	c.AtMost("difference of the map and sliding crops", worst, 1e-5)
	all := float64(rows*columns) * float64(nn.Summary(net, tensor.ShapeOf(1, 1, side, side)).FLOPs)
	c.AtMost("cost of the map over that of the crops", float64(nn.Summary(everywhere, tensor.ShapeOf(1, 1, high, wide)).FLOPs)/all, 0.5)

	c.Control(func() {
		err := tensor.Catch(func() { net.Forward(large) })
		c.True("with dense layers the larger picture is an error that names both sizes", err != nil && strings.Contains(err.Error(), "1008") && strings.Contains(err.Error(), "256"))
		wrong := nn.FullyConvolutional(net, 1, side, side)
		first := wrong[6].(*nn.Conv2d) // (H, W, C) read in the place of (C, H, W)
		first.Weight.CopyFrom(net[7].(*nn.Linear).Weight.Detach().Reshape(120, 4, 4, 16).Permute(0, 3, 1, 2))
		c.AtLeast("difference with the planes' order mixed up", off(wrong.Forward(x).Flatten(1), net.Forward(x)), 0.01)
	})
	return c.Picture("map", func(path string) error { return scoreMap(ctx, path) })
}

// scoreMap trains a small network on the embedded digits, looks for one of them in a larger picture, and draws where it is.
func scoreMap(ctx context.Context, path string) error {
	const side, wanted = 8, 3
	set := digits.Train()
	g := random.New(1)
	net := nn.NewSequential(
		nn.NewConv2d(g, 1, 32, 3, nn.ConvConfig{}), nn.ReLU{}, nn.NewConv2d(g, 32, 64, 3, nn.ConvConfig{}), nn.ReLU{}, nn.NewFlatten(),
		nn.NewLinear(g, 64*4*4, 64, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 64, 11, nn.LinearConfig{}),
	)
	// Class 10 is a window that shows a part of a digit: two for each digit, off by 4 to 6 pixels one way and 0 to 6 the other.
	pixels := tensor.Of(set.Pix, set.N, 1, side, side).To(tensor.Float32).DivScalar(float64(set.Max))
	margin := pixels.Pad(tensor.PadConstant, 0, 6, 6, 6, 6)
	labels := make([]int64, 3*set.N)
	pictures := []*tensor.Tensor{pixels}
	for i := range 2 * set.N {
		labels[i%set.N], labels[set.N+i] = int64(set.Labels[i%set.N]), 10
		near, far := g.Intn(13), 10+g.Intn(3)
		if g.Intn(2) == 0 {
			far = 12 - far
		}
		if g.Intn(2) == 0 {
			near, far = far, near
		}
		pictures = append(pictures, margin.Narrow(0, i%set.N, 1).Narrow(2, near, side).Narrow(3, far, side))
	}
	l := learner{epochs: 25, batch: 32, lr: 0.03, momentum: 0.9, decay: 1e-3, seed: 1, transforms: []dataset.Transform{dataset.RandomShift(1)}}
	if err := l.fit(ctx, net, tensor.Concat(0, pictures...), tensor.Of(labels)); err != nil {
		return err
	}
	test := digits.Test()
	var lines []*tensor.Tensor
	for line := range 4 {
		var row []*tensor.Tensor
		for i := range 6 {
			digit := tensor.Of(test.Image(6*line+i+20), side, side).To(tensor.Float32).DivScalar(float64(test.Max))
			row = append(row, digit.Pad(tensor.PadConstant, 0, 2, 2, 2, 2))
		}
		lines = append(lines, tensor.Concat(1, row...))
	}
	scene := tensor.Concat(0, lines...)
	p := nn.Eval(nn.FullyConvolutional(net, 1, side, side)).Forward(scene.Unsqueeze(0).Unsqueeze(0)).Softmax(1).Select(1, wanted).Select(0, 0)
	h, w := scene.Dim(0), scene.Dim(1)
	// Each place is drawn at the middle of its window.
	around := p.Unsqueeze(0).Pad(tensor.PadConstant, 0, side/2, side/2-1, side/2, side/2-1)
	return plot.ImageGrid(path, []plot.Tile{
		{Image: plot.GrayRange(h, w, scene.Floats(), 0, 1), Caption: "24 handwritten digits of 8 x 8 pixels"},
		{Image: plot.GrayRange(h, w, around.Floats(), 0, 1), Caption: "P(3) of the window around each pixel, in one pass"},
	}, plot.ImageGridConfig{Title: "A classifier of 8 x 8 pixels, made convolutional", Columns: 2, Scale: 8})
}
