package vision

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// ROIPool divides each region of x (N, C, H, W) into h by w cells of whole elements and returns their maxima (K, C, h, w)
// (Girshick, Fast R-CNN, 2015). rois (K, 5), of x's dtype, has rows (image, x1, y1, x2, y2), in coordinates that times scale
// are x's; both ends, rounded, belong to the region. Cells outside x are 0. The regions get no gradient. It panics with
// ErrShape, ErrValue or ErrDType on arguments that do not fit and with ErrIndex on an image that x does not have.
func ROIPool(x, rois *tensor.Tensor, h, w int, scale float64) *tensor.Tensor {
	return tensor.Apply(roiPoolOp{checkROI("roi_pool", x, rois, h, w, scale)}, x, rois)[0]
}

type roiPoolOp struct{ roi cpu.ROI }

func (roiPoolOp) Name() string        { return "roi_pool" }
func (roiPoolOp) Reads() tensor.Reads { return tensor.ReadsOut }
func (o roiPoolOp) Infer(c *tensor.Call) {
	s := pooledShape(c, 1, &o.roi)
	c.Output(s, c.SameDType())
	c.Output(s, tensor.Int64)
}
func (o roiPoolOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	rois := regions(c, 1, o.roi.N)
	at := tensor.Slice[int64](c.Y(1))
	if c.In[0].DType() == tensor.Float64 {
		cpu.ROIPool(o.roi, tensor.Slice[float64](c.X(0)), rois, tensor.Slice[float64](c.Y(0)), at)
	} else {
		cpu.ROIPool(o.roi, tensor.Slice[float32](c.X(0)), rois, tensor.Slice[float32](c.Y(0)), at)
	}
	return true
}

// VJP adds each gradient to the element that was the largest; those of empty cells go to one behind the last.
func (o roiPoolOp) VJP(b *tensor.Back) []*tensor.Tensor {
	dy, at := b.Dout(0), b.Out(1)
	s := b.InSpec(0).Shape
	n := s.Numel()
	at = tensor.Where(at.LtScalar(0), tensor.FullLike(at, float64(n)), at).Flatten(0)
	dx := tensor.With(dy.DType()).On(dy.Device()).Zeros(n+1).ScatterAdd(0, at, dy.Flatten(0))
	return b.Give(dx.Narrow(0, 0, n).ReshapeTo(s), nil)
}
