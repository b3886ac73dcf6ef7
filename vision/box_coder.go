package vision

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// BoxCoder writes boxes as offsets from anchors, which detectors predict: for centres (x, y) and sizes (w, h),
// ((x − xₐ)/wₐ, (y − yₐ)/hₐ, log(w/wₐ), log(h/hₐ)) times Weights (Girshick, 2014; Ren et al., Faster R-CNN, 2015).
type BoxCoder struct {
	Weights [4]float64 // all zero: ones
	MaxLog  float64    // Decode takes larger logarithms of sizes for this; 0: log(1000/16)
}

// Encode returns the offsets (N, 4) of boxes (N, 4) from anchors (N, 4). It panics with ErrShape or ErrDType on other inputs.
func (c BoxCoder) Encode(boxes, anchors *tensor.Tensor) *tensor.Tensor {
	checkPair("encode_boxes", boxes, anchors, true)
	b, a, w := sidesOf(boxes), sidesOf(anchors), c.weights("encode_boxes")
	offset := func(b1, b2, a1, a2 *tensor.Tensor, w float64) *tensor.Tensor {
		return b1.Add(b2).Sub(a1.Add(a2)).MulScalar(0.5).Div(a2.Sub(a1)).MulScalar(w)
	}
	return sides{
		offset(b.x1, b.x2, a.x1, a.x2, w[0]),
		offset(b.y1, b.y2, a.y1, a.y2, w[1]),
		b.width().Div(a.width()).Log().MulScalar(w[2]),
		b.height().Div(a.height()).Log().MulScalar(w[3]),
	}.boxes()
}

// Decode returns the boxes that offsets (N, 4), or (N, K, 4) for K classes, from anchors (N, 4) stand for, of the offsets'
// shape. It panics with ErrShape or ErrDType on other inputs.
func (c BoxCoder) Decode(offsets, anchors *tensor.Tensor) *tensor.Tensor {
	const op = "decode_boxes"
	if r := offsets.Rank(); (r != 2 && r != 3) || offsets.Dim(-1) != 4 || anchors.Shape() != tensor.ShapeOf(offsets.Dim(0), 4) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{offsets.Shape(), anchors.Shape()}, "the offsets must be (N, 4) or (N, K, 4) and the anchors (N, 4)")
	}
	checkFloat(op, offsets, anchors)
	w, most := c.weights(op), c.MaxLog
	if most == 0 {
		most = math.Log(1000.0 / 16)
	}
	o, a := sidesOf(offsets), sidesOf(anchors)
	if offsets.Rank() == 3 {
		a = a.column()
	}
	ends := func(d, size, a1, a2 *tensor.Tensor, wd, ws float64) (lo, hi *tensor.Tensor) {
		length := a2.Sub(a1)
		centre := d.DivScalar(wd).Mul(length).Add(a1.Add(length.MulScalar(0.5)))
		half := size.DivScalar(ws).ClampMax(most).Exp().Mul(length).MulScalar(0.5)
		return centre.Sub(half), centre.Add(half)
	}
	var s sides
	s.x1, s.x2 = ends(o.x1, o.x2, a.x1, a.x2, w[0], w[2])
	s.y1, s.y2 = ends(o.y1, o.y2, a.y1, a.y2, w[1], w[3])
	return s.boxes()
}

func (c BoxCoder) weights(op string) [4]float64 {
	if c.Weights == [4]float64{} {
		return [4]float64{1, 1, 1, 1}
	}
	for _, w := range c.Weights {
		if !(w > 0) || math.IsInf(w, 0) {
			tensor.Fail(op, tensor.ErrValue, nil, "the weights %v must be positive", c.Weights)
		}
	}
	return c.Weights
}
