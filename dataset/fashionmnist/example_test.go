package fashionmnist_test

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset/fashionmnist"
	"github.com/hadal-go/hadal/dataset/source"
)

// The files are found, or downloaded once and kept.
func Example() {
	images, err := fashionmnist.Train(context.Background(), source.Config{})
	if err != nil {
		panic(err)
	}
	fmt.Println(images.N, "pictures of", images.H, "x", images.W, "pixels; the first is a", images.Classes[images.Labels[0]])
}
