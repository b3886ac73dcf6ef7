package sets_test

import (
	"fmt"

	"github.com/hadal-go/hadal/dataset/sets"
)

func ExampleFind() {
	_, err := sets.Find("mnist-1e6")
	fmt.Println(err != nil)
	s, err := sets.Find("digits")
	if err != nil {
		panic(err)
	}
	fmt.Println(s.Name)
	// Output:
	// true
	// digits
}
