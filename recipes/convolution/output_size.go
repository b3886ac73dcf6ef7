package convolution

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "F03", Tier: catalog.Unit, Title: "Output size", Source: "Dumoulin and Visin 2016",
		Target: "⌊(l + 2p - d(k-1) - 1)/s⌋ + 1 is the size of the result for 10⁴ random (l, p, k, s, d); N=6, F=3, S=2, P=0 gives 2, not 2.5",
		Note:   "a common form of the formula lacks the floor; \"M x M x filters\" holds of square inputs alone",
		Test:   outputSize,
	})
}

func outputSize(_ context.Context, c *catalog.Check) error {
	g := random.New(max(c.Seed, 1))
	meta := tensor.Factory{Device: tensor.Meta}
	const draws = 10_000
	wrong, wrongTool, fractions := 0, 0, 0
	for range draws {
		k, s, d, p := 1+g.Intn(7), 1+g.Intn(4), 1+g.Intn(3), g.Intn(4)
		l := max(1, d*(k-1)+1-2*p) + g.Intn(40)
		w := tensor.Window{Kernel: k, Stride: s, Padding: p, Dilation: d}
		y := tensor.Conv1d(meta.Zeros(1, 1, l), meta.Zeros(1, 1, k), nil, tensor.ConvConfig{Stride: [2]int{0, s}, Padding: [2]int{0, p}, Dilation: [2]int{0, d}})
		if (l+2*p-d*(k-1)-1)/s+1 != y.Dim(2) {
			wrong++
		}
		if w.Size(l) != y.Dim(2) {
			wrongTool++
		}
		if (l+2*p-d*(k-1)-1)%s != 0 {
			fractions++
		}
	}
	c.Equal("of 10,000 random convolutions, those whose size is another than the formula's", float64(wrong), 0)
	c.Equal("than that of tensor.Window", float64(wrongTool), 0)
	six := tensor.Conv2d(tensor.Zeros(1, 1, 6, 6), tensor.Zeros(4, 1, 3, 3), nil, tensor.ConvConfig{Stride: [2]int{2, 2}})
	c.Equal("size of 6 with a kernel of 3 and stride 2", float64(six.Dim(2)), 2)
	c.Control(func() {
		c.AtLeast("share of the random ones that have a fraction without the floor", float64(fractions)/draws, 0.3)
	})
	wide := tensor.Conv2d(meta.Zeros(1, 3, 32, 48), meta.Zeros(8, 3, 5, 3), nil, tensor.ConvConfig{Stride: [2]int{1, 2}})
	c.True("32 x 48 under 5 x 3 with strides 1 and 2 is 28 x 23, each side by its own formula", wide.Shape() == tensor.ShapeOf(1, 8, 28, 23))
	return nil
}
