package vision

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// ROIAlignConfig are the options of ROIAlign.
type ROIAlignConfig struct {
	Scale    float64 // from the regions' coordinates to the input's; 0: 1
	Sampling int     // samples of a cell along each axis; 0: as many as it has elements, rounded up
	// Aligned shifts the regions by half a pixel, so that coordinates are of pixels' edges as elsewhere, and lets regions be
	// smaller than a pixel.
	Aligned bool
}

// ROIAlign divides each region of x (N, C, H, W) into h by w cells and returns the means (K, C, h, w) of evenly spaced
// samples of each, interpolated linearly (He et al., Mask R-CNN, 2017). rois (K, 5), of x's dtype, has rows (image, x1, y1,
// x2, y2). Samples more than a pixel outside x are 0. The regions get no gradient. It panics as ROIPool does.
func ROIAlign(x, rois *tensor.Tensor, h, w int, cfg ROIAlignConfig) *tensor.Tensor {
	if cfg.Scale == 0 {
		cfg.Scale = 1
	}
	g := checkROI("roi_align", x, rois, h, w, cfg.Scale)
	if cfg.Sampling < 0 {
		tensor.Fail("roi_align", tensor.ErrValue, []tensor.Shape{x.Shape(), rois.Shape()}, "the sampling ratio %d must not be negative", cfg.Sampling)
	}
	g.Sampling, g.Aligned = cfg.Sampling, cfg.Aligned
	return tensor.Apply1(roiAlignOp{g}, x, rois)
}

// roiAlignOp and roiAlignGradOp are linear in their first input and each other's transposes there.
type roiAlignOp struct{ roi cpu.ROI }

func (roiAlignOp) Name() string           { return "roi_align" }
func (roiAlignOp) Reads() tensor.Reads    { return tensor.ReadsIn(1) }
func (o roiAlignOp) Infer(c *tensor.Call) { c.Output(pooledShape(c, 1, &o.roi), c.SameDType()) }
func (o roiAlignOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	rois := regions(c, 1, o.roi.N)
	if c.In[0].DType() == tensor.Float64 {
		cpu.ROIAlign(o.roi, tensor.Slice[float64](c.X(0)), rois, tensor.Slice[float64](c.Y(0)))
	} else {
		cpu.ROIAlign(o.roi, tensor.Slice[float32](c.X(0)), rois, tensor.Slice[float32](c.Y(0)))
	}
	return true
}
func (o roiAlignOp) VJP(b *tensor.Back) []*tensor.Tensor {
	return b.Give(tensor.Apply1(roiAlignGradOp(o), b.Dout(0), b.In(1)), nil)
}

type roiAlignGradOp struct{ roi cpu.ROI }

func (roiAlignGradOp) Name() string        { return "roi_align_grad" }
func (roiAlignGradOp) Reads() tensor.Reads { return tensor.ReadsIn(1) }
func (o roiAlignGradOp) Infer(c *tensor.Call) {
	c.Output(tensor.ShapeOf(o.roi.N, o.roi.C, o.roi.H, o.roi.W), c.SameDType())
}
func (o roiAlignGradOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	rois := regions(c, 1, o.roi.N)
	if c.In[0].DType() == tensor.Float64 {
		cpu.ROIAlignGrad(o.roi, tensor.Slice[float64](c.X(0)), rois, tensor.Slice[float64](c.Y(0)))
	} else {
		cpu.ROIAlignGrad(o.roi, tensor.Slice[float32](c.X(0)), rois, tensor.Slice[float32](c.Y(0)))
	}
	return true
}
func (o roiAlignGradOp) VJP(b *tensor.Back) []*tensor.Tensor {
	return b.Give(tensor.Apply1(roiAlignOp(o), b.Dout(0), b.In(1)), nil)
}
