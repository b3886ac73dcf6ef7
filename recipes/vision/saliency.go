package vision

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H01", Tier: catalog.Small, Title: "Saliency map", Source: "Simonyan, Vedaldi and Zisserman 2014",
		Target: "the largest |∂score/∂x| lies on the object in ≥ 0.90 of pictures with a distractor, as the median of 3 seeds, where the picture's centre is in at most half; with weights drawn anew it does not",
		Note: "objects are their boxes and may be missed by 4 hundredths of the side, as in the pointing game of Zhang et al. 2016 on VOC; the network pools maxima: with means every place has a share in the score, and the gradient " +
			"points at the object in about 0.88 of pictures; pooling and ground were chosen on other pictures than those tested",
		Test: saliency,
	})
}

func saliency(ctx context.Context, c *catalog.Check) error {
	test, err := oneShape(ctx, 200, 8, lookedAt)
	if err != nil {
		return err
	}
	boxes := boxMasks(test)
	centre := tensor.Zeros(48, 48).Floats()
	centre[24*48+24] = 1
	fixed := tensor.Of(centre, 1, 48, 48).ExpandTo(boxes.Shape())
	var accuracy, guided, anew []float64
	var shown, untrained *tensor.Tensor
	hits, err := c.Median(3, func(seed uint64) (float64, error) {
		net, err := trainedShapeNet(ctx, globalMax, seed)
		if err != nil {
			return 0, err
		}
		classes := []int{}
		for _, k := range tensor.Data[int64](test.Y) {
			classes = append(classes, int(k))
		}
		shown = explain.Saliency(net, test.X, classes)
		untrained = explain.Saliency(nn.Eval(newShapeNet(random.New(100+seed), globalMax)), test.X, classes)
		accuracy = append(accuracy, metrics.Accuracy(net.Forward(test.X), test.Y))
		guided = append(guided, pointing(explain.GuidedBackprop(net, test.X, classes).Abs().Max(1), boxes))
		anew = append(anew, pointing(untrained, boxes))
		return pointing(shown, boxes), nil
	})
	if err != nil {
		return err
	}
	c.AtLeast("pointing game, hits of the saliency map", hits, 0.90)
	c.AtMost("hits of the picture's centre", pointing(fixed, boxes), 0.5)
	c.AtLeast("hits of guided back-propagation", catalog.Median(guided), 0.90)
	c.AtLeast("accuracy on these pictures", catalog.Median(accuracy), 0.95)
	c.Control(func() {
		c.AtMost("hits with weights drawn anew", catalog.Median(anew), 0.3)
	})
	return c.Picture("maps", func(path string) error {
		some := func(x *tensor.Tensor) *tensor.Tensor { return x.Narrow(0, 0, 6) }
		return rowsOf(path, "What the class's score depends on", []string{"pictures, with a chequered distractor", "saliency", "saliency of weights drawn anew"},
			photos(some(test.X)), greys(some(shown)), greys(some(untrained)))
	})
}
