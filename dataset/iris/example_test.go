package iris_test

import (
	"fmt"

	"github.com/hadal-go/hadal/dataset/iris"
)

func Example() {
	t := iris.Load()
	fmt.Println(t.X.Shape(), t.Classes)
	// Output: (150, 4) [setosa versicolor virginica]
}
