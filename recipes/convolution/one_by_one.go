package convolution

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "F06", Tier: catalog.Unit, Title: "Operations of GoogLeNet's modules, and what 1 x 1 convolutions save", Source: "Szegedy et al. 2015",
		Target: "28 x 28 x 192 to 32 channels by 5 x 5: 120,422,400 multiplications; by way of 16 channels 2,408,448 + 10,035,200 = 12,443,648",
		Test:   oneByOne,
	})
}

func oneByOne(_ context.Context, c *catalog.Check) error {
	cost := func(in, out, k int) float64 {
		w := tensor.Window{Kernel: k, Padding: k / 2}
		return float64(nn.ConvCost{In: in, Out: out, Windows: []tensor.Window{w, w}}.MACs(28, 28))
	}
	straight, reduce, behind := cost(192, 32, 5), cost(192, 16, 1), cost(16, 32, 5)
	c.Equal("multiplications of 5 x 5, 192 to 32 channels at 28 x 28", straight, 120_422_400)
	c.Equal("of the reduction to 16 channels", reduce, 2_408_448)
	c.Equal("of the 5 x 5 behind it", behind, 10_035_200)
	c.Equal("of both", reduce+behind, 12_443_648)
	// Inception (3a): 64; 96 to 128 by 3 x 3; 16 to 32 by 5 x 5; 32 behind the pooling.
	with := cost(192, 64, 1) + cost(192, 96, 1) + cost(96, 128, 3) + reduce + behind + cost(192, 32, 1)
	c.Equal("of all of module (3a), table 1's 128 million", with, 128_049_152)
	c.Control(func() {
		naive := cost(192, 64, 1) + cost(192, 128, 3) + straight // and all 192 channels behind the pooling
		c.AtLeast("of the module without reductions over that with them", naive/with, 2)
	})
	return nil
}
