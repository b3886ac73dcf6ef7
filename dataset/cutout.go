package dataset

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Cutout fills a square of side by side pixels with zeros. Its centre is a random pixel of the picture, so that the square may stand out
// of it (T. DeVries and G. W. Taylor, 2017, Improved regularization of convolutional neural networks with cutout). After Normalize zero
// is the mean colour, as the paper has it.
func Cutout(side int) Transform {
	if side < 1 {
		tensor.Fail("cutout", tensor.ErrValue, nil, "a side of %d pixels must be positive", side)
	}
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		h, w := size("cutout", x)
		if h == 0 || w == 0 {
			return x
		}
		top, left := g.Intn(h)-side/2, g.Intn(w)-side/2
		return repaint(x, func(planes []float32, _ int) {
			for lo := 0; lo < len(planes); lo += h * w {
				for i := max(0, top); i < min(h, top+side); i++ {
					clear(planes[lo+i*w+max(0, left) : lo+i*w+min(w, left+side)])
				}
			}
		})
	}
}
