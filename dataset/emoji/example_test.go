package emoji_test

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset/emoji"
	"github.com/hadal-go/hadal/dataset/source"
)

// The archives are found, or downloaded once and kept. The i-th picture of both styles shows the same emoji.
func Example() {
	ctx := context.Background()
	drawn, err := emoji.Train(ctx, source.Config{})
	if err != nil {
		panic(err)
	}
	otherwise, err := emoji.Test(ctx, source.Config{})
	if err != nil {
		panic(err)
	}
	fmt.Println(drawn.N, "pictures of", drawn.H, "x", drawn.W, "pixels in", len(drawn.Classes), "categories;", drawn.Labels[0] == otherwise.Labels[0])
}
