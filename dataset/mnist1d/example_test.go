package mnist1d_test

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset/mnist1d"
	"github.com/hadal-go/hadal/dataset/source"
)

// The set is looked for in $HADAL_DATA and in the cache.
func ExampleTrain() {
	train, err := mnist1d.Train(context.Background(), source.Config{})
	if err != nil {
		fmt.Println(err) // where it was looked for, and where to put it
		return
	}
	fmt.Println(train.X.Shape(), train.Y.Shape()) // (4000, 40) (4000)
}
