package vision_test

import (
	"fmt"

	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

// Three detections, two of the same object: the better one stays.
func Example() {
	boxes := tensor.Of([]float32{
		10, 10, 50, 50,
		12, 11, 52, 49,
		80, 20, 99, 60,
	}, 3, 4)
	scores := tensor.Of([]float32{0.6, 0.9, 0.8})
	keep := vision.NMS(boxes, scores, 0.5)
	fmt.Println(keep)
	fmt.Println(boxes.IndexSelect(0, keep))
	fmt.Println(vision.BoxIoU(boxes.Narrow(0, 0, 1), boxes))
	// Output:
	// tensor([1, 2], int64 (2,))
	// tensor([[12, 11, 52, 49], [80, 20, 99, 60]], float32 (2, 4))
	// tensor([[1, 0.86158, 0]], float32 (1, 3))
}

// A region of a feature map as 2 by 2 cells.
func ExampleROIAlign() {
	features := tensor.With(tensor.Float32).Arange(0, 16, 1).Reshape(1, 1, 4, 4)
	regions := tensor.Of([]float32{0, 8, 8, 24, 24}, 1, 5) // of image 0, in pixels; the map's stride is 8
	fmt.Println(vision.ROIAlign(features, regions, 2, 2, vision.ROIAlignConfig{Scale: 1.0 / 8, Aligned: true}))
	// Output:
	// tensor([[[[5, 6], [9, 10]]]], float32 (1, 1, 2, 2))
}
