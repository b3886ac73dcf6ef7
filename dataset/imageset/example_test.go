package imageset_test

import (
	"fmt"

	"github.com/hadal-go/hadal/dataset/imageset"
)

func ExampleImages() {
	m := &imageset.Images{N: 3, H: 1, W: 2, C: 1, Max: 255, Pix: []uint8{0, 255, 10, 20, 30, 40}, Labels: []uint8{1, 0, 1}, Classes: []string{"dark", "bright"}}
	s := m.Subset([]int{2, 0})
	for i := range s.N {
		fmt.Println(s.Image(i), s.Classes[s.Labels[i]])
	}
	// Output:
	// [30 40] bright
	// [0 255] bright
}
