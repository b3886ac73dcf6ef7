package breastcancer_test

import (
	"fmt"

	"github.com/hadal-go/hadal/dataset/breastcancer"
)

func Example() {
	t := breastcancer.Load()
	fmt.Println(t.X.Shape(), t.Classes)
	// Output: (569, 30) [malignant benign]
}
