package convolution

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(
		catalog.Row{
			ID: "F04", Tier: catalog.Unit, Title: "Number of parameters", Source: "LeCun et al. 1998 and the papers of the networks",
			Target: "LeNet-5 61,706; AlexNet 61,100,840; VGG-16 138,357,544; ResNet-18 11,689,512; ResNet-50 25,557,032; GoogLeNet 6,624,904; Inception-v4 42.68 million; Inception-ResNet-v2 55.84 million",
			Note:   "k·k·c_in·c_out weights and c_out biases; the formula without biases, which some notes give, is LeNet-5's 61,470. GoogLeNet's is without its auxiliary heads. The networks are torchvision's and, of the last two, timm's",
			Test:   parameters,
		},
		catalog.Row{
			ID: "F05", Tier: catalog.Unit, Title: "Amount of computation", Source: "He, Zhang, Ren and Sun 2016; torchvision",
			Target: "multiply-adds of one picture, within 1%: VGG-16 15.47, AlexNet 0.71, ResNet-50 4.09 thousand million",
			Note:   "c_in·c_out·k·k times the size of the result; l·l/(s·s), in place of that size, is an approximation, which is off wherever padding and kernel do not make up for each other. 3.8 in the paper on residual networks is for the first form of the network, with the stride in the 1 x 1 convolutions",
			Test:   computation,
		},
	)
}

// network returns a network of the registry at its full size, whose weights are shapes alone.
func network(name string) (nn.Layer, models.Entry, error) {
	e, err := models.Find(name)
	if err != nil {
		return nil, e, err
	}
	return e.New(random.Shapes(), models.Config{}), e, nil
}

func parameters(_ context.Context, c *catalog.Check) error {
	for _, want := range []struct {
		name, title    string
		params, within float64
	}{
		{"lenet5", "LeNet-5", 61_706, 0},
		{"alexnet", "AlexNet", 61_100_840, 0},
		{"vgg16", "VGG-16", 138_357_544, 0},
		{"resnet18", "ResNet-18", 11_689_512, 0},
		{"resnet50", "ResNet-50", 25_557_032, 0},
		{"googlenet", "GoogLeNet without auxiliary heads", 6_624_904, 0},
		{"inception_v4", "Inception-v4", 42.68e6, 5e3},
		{"inception_resnet_v2", "Inception-ResNet-v2", 55.84e6, 5e3},
	} {
		m, _, err := network(want.name)
		if err != nil {
			return err
		}
		if g, ok := m.(*models.GoogLeNet); ok {
			g.Aux1, g.Aux2 = nil, nil
		}
		c.Near("parameters of "+want.title, float64(nn.NumParams(m)), want.params, want.within)
	}
	// Layer by layer, from sizes alone.
	var withBias, without int64
	for _, l := range []struct{ in, out, k int }{{1, 6, 5}, {6, 16, 5}, {16, 120, 5}, {120, 84, 1}, {84, 10, 1}} {
		windows := []tensor.Window{{Kernel: l.k}, {Kernel: l.k}}
		withBias += nn.ConvCost{In: l.in, Out: l.out, Windows: windows}.Params()
		without += nn.ConvCost{In: l.in, Out: l.out, NoBias: true, Windows: windows}.Params()
	}
	c.Equal("LeNet-5's by the formula, its dense layers as convolutions", float64(withBias), 61_706)
	c.Control(func() { c.Equal("without biases", float64(without), 61_470) })
	return nil
}

func computation(_ context.Context, c *catalog.Check) error {
	for _, want := range []struct {
		name, title string
		macs        float64
	}{{"vgg16", "VGG-16", 15.47e9}, {"alexnet", "AlexNet", 0.71e9}, {"resnet50", "ResNet-50", 4.09e9}} {
		m, e, err := network(want.name)
		if err != nil {
			return err
		}
		macs := float64(nn.Summary(m, tensor.ShapeOf(1, 3, e.Size, e.Size)).FLOPs) / 2
		c.Near("multiply-adds of "+want.title, macs, want.macs, 0.01*want.macs)
	}
	// AlexNet's first layer: 11 x 11, stride 4, padding 2 on 224 x 224.
	w := tensor.Window{Kernel: 11, Stride: 4, Padding: 2}
	exact := nn.ConvCost{In: 3, Out: 64, Windows: []tensor.Window{w, w}}.MACs(224, 224)
	c.Equal("multiply-adds of AlexNet's first layer", float64(exact), 3*64*11*11*55*55)
	c.Control(func() {
		approximate := 3.0 * 64 * 11 * 11 * 224 * 224 / (4 * 4)
		c.AtLeast("the approximation by l·l/(s·s), over that", approximate/float64(exact), 1.03)
	})
	return nil
}
