package vision

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// checkROI checks the inputs x and rois of a pooling of regions and returns the part of its options that their shapes give.
func checkROI(op string, x, rois *tensor.Tensor, h, w int, scale float64) cpu.ROI {
	fail := func(kind tensor.Kind, format string, args ...any) {
		tensor.Fail(op, kind, []tensor.Shape{x.Shape(), rois.Shape()}, format, args...)
	}
	if x.Rank() != 4 {
		fail(tensor.ErrShape, "the input must be (N, C, H, W)")
	}
	if rois.Rank() != 2 || rois.Dim(1) != 5 {
		fail(tensor.ErrShape, "the regions must be (K, 5): image, x1, y1, x2, y2")
	}
	if x.Dim(2) < 1 || x.Dim(3) < 1 {
		fail(tensor.ErrShape, "the input's sizes must be positive")
	}
	if h < 1 || w < 1 {
		fail(tensor.ErrValue, "the output sizes (%d, %d) must be positive", h, w)
	}
	if !(scale > 0) || math.IsInf(scale, 0) {
		fail(tensor.ErrValue, "the scale %v must be positive", scale)
	}
	return cpu.ROI{N: x.Dim(0), C: x.Dim(1), H: x.Dim(2), W: x.Dim(3), OH: h, OW: w, Scale: scale}
}

// regions returns the data of input i: rows (image, x1, y1, x2, y2), checked against n images.
func regions(c *tensor.Call, i, n int) []float64 {
	rois := c.In[i].Floats()
	for k, v := range rois {
		switch {
		case k%5 != 0 && (v-v != 0):
			c.Fail(tensor.ErrValue, "coordinate %d of region %d is %v", k%5-1, k/5, v)
		case k%5 == 0 && !(v >= 0 && v < float64(n) && v == math.Trunc(v)):
			c.Fail(tensor.ErrIndex, "region %d is of image %v; there are %d", k/5, v, n)
		}
	}
	return rois
}

// pooledShape is the shape of the cells of the regions in input i.
func pooledShape(c *tensor.Call, i int, g *cpu.ROI) tensor.Shape {
	return tensor.ShapeOf(c.In[i].Dim(0), g.C, g.OH, g.OW)
}
