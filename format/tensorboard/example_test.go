package tensorboard_test

import (
	"fmt"
	"os"

	"github.com/hadal-go/hadal/format/tensorboard"
)

// A curve: tensorboard --logdir runs shows it.
func Example() {
	dir, _ := os.MkdirTemp("", "runs")
	defer os.RemoveAll(dir)
	w, err := tensorboard.NewWriter(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	for step := int64(1); step <= 100; step++ {
		if err := w.Scalar("loss", step, 1/float64(step)); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(w.Close())
	// Output: <nil>
}
