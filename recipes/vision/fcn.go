package vision

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H08", Tier: catalog.Medium, Title: "Semantic segmentation: FCN", Source: "Long, Shelhamer and Darrell 2015",
		Target: "on Shapes mean IoU of FCN-8s ≥ 0.90 as the median of 3 seeds, more than FCN-16s, which is more than FCN-32s; the published FCN-8s has 134,489,759 parameters",
		Note: "VOC's pictures and ImageNet's weights are not at hand: VGG-16 with an eighth of the channels and batch normalisation learns from 320 pictures of 64 x 64 pixels, one object of 26 to 38 pixels in each, for coarse maps of 2 x 2; " +
			"FCN-16s and FCN-32s with one seed; without batch normalisation, and with objects from 19 pixels on, FCN-8s reached 0.76",
		Test: fcn,
	})
}

func fcn(ctx context.Context, c *catalog.Check) error {
	cfg := shapes.Config{Smallest: 0.4, Largest: 0.6}
	data, err := kept(ctx, maskedShapes(shapes.New(320, 1, cfg)))
	if err != nil {
		return err
	}
	test, err := kept(ctx, maskedShapes(shapes.New(100, 3, cfg)))
	if err != nil {
		return err
	}
	classes := 1 + len(shapes.Classes)
	trained := func(seed uint64, on dataset.Dataset[masked], stride int) (*models.FCN, float64, error) {
		m := models.NewFCN(random.New(seed), models.FCNConfig{Classes: classes, Stride: stride, Width: 0.125, Same: true, BatchNorm: true, Dropout: new(0.0)})
		if err := (segmenter{epochs: 12, batch: 8, lr: 3e-3, decay: 1e-2, seed: seed}).fit(ctx, m, on); err != nil {
			return nil, 0, err
		}
		confusion, _, err := measureMasks(ctx, m, test, classes)
		if err != nil {
			return nil, 0, err
		}
		return m, confusion.MeanIoU(), nil
	}
	first := max(c.Seed, 1)
	var names []string
	var say []func(*tensor.Tensor) *tensor.Tensor
	show := func(stride int, m *models.FCN) {
		names = append(names, fmt.Sprintf("FCN-%ds", stride))
		say = append(say, func(x *tensor.Tensor) *tensor.Tensor { return segment(m, x) })
	}
	coarse, iou32, err := trained(first, data, 32)
	if err != nil {
		return err
	}
	show(32, coarse)
	middle, iou16, err := trained(first, data, 16)
	if err != nil {
		return err
	}
	show(16, middle)
	all, err := c.Seeds(3, func(seed uint64) (float64, error) {
		m, iou, err := trained(seed, data, 8)
		if err == nil && seed == first {
			show(8, m)
		}
		return iou, err
	})
	if err != nil {
		return err
	}
	worst := min(all[0], all[1], all[2])
	c.AtLeast("mean IoU of FCN-8s on Shapes", catalog.Median(all), 0.90)
	c.AtLeast("of FCN-8s over FCN-16s", all[0]-iou16, 0.02)
	c.AtLeast("of FCN-16s over FCN-32s", iou16-iou32, 0.02)
	c.AtLeast("mean IoU of the worst seed", worst, 0.87)
	c.Equal("parameters of the published FCN-8s", float64(nn.NumParams(models.NewFCN(random.Shapes(), models.FCNConfig{}))), 134_489_759)

	_, shuffled, err := trained(first, strangersMasks(data), 8)
	if err != nil {
		return err
	}
	c.Control(func() {
		c.AtMost("mean IoU of FCN-8s trained on shuffled masks", shuffled, 0.5)
	})
	return c.Picture("shapes", func(path string) error {
		tiles, columns := maskTiles(test[:4], names, say)
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: "Shapes: skips from finer layers sharpen the scores (blue circle, orange square, green triangle)", Columns: columns})
	})
}
