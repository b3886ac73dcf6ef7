package vision

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/cells"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H09", Tier: catalog.Medium, Title: "U-Net segmentation", Source: "Ronneberger, Fischer and Brox 2015",
		Target: "on cells made in code, which touch, mean IoU ≥ 0.95 as the median of 3 seeds, and ≥ 0.03 more than the same network without skips; the published network has 31,030,658 parameters and makes 388 x 388 scores of 572 x 572 pixels",
		Note: "the paper's pictures, PhC-U373 and DIC-HeLa, are not at hand; 300 pictures of 64 x 64 pixels, a network of 8 to 64 channels with padding and batch normalisation. 31,031,685 parameters, often quoted, are those of a " +
			"Keras copy with one convolution more",
		Test: unet,
	})
}

func unet(ctx context.Context, c *catalog.Check) error {
	data, err := kept(ctx, maskedCells(cells.New(300, 1, cells.Config{})))
	if err != nil {
		return err
	}
	test, err := kept(ctx, maskedCells(cells.New(100, 2, cells.Config{})))
	if err != nil {
		return err
	}
	trained := func(seed uint64, on dataset.Dataset[masked], noSkips bool) (*models.UNet, float64, error) {
		m := models.NewUNet(random.New(seed), models.UNetConfig{Width: 0.125, Depth: 3, Padded: true, BatchNorm: true, NoSkips: noSkips, Dropout: new(0.0)})
		if err := (segmenter{epochs: 8, batch: 8, lr: 5e-3, decay: 1e-2, seed: seed}).fit(ctx, m, on); err != nil {
			return nil, 0, err
		}
		confusion, _, err := measureMasks(ctx, m, test, 2)
		if err != nil {
			return nil, 0, err
		}
		return m, confusion.MeanIoU(), nil
	}
	var with, without *models.UNet
	var plain []float64
	all, err := c.Seeds(3, func(seed uint64) (iou float64, err error) {
		var p float64
		if without, p, err = trained(seed, data, true); err != nil {
			return 0, err
		}
		plain = append(plain, p)
		with, iou, err = trained(seed, data, false)
		return iou, err
	})
	if err != nil {
		return err
	}
	c.AtLeast("mean IoU of U-Net on cells", catalog.Median(all), 0.95)
	gain, worst := make([]float64, len(all)), 1.0
	for i := range all {
		gain[i] = all[i] - plain[i]
		worst = min(worst, all[i])
	}
	c.AtLeast("over the same network without skips", catalog.Median(gain), 0.03)
	c.AtLeast("mean IoU of the worst seed", worst, 0.94)

	published := models.NewUNet(random.Shapes(), models.UNetConfig{})
	c.Equal("parameters of the published network", float64(nn.NumParams(published)), 31_030_658)
	c.Equal("side of its scores of 572 x 572 pixels", float64(published.OutputSize(572)), 388)

	_, shuffled, err := trained(max(c.Seed, 1), strangersMasks(data), false)
	if err != nil {
		return err
	}
	c.Control(func() {
		c.AtMost("mean IoU of one trained on shuffled masks", shuffled, 0.6)
	})
	return c.Picture("cells", func(path string) error {
		say := func(m *models.UNet) func(*tensor.Tensor) *tensor.Tensor {
			return func(x *tensor.Tensor) *tensor.Tensor { return segment(m, x) }
		}
		tiles, columns := maskTiles(test[:4], []string{"U-Net", "without skips"}, []func(*tensor.Tensor) *tensor.Tensor{say(with), say(without)})
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: "Cells that touch: the connections keep the lines between them", Columns: columns})
	})
}
