package tableset_test

import (
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/dataset/tableset"
)

func ExampleParse() {
	t, err := tableset.Parse(strings.NewReader("2,2,no,yes\n1.5,2,0\n3,4.5,1\n"), []string{"length (cm)", "width (cm)"})
	if err != nil {
		panic(err)
	}
	fmt.Println(t.X.Shape(), t.Classes, t.Y.Floats())
	// Output: (2, 2) [no yes] [0 1]
}
