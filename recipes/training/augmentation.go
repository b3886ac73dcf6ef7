package training

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/recipes/vision"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "E08", Tier: catalog.Medium, Title: "Data augmentation", Source: "Krizhevsky, Sutskever and Hinton 2012",
		Target: "LeNet on 1,000 pictures gains ≥ 0.01 of test accuracy from shifts by up to 2 pixels, as the median of 5 seeds; every transform gives the same bits whatever the workers",
		Note:   pictureset.Note, Test: augmentation,
	})
}

// augmentations are changes of a picture of a side that leave its class, most of the time.
func augmentations(side int) []struct {
	name string
	dataset.Transform
} {
	px := side / 14 // 2 of 28
	if side < 20 {
		px = 1
	}
	return []struct {
		name string
		dataset.Transform
	}{
		{fmt.Sprintf("shift ±%d", px), dataset.RandomShift(px)},
		{"rotate ±15°", dataset.RandomRotation(15)},
		{"zoom 0.8 to 1.2", dataset.RandomAffine(dataset.AffineConfig{MinScale: 0.8, MaxScale: 1.2})},
		{"resized crop", dataset.RandomResizedCrop(side, side)},
		{"noise σ = 0.1", dataset.GaussianNoise(0.1)},
		{"erasing", dataset.RandomErasing(1)},
		{"mirror", dataset.RandomHorizontalFlip(0.5)},
		{"upside down", dataset.RandomVerticalFlip(0.5)},
	}
}

func augmentation(ctx context.Context, c *catalog.Check) error {
	set, err := pictureset.Load(ctx, c, 1000, pictureset.Least{MNIST: 0.01, Fashion: 0, Digits: 0})
	if err != nil {
		return err
	}
	x, xTest := planes(set.X, set.Side), planes(set.XTest, set.Side)
	all := augmentations(set.Side)
	accuracy := func(seed uint64, transforms ...dataset.Transform) (float64, error) {
		model := vision.NewLeNet(random.New(seed), 1, set.Side, set.Side, len(set.Classes))
		l := learner{epochs: 40, batch: 32, lr: 0.03, momentum: 0.9, decay: 1e-3, seed: seed, transforms: transforms}
		if err := l.fit(ctx, model, x, set.Y); err != nil {
			return 0, err
		}
		return accuracyOf(model, xTest, set.YTest), nil
	}
	var plain, mirrored []float64
	gain, err := c.Median(5, func(seed uint64) (float64, error) {
		a, err := accuracy(seed)
		if err != nil {
			return 0, err
		}
		b, err := accuracy(seed, all[0].Transform)
		plain = append(plain, a)
		return b - a, err
	})
	if err != nil {
		return err
	}
	for i := range uint64(3) {
		m, err := accuracy(max(c.Seed, 1)+i, dataset.RandomHorizontalFlip(0.5), dataset.RandomVerticalFlip(0.5))
		if err != nil {
			return err
		}
		mirrored = append(mirrored, m)
	}
	c.AtLeast("gain of test accuracy by "+all[0].name+" pixels on "+set.Name, gain, set.Least)
	c.AtLeast("test accuracy without", catalog.Median(plain), 0.75)
	c.Control(func() {
		c.AtMost("gain by mirroring left to right and upside down, as the test pictures never are", catalog.Median(mirrored)-catalog.Median(plain[:3]), 0)
	})

	// The same bits, however many workers make the batches and however large these are.
	samples := make(dataset.Slice[dataset.Sample], 50)
	for i := range samples {
		samples[i].X = x.Select(0, i)
	}
	load := func(t dataset.Transform, epoch, workers, batch int) (bits []byte, err error) {
		loader := dataset.NewBatchLoader(dataset.Augment(samples, t), dataset.LoaderConfig{BatchSize: batch, Seed: 1, Workers: workers})
		for b, err := range loader.Epoch(ctx, epoch, 0) {
			if err != nil {
				return nil, err
			}
			bits = append(bits, b.X.Bytes()...)
		}
		return bits, nil
	}
	same, other := true, true
	for _, a := range all {
		want, err := load(a.Transform, 0, 0, 50)
		if err != nil {
			return err
		}
		for _, workers := range []int{1, 2, 5} {
			got, err := load(a.Transform, 0, workers, 7)
			if err != nil {
				return err
			}
			same = same && bytes.Equal(got, want)
		}
		next, err := load(a.Transform, 1, 0, 50)
		if err != nil {
			return err
		}
		other = other && !bytes.Equal(next, want)
	}
	c.True(fmt.Sprintf("%d transforms give the same bits with 0, 1, 2 and 5 workers", len(all)), same)
	c.True("in another epoch each of them gives others, of the same pictures in the same order", other)
	once := dataset.RandomHorizontalFlip(1)
	c.True("mirrored twice is as it was, to the bit", bytes.Equal(once(once(samples[0].X, random.New(1)), random.New(1)).Bytes(), samples[0].X.Bytes()))

	return c.Picture("pictures", func(path string) error {
		var tiles []plot.Tile
		for _, i := range []int{1, 3} {
			picture := func(x *tensor.Tensor) plot.Tile {
				return plot.Tile{Image: plot.GrayRange(set.Side, set.Side, x.Floats(), 0, 1)}
			}
			tile := picture(samples[i].X)
			tile.Caption = "as it is"
			tiles = append(tiles, tile)
			for _, a := range all {
				changed := samples[i].X
				for seed := uint64(i + 4); bytes.Equal(changed.Bytes(), samples[i].X.Bytes()); seed++ {
					changed = a.Transform(samples[i].X, random.New(seed))
				}
				tile := picture(changed)
				tile.Caption = a.name
				tiles = append(tiles, tile)
			}
		}
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: set.Name + ": a draw of each transform", Columns: 9})
	})
}
