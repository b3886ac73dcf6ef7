package vision

import (
	"context"
	"image"
	"image/color"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H03", Tier: catalog.Small, Title: "Class activation maps of global average pooling", Source: "Zhou et al. 2016",
		Target: "boxes around the maps' largest part overlap the objects' with IoU ≥ 0.5 in ≥ 0.80 of pictures, as the median of 5 seeds, though no box was seen in training; the maps' mean plus bias is the logit, to 1e-13 in float64",
		Note: "the logit is Σ w_k mean(A_k) + bias: the sum that papers write leaves out the bias and the number of places. A square of each training picture is hidden (Singh and Lee 2017), or a map would show " +
			"the part of an object that tells its class, often the upper. The part of the largest value at which a map is cut, 0.2 in the paper, is chosen on 200 training pictures: maps of 12 x 12 for objects of 12 to 22 pixels of 48 are wide",
		Test: classActivation,
	})
}

func classActivation(ctx context.Context, c *catalog.Check) error {
	test, err := oneShape(ctx, 200, 7, lookedAt)
	if err != nil {
		return err
	}
	var off, anew []float64
	var shown *tensor.Tensor
	cut := 0.0
	found, err := c.Median(5, func(seed uint64) (float64, error) {
		set, err := oneShape(ctx, shapeNetPictures, 1000+seed, lookedAt)
		if err != nil {
			return 0, err
		}
		net := newShapeNet(random.New(seed), globalMean)
		if err := fitConvNet(ctx, net, set.X, set.Y, 12, seed, dataset.Cutout(20)); err != nil {
			return 0, err
		}
		net = nn.Eval(net)
		first := shapeSet{X: set.X.Narrow(0, 0, 200), Boxes: set.Boxes.Narrow(0, 0, 200)}
		best := -1.0
		for _, t := range []float64{0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7} {
			share, err := localised(net, first, t)
			if err != nil {
				return 0, err
			}
			if share > best {
				best, cut = share, t
			}
		}
		if shown, _, err = explain.CAM(net, test.X, nil); err != nil {
			return 0, err
		}
		untrained, err := localised(nn.Eval(newShapeNet(random.New(100+seed), globalMean)), test, cut)
		if err != nil {
			return 0, err
		}
		anew = append(anew, untrained)
		d, err := logitDifference(net, test.X.Narrow(0, 0, 20))
		if err != nil {
			return 0, err
		}
		off = append(off, d)
		return localised(net, test, cut)
	})
	if err != nil {
		return err
	}
	c.AtLeast("share of pictures whose box overlaps the object's with IoU 0.5", found, 0.80)
	c.AtMost("largest |mean of the map + bias − logit| in float64", slices.Max(off), 1e-13)
	c.Control(func() {
		c.AtMost("the share with weights drawn anew", catalog.Median(anew), 0.3)
		lenet := NewLeNet(random.New(1), 3, 48, 48, 3)
		_, _, err := explain.CAM(lenet, test.X.Narrow(0, 0, 1), nil)
		c.True("a network without global average pooling has none, and says so", err != nil)
	})
	return c.Picture("boxes", func(path string) error {
		maps := explain.Upsample(shown, 48, 48).Narrow(0, 0, 6)
		x := test.X.Narrow(0, 0, 6)
		var boxed []image.Image
		for i := range 6 {
			b, truth := explain.Box(maps.Select(0, i), cut), test.Boxes.Select(0, i).Floats()
			boxed = append(boxed, plot.DrawBoxes(explain.Picture(x.Select(0, i), nil, nil), []plot.Box{
				{X1: truth[0], Y1: truth[1], X2: truth[2], Y2: truth[3], Color: color.RGBA{G: 255, A: 255}},
				{X1: b[0], Y1: b[1], X2: b[2], Y2: b[3], Color: color.RGBA{R: 255, A: 255}},
			}, plot.DrawBoxesConfig{Scale: 4}))
		}
		return rowsOf(path, "Class activation maps, learned without boxes", []string{"boxes: of the map (red), of the object (green)", "class activation map"}, boxed, overlays(x, maps))
	})
}

// localised returns the share of pictures in which the box of the class activation map overlaps the object's by half.
func localised(net nn.Layer, set shapeSet, cut float64) (float64, error) {
	maps, _, err := explain.CAM(net, set.X, nil)
	if err != nil {
		return math.NaN(), err
	}
	maps = explain.Upsample(maps, set.X.Dim(2), set.X.Dim(3))
	n, hits := set.X.Dim(0), 0
	for i := range n {
		b := explain.Box(maps.Select(0, i), cut)
		if vision.BoxIoU(tensor.Of(b[:], 1, 4).To(tensor.Float32), set.Boxes.Narrow(0, i, 1)).Item() >= 0.5 {
			hits++
		}
	}
	return float64(hits) / float64(n), nil
}

// logitDifference returns the largest |mean of the map + bias − logit| over all classes, in float64.
func logitDifference(net nn.Sequential, x *tensor.Tensor) (worst float64, err error) {
	exact, x := nn.To(net, tensor.Float64), x.To(tensor.Float64)
	logits := exact.Forward(x).Detach()
	for k := range logits.Dim(1) {
		maps, bias, err := explain.CAM(exact, x, []int{k})
		if err != nil {
			return 0, err
		}
		worst = math.Max(worst, maps.Mean(1, 2).Add(bias).Sub(logits.Select(1, k)).Abs().Max().Item())
	}
	return worst, nil
}
