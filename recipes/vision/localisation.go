package vision

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/models/detection"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H05", Tier: catalog.Medium, Title: "Object localisation: class and box regression", Source: "Sermanet, Eigen, Zhang, Mathieu, Fergus and LeCun 2014",
		Target: "mean IoU ≥ 0.85 and, with the right class at IoU ≥ 0.5, localisation accuracy ≥ 0.98 on one object of shapes at 64 x 64 pixels, as medians of 3 seeds",
		Note: "shapes of 16 to 32 pixels, turned by up to 45 degrees, on a texture beside a chequered square; the mean box of the training pictures, and a network whose boxes were shuffled while it trained, " +
			"are the controls",
		Test: localisation,
	})
}

// oneObject are the pictures that localisation is shown on.
var oneObject = shapes.Config{Background: shapes.Texture, Noise: 0.02, Rotation: 45, Distractor: true, Smallest: 0.25, Largest: 0.5}

// seedsApart lies between the seeds of sets of training pictures, 1000, 2000 and so on; those to test on have 999.
const seedsApart = 1000

func localisation(ctx context.Context, c *catalog.Check) error {
	const pictures, tests = 3000, 500
	test := boxed(shapes.New(tests, seedsApart-1, oneObject))
	fit := detectorFit{epochs: 8, batch: 32, lr: 2e-3, decay: 1e-3, workers: 1}
	var model *detection.Localizer
	var accuracy []float64
	iou, err := c.Median(3, func(seed uint64) (float64, error) {
		model = detection.NewLocalizer(random.New(seed), detection.LocalizerConfig{Classes: len(shapes.Classes)})
		fit.seed = seed
		if err := fit.fit(ctx, model, boxed(shapes.New(pictures, seed*seedsApart, oneObject))); err != nil {
			return 0, err
		}
		iou, right, err := locate(ctx, model, test)
		accuracy = append(accuracy, right)
		return iou, err
	})
	if err != nil {
		return err
	}
	c.AtLeast("mean IoU", iou, 0.85)
	c.AtLeast("localisation accuracy", catalog.Median(accuracy), 0.98)

	training := boxed(shapes.New(pictures, seedsApart, oneObject))
	mean, err := meanBoxIoU(ctx, training, test)
	if err != nil {
		return err
	}
	shuffled := detection.NewLocalizer(random.New(1), detection.LocalizerConfig{Classes: len(shapes.Classes)})
	if err := fit.fit(ctx, shuffled, strangersBoxes{training, random.New(1).Perm(pictures)}); err != nil {
		return err
	}
	blind, _, err := locate(ctx, shuffled, test)
	if err != nil {
		return err
	}
	c.Control(func() {
		c.AtMost("mean IoU of the training pictures' mean box", mean, 0.5)
		c.AtMost("mean IoU with boxes of other pictures in training", blind, 0.5)
	})
	return c.Picture("boxes", func(path string) error {
		var tiles []plot.Tile
		err := detected(ctx, model, dataset.Subset[detection.Sample]{Of: test, Indices: firstNumbers(12)}, detection.DetectConfig{}, func(x *tensor.Tensor, t detection.Target, found detection.Detections) {
			iou := vision.BoxIoU(found.Boxes, t.Boxes).Item()
			tiles = append(tiles, plot.Tile{Image: drawn(x, t, found), Caption: fmt.Sprintf("IoU %.2f", iou)})
		})
		if err != nil {
			return err
		}
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: "One object: what was found, and what is there (white, dashed)", Columns: 4})
	})
}

// locate returns the mean IoU, and the share of pictures whose class is right and IoU at least 0.5.
func locate(ctx context.Context, model *detection.Localizer, data dataset.Dataset[detection.Sample]) (iou, right float64, err error) {
	n := float64(data.Len())
	err = detected(ctx, model, data, detection.DetectConfig{}, func(_ *tensor.Tensor, t detection.Target, found detection.Detections) {
		v := vision.BoxIoU(found.Boxes, t.Boxes).Item()
		iou += v / n
		if v >= 0.5 && found.Classes.Item() == t.Classes.Item() {
			right += 1 / n
		}
	})
	return iou, right, err
}

// meanBoxIoU returns the mean IoU of the boxes in test with the mean box of training.
func meanBoxIoU(ctx context.Context, training, test dataset.Dataset[detection.Sample]) (float64, error) {
	boxes := func(d dataset.Dataset[detection.Sample]) (*tensor.Tensor, error) {
		var all []*tensor.Tensor
		for i := range d.Len() {
			s, err := d.At(ctx, i, nil)
			if err != nil {
				return nil, err
			}
			all = append(all, s.Boxes)
		}
		return tensor.Concat(0, all...), nil
	}
	a, err := boxes(training)
	if err != nil {
		return 0, err
	}
	b, err := boxes(test)
	if err != nil {
		return 0, err
	}
	return vision.BoxIoU(a.MeanKeepdim(0), b).Mean().Item(), nil
}

// strangersBoxes is a data set in which each picture has the target of another.
type strangersBoxes struct {
	dataset.Dataset[detection.Sample]
	of []int
}

func (s strangersBoxes) At(ctx context.Context, i int, g *random.Generator) (detection.Sample, error) {
	own, err := s.Dataset.At(ctx, i, g)
	if err != nil {
		return own, err
	}
	other, err := s.Dataset.At(ctx, s.of[i], g)
	return detection.Sample{X: own.X, Target: other.Target}, err
}

// firstNumbers returns 0 to n-1.
func firstNumbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
