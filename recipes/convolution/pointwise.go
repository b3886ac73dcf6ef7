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
		ID: "F13", Tier: catalog.Unit, Title: "1 x 1 convolution", Source: "Lin, Chen and Yan 2013",
		Target: "is the same dense layer at every pixel, forward and backward",
		Test:   pointwise,
	})
}

func pointwise(_ context.Context, c *catalog.Check) error {
	const in, out = 6, 4
	g := random.New(max(c.Seed, 1))
	conv := nn.To(nn.NewConv2d(g, in, out, 1, nn.ConvConfig{}), tensor.Float64)
	dense := &nn.Linear{Weight: tensor.NewParam(conv.Weight.Detach().Reshape(out, in)), Bias: tensor.NewParam(conv.Bias.Detach())}
	a := randn(g, 3, in, 5, 7).RequireGrad()
	b := a.Detach().RequireGrad()
	y := conv.Forward(a)
	z := dense.Forward(b.Permute(0, 2, 3, 1)).Permute(0, 3, 1, 2)
	dy := randn(g, 3, out, 5, 7)
	y.Mul(dy).Sum().Backward()
	z.Mul(dy).Sum().Backward()
	c.AtMost("difference of the convolution and the dense layer at each pixel", worst(y, z), 1e-14)
	c.AtMost("of their gradients by the picture", worst(a.Grad(), b.Grad()), 1e-14)
	c.AtMost("of those by the weights", worst(conv.Weight.Grad().Reshape(out, in), dense.Weight.Grad()), 1e-13)
	mixed := a.Detach().IndexSelect(3, tensor.Of([]int64{6, 0, 3, 1, 5, 2, 4}))
	c.Equal("change of the result, other than in order, when pixels change places", worst(conv.Forward(mixed), y.IndexSelect(3, tensor.Of([]int64{6, 0, 3, 1, 5, 2, 4}))), 0)
	f := nn.ReceptiveFields(tensor.Window{Kernel: 1}, tensor.Window{Kernel: 1})[1]
	c.Equal("receptive field of two of them", float64(f.Size), 1)
	c.Control(func() {
		three := nn.To(nn.NewConv2d(g, in, out, 3, nn.ConvConfig{Padding: 1}), tensor.Float64)
		c.AtLeast("change when pixels change places under a 3 x 3 kernel", worst(three.Forward(mixed), three.Forward(a).IndexSelect(3, tensor.Of([]int64{6, 0, 3, 1, 5, 2, 4}))), 0.1)
	})
	return nil
}
