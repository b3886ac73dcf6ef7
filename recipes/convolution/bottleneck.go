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
		ID: "F14", Tier: catalog.Unit, Title: "Bottleneck: 1 x 1, k x k, 1 x 1", Source: "He, Zhang, Ren and Sun 2016",
		Target: "256-64-64-256 has 69,632 weights, two 3 x 3 convolutions of 256 channels 1,179,648",
		Note:   "the saving costs field: 3 x 3 in place of 5 x 5; both are weights without biases, as batch normalisation follows",
		Test:   bottleneck,
	})
}

func bottleneck(_ context.Context, c *catalog.Check) error {
	g := random.New(max(c.Seed, 1))
	conv := func(in, out, k int) nn.Layer {
		return nn.NewConv2d(g, in, out, k, nn.ConvConfig{Padding: k / 2, NoBias: true})
	}
	narrow := nn.NewSequential(conv(256, 64, 1), conv(64, 64, 3), conv(64, 256, 1))
	plain := nn.NewSequential(conv(256, 256, 3), conv(256, 256, 3))
	c.Equal("weights of the bottleneck", float64(nn.NumParams(narrow)), 69_632)
	c.Equal("weights of two 3 x 3 convolutions", float64(nn.NumParams(plain)), 1_179_648)
	var counted int64
	for _, l := range []struct{ in, out, k int }{{256, 64, 1}, {64, 64, 3}, {64, 256, 1}} {
		counted += nn.ConvCost{In: l.in, Out: l.out, NoBias: true, Windows: []tensor.Window{{Kernel: l.k}, {Kernel: l.k}}}.Params()
	}
	c.Equal("those of the bottleneck by 256·64 + 9·64·64 + 64·256", float64(counted), 69_632)
	a, b := nn.Summary(narrow, tensor.ShapeOf(1, 256, 14, 14)), nn.Summary(plain, tensor.ShapeOf(1, 256, 14, 14))
	c.Near("multiply-adds of the two over the bottleneck's, as the weights", float64(b.FLOPs)/float64(a.FLOPs), 1_179_648.0/69_632, 1e-12)
	c.True("the results have the same size", a.Output == b.Output)
	c.Control(func() {
		c.Equal("receptive field of the bottleneck", float64(a.Fields[len(a.Fields)-1][0].Size), 3)
		c.Equal("of the two", float64(b.Fields[len(b.Fields)-1][0].Size), 5)
	})
	return nil
}
