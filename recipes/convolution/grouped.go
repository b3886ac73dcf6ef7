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
		ID: "F08", Tier: catalog.Unit, Title: "Grouped convolution", Source: "Krizhevsky, Sutskever and Hinton 2012",
		Target: "equals the convolution with block-diagonal weights; weights and multiply-adds are exactly 1/g",
		Test:   grouped,
	})
}

func grouped(_ context.Context, c *catalog.Check) error {
	const in, out, side = 12, 24, 9
	g := random.New(max(c.Seed, 1))
	x := randn(g, 2, in, side, side)
	same := tensor.ConvConfig{Padding: [2]int{1, 1}}
	off, ratios := 0.0, 0.0
	for _, groups := range []int{1, 2, 3, 4, 6, 12} {
		w := randn(g, out, in/groups, 3, 3)
		// The same weights among zeros: group i maps its inputs to its outputs alone.
		var rows []*tensor.Tensor
		for i := range groups {
			before, after := i*in/groups, in-(i+1)*in/groups
			rows = append(rows, w.Narrow(0, i*out/groups, out/groups).Pad(tensor.PadConstant, 0, 0, 0, 0, 0, before, after))
		}
		cfg := same
		cfg.Groups = groups
		off = max(off, worst(tensor.Conv2d(x, w, nil, cfg), tensor.Conv2d(x, tensor.Concat(0, rows...), nil, same)))

		windows := []tensor.Window{{Kernel: 3, Padding: 1}, {Kernel: 3, Padding: 1}}
		full := nn.ConvCost{In: in, Out: out, NoBias: true, Windows: windows}
		cut := nn.ConvCost{In: in, Out: out, Groups: groups, NoBias: true, Windows: windows}
		s := nn.Summary(nn.NewConv2d(g, in, out, 3, nn.ConvConfig{Padding: 1, Groups: groups, NoBias: true}), tensor.ShapeOf(1, in, side, side))
		if int64(groups)*cut.Params() != full.Params() || int64(groups)*cut.MACs(side, side) != full.MACs(side, side) ||
			int64(s.Params) != cut.Params() || s.FLOPs != 2*cut.MACs(side, side) {
			ratios++
		}
	}
	c.AtMost("difference of grouped and block-diagonal convolutions", off, 1e-12)
	c.Equal("numbers of groups whose layer has other than 1/g of the weights and multiply-adds", ratios, 0)
	// Depthwise and pointwise, in place of the full convolution (Howard et al., 2017): 1/out + 1/k² of the work.
	window := []tensor.Window{{Kernel: 3, Padding: 1}, {Kernel: 3, Padding: 1}}
	separable := nn.ConvCost{In: in, Out: in, Groups: in, NoBias: true, Windows: window}.MACs(side, side) +
		nn.ConvCost{In: in, Out: out, NoBias: true, Windows: []tensor.Window{{Kernel: 1}, {Kernel: 1}}}.MACs(side, side)
	c.Near("cost of depthwise and pointwise over the full one", float64(separable)/float64(nn.ConvCost{In: in, Out: out, NoBias: true, Windows: window}.MACs(side, side)), 1.0/out+1.0/9, 1e-15)
	c.Control(func() {
		mixed := randn(g, out, in, 3, 3)
		y := tensor.Conv2d(x, mixed, nil, same)
		x2 := tensor.Concat(1, x.Narrow(1, 0, in/2).MulScalar(2), x.Narrow(1, in/2, in/2))
		c.AtLeast("what other groups' inputs change without groups", worst(tensor.Conv2d(x2, mixed, nil, same).Narrow(1, out/2, out/2), y.Narrow(1, out/2, out/2)), 0.1)
	})
	return nil
}
