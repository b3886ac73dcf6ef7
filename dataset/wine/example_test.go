package wine_test

import (
	"fmt"

	"github.com/hadal-go/hadal/dataset/wine"
)

func Example() {
	t := wine.Load()
	fmt.Println(t.X.Shape(), t.Classes)
	// Output: (178, 13) [class_0 class_1 class_2]
}
