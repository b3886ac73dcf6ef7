package imagefolder_test

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imagefolder"
	"github.com/hadal-go/hadal/dataset/imageset"
)

// Pictures in pets/train/cat, pets/train/dog, pets/test/cat and pets/test/dog, at 64 x 64 pixels.
func Example() {
	ctx := context.Background()
	pets, err := imagefolder.Open(ctx, "pets", imagefolder.Config{Fit: imageset.Fit{Height: 64, Width: 64, Channels: 3, Crop: true}, SkipBad: true})
	if err != nil {
		panic(err)
	}
	for _, bad := range pets.Bad {
		fmt.Println("left out:", bad)
	}
	augmented := dataset.Augment(pets.Train, dataset.RandomHorizontalFlip(0.5), dataset.RandomCrop(64, 64, 4))
	loader := dataset.NewBatchLoader(augmented, dataset.LoaderConfig{BatchSize: 32, Shuffle: true, Workers: 2})
	for batch, err := range loader.Epoch(ctx, 0, 0) {
		if err != nil {
			panic(err)
		}
		fmt.Println(batch.X.Shape(), batch.Y.Shape())
	}
}
