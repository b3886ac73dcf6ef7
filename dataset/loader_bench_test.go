package dataset_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
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
