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
		ID: "F10", Tier: catalog.Unit, Title: "Dilated (atrous) convolution", Source: "Yu and Koltun 2016",
		Target: "effective kernel k + (k-1)(d-1); equals the convolution with zeros between the weights; dilations 1, 2, 4, 8 of 3 x 3 see 31 x 31, where plain ones see 9 x 9",
		Test:   dilated,
	})
}

func dilated(_ context.Context, c *catalog.Check) error {
	g := random.New(max(c.Seed, 1))
	off, spans := 0.0, 0
	for _, k := range []int{1, 2, 3, 5} {
		for _, d := range []int{1, 2, 3, 4} {
			x, w := randn(g, 2, 2, 24, 22), randn(g, 3, 2, k, k)
			spread := insertZeros(insertZeros(w, 2, d), 3, d)
			off = max(off, worst(tensor.Conv2d(x, w, nil, tensor.ConvConfig{Dilation: [2]int{d, d}}), tensor.Conv2d(x, spread, nil, tensor.ConvConfig{})))
			if span := (tensor.Window{Kernel: k, Dilation: d}).Span(); span != k+(k-1)*(d-1) || span != spread.Dim(2) {
				spans++
			}
		}
	}
	c.AtMost("difference to the convolution with zeros between the weights", off, 1e-12)
	c.Equal("effective kernels that are not k + (k-1)(d-1)", float64(spans), 0)
	see := func(dilations ...int) (formula, reached float64, params int) {
		var net nn.Sequential
		var windows []tensor.Window
		for _, d := range dilations {
			l := nn.NewConv2d(g, 1, 1, 3, nn.ConvConfig{Padding: d, Dilation: d})
			l.Weight = tensor.NewParam(tensor.Rand(g, 1, 1, 3, 3).AddScalar(0.1))
			net, windows = append(net, l), append(windows, tensor.Window{Kernel: 3, Padding: d, Dilation: d})
		}
		_, lo, hi := support(net, 48)
		f := nn.ReceptiveFields(windows...)
		return float64(f[len(f)-1].Size), float64(hi - lo + 1), nn.NumParams(net)
	}
	formula, reached, params := see(1, 2, 4, 8)
	c.Equal("receptive field of 3 x 3 kernels with dilations 1, 2, 4, 8", formula, 31)
	c.Equal("what a unit's gradient reaches", reached, 31)
	c.Control(func() {
		formula, reached, same := see(1, 1, 1, 1)
		c.Equal("receptive field of as many plain ones", formula, 9)
		c.Equal("what a unit's gradient reaches there", reached, 9)
		c.True("which have as many parameters", same == params)
	})
	return nil
}
