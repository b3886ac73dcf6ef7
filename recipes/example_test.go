package recipes_test

import (
	"fmt"

	"github.com/hadal-go/hadal/recipes"
	_ "github.com/hadal-go/hadal/recipes/all"
)

func ExampleFind() {
	e, err := recipes.Find("lenet")
	if err != nil {
		panic(err)
	}
	fmt.Println(e.Area, e.Name, e.Expect[0].Metric)
	// Output: vision lenet test_accuracy
}
