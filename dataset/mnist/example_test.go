package mnist_test

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset/mnist"
	"github.com/hadal-go/hadal/dataset/source"
)

// The files are found, or downloaded once and kept.
func Example() {
	images, err := mnist.Test(context.Background(), source.Config{})
	if err != nil {
		panic(err)
	}
	fmt.Println(images.N, "pictures of", images.H, "x", images.W, "pixels; the first is a", images.Classes[images.Labels[0]])
}
