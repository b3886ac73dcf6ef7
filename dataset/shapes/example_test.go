package shapes_test

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset/shapes"
)

func Example() {
	set := shapes.New(1000, 1, shapes.Config{Most: 4, Background: shapes.Texture})
	s, err := set.At(context.Background(), 0, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Image.Shape(), s.Boxes.Shape(), s.Classes.Shape(), s.Instances.Shape(), s.Keypoints.Shape())
	fmt.Println(s.Caption)
	// Output:
	// (3, 64, 64) (2, 4) (2,) (2, 64, 64) (2, 4, 2)
	// a green circle and a pink triangle
}
