package cnn

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "G08", Tier: catalog.Unit, Title: "Generators: DCGAN-style and U-Net", Source: "Radford, Metz and Chintala 2016; Isola, Zhu, Zhou and Efros 2017",
		Target: "transposed convolutions, as DCGAN's generator, turn (N, 100, 1, 1) into pictures (N, 3, 64, 64) and are the transposes of the discriminator's; with a skip connection, as in a " +
			"U-Net, a pixel of the input reaches the output past a bottleneck of one pixel",
		Note: "what U-Net learns, beside an encoder-decoder, is in H10; DCGAN on digits (P12) is planned",
		Test: generators,
	})
}

// dcganGenerator is DCGAN's, of the given width; its paper's is 128: z (N, 100, 1, 1) to pictures (N, 3, 64, 64) from -1 to 1.
func dcganGenerator(g *random.Generator, width int) nn.Sequential {
	var m nn.Sequential
	in := 100
	for i, out := range []int{8 * width, 4 * width, 2 * width, width, 3} {
		cfg := nn.ConvTransposeConfig{Stride: 2, Padding: 1, NoBias: true}
		if i == 0 {
			cfg.Stride, cfg.Padding = 1, 0
		}
		m = append(m, nn.NewConvTranspose2d(g, in, out, 4, cfg))
		if in = out; i < 4 {
			m = append(m, nn.NewBatchNorm2d(out, nn.BatchNormConfig{}), nn.ReLU{})
		}
	}
	return append(m, nn.Tanh{})
}

func generators(_ context.Context, c *catalog.Check) error {
	c.True("DCGAN's generator turns (16, 100, 1, 1) into (16, 3, 64, 64)", nn.Summary(dcganGenerator(random.Shapes(), 128), tensor.ShapeOf(16, 100, 1, 1)).Output == tensor.ShapeOf(16, 3, 64, 64))
	seed := max(c.Seed, 1)

	// <conv(x), y> = <x, convᵀ(y)>.
	g := random.New(seed)
	f := tensor.With(tensor.Float64)
	x, z, w := f.Randn(g, 2, 3, 8, 8), f.Randn(g, 2, 5, 4, 4), f.Randn(g, 5, 3, 4, 4)
	forth := tensor.Conv2d(x, w, nil, tensor.ConvConfig{Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}).Mul(z).Sum().Item()
	back := func(w *tensor.Tensor) float64 {
		return tensor.ConvTranspose2d(z, w, nil, tensor.ConvTransposeConfig{ConvConfig: tensor.ConvConfig{Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}}).Mul(x).Sum().Item()
	}
	c.AtMost("relative difference of <conv(x), y> and <x, transposed(y)>", math.Abs(forth/back(w)-1), 1e-12)
	c.Control(func() {
		c.AtLeast("the same with the kernel turned by half a turn, as a convolution of mathematics has it", math.Abs(forth/back(w.Flip(2, 3))-1), 0.01)
	})

	// An encoder to one pixel of one channel and a decoder, with and without a skip connection around both, on each of 64 basis pictures.
	in, kernel := f.Eye(64).Reshape(64, 1, 8, 8), f.Randn(g, 1, 1, 8, 8)
	decoded := tensor.ConvTranspose2d(tensor.Conv2d(in, kernel, nil, tensor.ConvConfig{}), f.Randn(g, 1, 1, 8, 8), nil, tensor.ConvTransposeConfig{})
	narrow, err := linalg.MatrixRank(decoded.Reshape(64, 64), linalg.ToleranceConfig{})
	if err != nil {
		return err
	}
	skipped, err := linalg.MatrixRank(decoded.Add(in).Reshape(64, 64), linalg.ToleranceConfig{})
	if err != nil {
		return err
	}
	c.Equal("independent directions of 64 pixels that pass with a skip connection", skipped.Item(), 64)
	c.Control(func() { c.Equal("that pass a bottleneck of one pixel without", narrow.Item(), 1) })
	return nil
}
