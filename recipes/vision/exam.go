package vision

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(
		catalog.Row{
			ID: "H16", Tier: catalog.Unit, Title: "Exam questions on convolutions: sizes, parameters, operations, fields", Source: "LeCun et al. 1998; Krizhevsky, Sutskever and Hinton 2012; Dumoulin and Visin 2016",
			Target: "the questions that are commonly set, by tensor.Window, nn.ConvCost and nn.ReceptiveFields, which `hadal conv` prints with the formulas filled in: F03 to F07",
			Note:   "AlexNet's paper says 224 x 224; its 55 x 55 results need 227 x 227, or padding",
			Test:   exam,
		},
		catalog.Row{
			ID: "H17", Tier: catalog.Unit, Title: "Headline applications: classification, driving, speech, translation", Source: "Krizhevsky, Sutskever and Hinton 2012; Hinton et al. 2012; Bahdanau, Cho and Bengio 2015",
			Target: "each application and the rows that show its methods",
			Doc:    "docs/applications.md",
		},
	)
}

func exam(_ context.Context, c *catalog.Check) error {
	two := func(w tensor.Window) []tensor.Window { return []tensor.Window{w, w} }
	// 32 x 32 x 3 pictures and ten 5 x 5 filters with stride 1 and padding 2.
	ten := nn.ConvCost{In: 3, Out: 10, Windows: two(tensor.Window{Kernel: 5, Padding: 2})}
	c.Equal("parameters of ten 5 x 5 filters on three channels", float64(ten.Params()), 760)
	c.Equal("size of their results on 32 x 32, padded by 2", float64(ten.Size(32, 32)[0]), 32)
	c.Equal("multiply-adds there", float64(ten.MACs(32, 32)), 768_000)

	// LeNet-5, layer by layer.
	size, params := 32, int64(0)
	for _, l := range []struct{ in, out, k, pool, want int }{{1, 6, 5, 2, 14}, {6, 16, 5, 2, 5}, {16, 120, 5, 1, 1}} {
		w := tensor.Window{Kernel: l.k}
		size = tensor.Window{Kernel: l.pool, Stride: l.pool}.Size(w.Size(size))
		params += nn.ConvCost{In: l.in, Out: l.out, Windows: two(w)}.Params()
		c.Equal(fmt.Sprintf("size behind LeNet-5's convolution to %d channels and what pools it", l.out), float64(size), float64(l.want))
	}
	c.Equal("parameters of LeNet-5's convolutions, 156 + 2,416 + 48,120", float64(params), 50_692)

	// AlexNet's first layers.
	first := nn.ConvCost{In: 3, Out: 96, Windows: two(tensor.Window{Kernel: 11, Stride: 4})}
	c.Equal("size behind 11 x 11 with stride 4 on 227 x 227", float64(first.Size(227, 227)[0]), 55)
	c.Equal("parameters of those 96 filters", float64(first.Params()), 34_944)
	c.Equal("size behind the pooling of 3 x 3 with stride 2", float64(tensor.Window{Kernel: 3, Stride: 2}.Size(55)), 27)
	c.Control(func() {
		c.Equal("size on the 224 x 224 of the paper", float64(first.Size(224, 224)[0]), 54)
	})

	// Three 3 x 3 convolutions in the place of one of 7 x 7 (Simonyan and Zisserman, 2015).
	three := nn.ReceptiveFields(tensor.Window{Kernel: 3}, tensor.Window{Kernel: 3}, tensor.Window{Kernel: 3})
	c.Equal("field of three 3 x 3 convolutions, as of one 7 x 7", float64(three[2].Size), 7)
	weights := func(k int) int64 {
		return nn.ConvCost{In: 64, Out: 64, NoBias: true, Windows: two(tensor.Window{Kernel: k})}.Params()
	}
	c.Near("their weights over its, 27/49", float64(3*weights(3))/float64(weights(7)), 27.0/49, 1e-15)
	c.Equal("field of dilations 1, 2, 4 with 3 x 3", float64(nn.ReceptiveFields(tensor.Window{Kernel: 3}, tensor.Window{Kernel: 3, Dilation: 2}, tensor.Window{Kernel: 3, Dilation: 4})[2].Size), 15)
	c.Equal("size of 7 x 7 maps behind a transposed 4 x 4 with stride 2 and padding 1", float64(tensor.Window{Kernel: 4, Stride: 2, Padding: 1, Transposed: true}.Size(7)), 14)
	return nil
}
