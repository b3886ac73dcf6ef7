package dataset_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// fashion is a set of the size of Fashion-MNIST's training pictures.
func fashion() *imageset.Images {
	const n = 60_000
	set := &imageset.Images{N: n, H: 28, W: 28, C: 1, Max: 255, Pix: make([]uint8, n*28*28), Labels: make([]uint8, n), Classes: make([]string, 10)}
	for i := range set.Pix {
		set.Pix[i] = uint8(i * 2654435761 >> 13)
	}
	for i := range set.Labels {
		set.Labels[i] = uint8(i % 10)
	}
	return set
}

// A picture of CIFAR's size through the usual augmentation.
func BenchmarkAugment(b *testing.B) {
	x := tensor.Rand(random.New(1), 3, 32, 32)
	jitter := dataset.ColorJitter(dataset.JitterConfig{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4, Hue: 0.1})
	for _, c := range []struct {
		name  string
		chain []dataset.Transform
	}{
		{"crop+flip", []dataset.Transform{dataset.RandomCrop(32, 32, 4), dataset.RandomHorizontalFlip(0.5)}},
		{"crop+flip+jitter", []dataset.Transform{dataset.RandomCrop(32, 32, 4), dataset.RandomHorizontalFlip(0.5), jitter}},
		{"cutout", []dataset.Transform{dataset.Cutout(16)}},
		{"blur", []dataset.Transform{dataset.GaussianBlur(5, 0.1, 2)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := random.New(2)
			for b.Loop() {
				y := x
				for _, f := range c.chain {
					y = f(y, g)
				}
			}
		})
	}
	for name, f := range map[string]dataset.BatchTransform{"mixup": dataset.MixUp(0.2, 10), "cutmix": dataset.CutMix(1, 10)} {
		batch, g := dataset.Batch{X: tensor.Rand(random.New(1), 64, 3, 32, 32), Y: tensor.Of(make([]int64, 64))}, random.New(2)
		b.Run(name+" of 64", func(b *testing.B) {
			for b.Loop() {
				if _, err := f(batch, g); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLoader(b *testing.B) {
	images, err := dataset.NewImages(fashion(), []float64{0.286}, []float64{0.353})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		data dataset.Dataset[dataset.Sample]
	}{
		{"plain", images},
		{"crop", dataset.Augment(images, dataset.RandomCrop(28, 28, 2))},
		{"crop+flip", dataset.Augment(images, dataset.RandomCrop(28, 28, 2), dataset.RandomHorizontalFlip(0.5))},
		{"affine", dataset.Augment(images, dataset.RandomAffine(dataset.AffineConfig{Degrees: 10, Translate: 0.1, MinScale: 0.9, MaxScale: 1.1}))},
	} {
		for _, workers := range []int{0, 1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", c.name, workers), func(b *testing.B) {
				l := dataset.NewBatchLoader(c.data, dataset.LoaderConfig{BatchSize: 64, Shuffle: true, Workers: workers})
				n := 0
				b.ReportAllocs()
				for b.Loop() {
					for batch, err := range l.Epoch(context.Background(), n, 0) {
						if err != nil {
							b.Fatal(err)
						}
						n += batch.Len()
					}
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "images/s")
			})
		}
	}
}
