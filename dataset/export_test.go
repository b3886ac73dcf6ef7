package dataset

import "github.com/hadal-go/hadal/tensor"

// Affine is the core of RandomAffine, whose numbers are random.
var Affine = affine

// Adjust is a step of ColorJitter with a given factor: brightness, contrast, saturation or hue.
func Adjust(x *tensor.Tensor, what string, factor float32) *tensor.Tensor {
	return repaint(x, func(planes []float32, channels int) {
		switch {
		case what == "brightness":
			blend(planes, factor, 0)
		case what == "contrast":
			blend(planes, factor, meanGrey(planes, channels))
		case what == "saturation":
			saturate(planes, factor)
		case what == "hue":
			turnHue(planes, factor)
		}
	})
}
