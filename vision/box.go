package vision

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// BoxFormat says what the four numbers of a box are.
type BoxFormat uint8

// The formats, as torchvision names them.
const (
	XYXY   BoxFormat = iota // left, top, right, bottom
	XYWH                    // left, top, width, height
	CXCYWH                  // centre, width, height
)

// sides are the coordinates of boxes, each a tensor.
type sides struct{ x1, y1, x2, y2 *tensor.Tensor }

func sidesOf(boxes *tensor.Tensor) sides {
	return sides{boxes.Select(-1, 0), boxes.Select(-1, 1), boxes.Select(-1, 2), boxes.Select(-1, 3)}
}

func (s sides) boxes() *tensor.Tensor { return tensor.Stack(s.x1.Rank(), s.x1, s.y1, s.x2, s.y2) }

// column returns sides (N, 1), which broadcast against (M) to all pairs.
func (s sides) column() sides {
	return sides{s.x1.Unsqueeze(1), s.y1.Unsqueeze(1), s.x2.Unsqueeze(1), s.y2.Unsqueeze(1)}
}

func (s sides) width() *tensor.Tensor  { return s.x2.Sub(s.x1) }
func (s sides) height() *tensor.Tensor { return s.y2.Sub(s.y1) }
func (s sides) area() *tensor.Tensor   { return s.width().Mul(s.height()) }

// hull is the smallest box around two.
func (s sides) hull(t sides) sides {
	return sides{s.x1.Minimum(t.x1), s.y1.Minimum(t.y1), s.x2.Maximum(t.x2), s.y2.Maximum(t.y2)}
}

// overlap returns the areas of intersection and union.
func (s sides) overlap(t sides) (inter, union *tensor.Tensor) {
	w := s.x2.Minimum(t.x2).Sub(s.x1.Maximum(t.x1)).ClampMin(0)
	h := s.y2.Minimum(t.y2).Sub(s.y1.Maximum(t.y1)).ClampMin(0)
	inter = w.Mul(h)
	return inter, s.area().Add(t.area()).Sub(inter)
}

func checkBoxes(op string, boxes *tensor.Tensor) {
	if boxes.Rank() < 1 || boxes.Dim(-1) != 4 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{boxes.Shape()}, "boxes must be (..., 4)")
	}
	checkFloat(op, boxes)
}

func checkFloat(op string, ts ...*tensor.Tensor) {
	var shapes []tensor.Shape
	for _, t := range ts {
		shapes = append(shapes, t.Shape())
	}
	for _, t := range ts {
		if !t.DType().IsFloat() || t.DType() != ts[0].DType() {
			tensor.Fail(op, tensor.ErrDType, shapes, "boxes must be of one floating-point type, not %v and %v; convert with To(tensor.Float32)", ts[0].DType(), t.DType())
		}
	}
}

// checkPair refuses two lists that are not (N, 4) and (M, 4), or (N, 4) both if same.
func checkPair(op string, a, b *tensor.Tensor, same bool) {
	shapes := []tensor.Shape{a.Shape(), b.Shape()}
	if a.Rank() != 2 || b.Rank() != 2 || a.Dim(1) != 4 || b.Dim(1) != 4 || same && a.Dim(0) != b.Dim(0) {
		want := "boxes must be (N, 4) and (M, 4)"
		if same {
			want = "boxes must be (N, 4) both"
		}
		tensor.Fail(op, tensor.ErrShape, shapes, "%s", want)
	}
	checkFloat(op, a, b)
}

// ConvertBoxes returns boxes (..., 4) in another format. It panics with ErrShape on another shape and with ErrValue on an
// unknown format.
func ConvertBoxes(boxes *tensor.Tensor, from, to BoxFormat) *tensor.Tensor {
	const op = "convert_boxes"
	checkBoxes(op, boxes)
	if from > CXCYWH || to > CXCYWH {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{boxes.Shape()}, "there is no format %d", max(from, to))
	}
	if from == to {
		return boxes
	}
	s := sidesOf(boxes)
	if a, b, w, h := s.x1, s.y1, s.x2, s.y2; from == XYWH {
		s = sides{a, b, a.Add(w), b.Add(h)}
	} else if from == CXCYWH {
		w, h = w.MulScalar(0.5), h.MulScalar(0.5)
		s = sides{a.Sub(w), b.Sub(h), a.Add(w), b.Add(h)}
	}
	switch to {
	case XYWH:
		s = sides{s.x1, s.y1, s.width(), s.height()}
	case CXCYWH:
		s = sides{s.x1.Add(s.x2).MulScalar(0.5), s.y1.Add(s.y2).MulScalar(0.5), s.width(), s.height()}
	}
	return s.boxes()
}

// BoxArea returns the areas (...) of boxes (..., 4).
func BoxArea(boxes *tensor.Tensor) *tensor.Tensor {
	checkBoxes("box_area", boxes)
	return sidesOf(boxes).area()
}

// ClipBoxes returns boxes (..., 4) cut off at the edges of an image.
func ClipBoxes(boxes *tensor.Tensor, height, width int) *tensor.Tensor {
	checkBoxes("clip_boxes", boxes)
	if height < 0 || width < 0 {
		tensor.Fail("clip_boxes", tensor.ErrValue, []tensor.Shape{boxes.Shape()}, "the image's size (%d, %d) must not be negative", height, width)
	}
	s, h, w := sidesOf(boxes), float64(height), float64(width)
	return sides{s.x1.Clamp(0, w), s.y1.Clamp(0, h), s.x2.Clamp(0, w), s.y2.Clamp(0, h)}.boxes()
}

// BoxIoU returns the intersection over union (N, M) of all pairs of boxes a (N, 4) and b (M, 4), NaN for two without area.
// It panics with ErrShape or ErrDType on other inputs.
func BoxIoU(a, b *tensor.Tensor) *tensor.Tensor {
	checkPair("box_iou", a, b, false)
	inter, union := sidesOf(a).column().overlap(sidesOf(b))
	return inter.Div(union)
}

// GeneralizedBoxIoU returns IoU − (|hull| − |union|)/|hull| (N, M) of all pairs of boxes a (N, 4) and b (M, 4), the hull
// being the smallest box around both (Rezatofighi et al., 2019). It panics as BoxIoU does.
func GeneralizedBoxIoU(a, b *tensor.Tensor) *tensor.Tensor {
	checkPair("generalized_box_iou", a, b, false)
	s, t := sidesOf(a).column(), sidesOf(b)
	inter, union := s.overlap(t)
	hull := s.hull(t).area()
	return inter.Div(union).Sub(hull.Sub(union).Div(hull))
}

// tiny keeps denominators from 0, as torchvision's do.
const tiny = 1e-7

// DistanceBoxIoU returns IoU − ρ²/(c² + 1e-7) (N, M) of all pairs of boxes a (N, 4) and b (M, 4), ρ being the distance of the
// centres and c the diagonal of the smallest box around both (Zheng et al., 2020). It panics as BoxIoU does.
func DistanceBoxIoU(a, b *tensor.Tensor) *tensor.Tensor {
	checkPair("distance_box_iou", a, b, false)
	d, _ := distanceIoU(sidesOf(a).column(), sidesOf(b))
	return d
}

func distanceIoU(s, t sides) (d, iou *tensor.Tensor) {
	inter, union := s.overlap(t)
	iou = inter.Div(union)
	hull := s.hull(t)
	diagonal := hull.width().Square().Add(hull.height().Square()).AddScalar(tiny)
	dx := s.x1.Add(s.x2).Sub(t.x1.Add(t.x2)).MulScalar(0.5)
	dy := s.y1.Add(s.y2).Sub(t.y1.Add(t.y2)).MulScalar(0.5)
	return iou.Sub(dx.Square().Add(dy.Square()).Div(diagonal)), iou
}

// CompleteBoxIoU returns DistanceBoxIoU − α·v (N, M), which counts how the shapes differ too: v = 4/π²·(atan(wₐ/hₐ) −
// atan(w_b/h_b))² and α = v/(1 − IoU + v + 1e-7), a constant to gradients (Zheng et al., 2020). It panics as BoxIoU does.
func CompleteBoxIoU(a, b *tensor.Tensor) *tensor.Tensor {
	checkPair("complete_box_iou", a, b, false)
	s, t := sidesOf(a).column(), sidesOf(b)
	d, iou := distanceIoU(s, t)
	v := s.width().Div(s.height()).Atan().Sub(t.width().Div(t.height()).Atan()).Square().MulScalar(fourByPiSquared)
	rest := v.Sub(iou).AddScalar(1 + tiny)
	return d.Sub(v.Detach().Div(rest.Detach()).Mul(v))
}

const fourByPiSquared = 4 / (math.Pi * math.Pi)

// GeneralizedBoxIoULoss returns 1 − GIoU (N) of each predicted box (N, 4) and its target (N, 4), with 1e-7 added to the
// denominators (Rezatofighi et al., 2019). It panics as BoxIoU does, also when the lists differ in length.
func GeneralizedBoxIoULoss(pred, target *tensor.Tensor) *tensor.Tensor {
	checkPair("generalized_box_iou_loss", pred, target, true)
	s, t := sidesOf(pred), sidesOf(target)
	inter, union := s.overlap(t)
	hull := s.hull(t).area()
	giou := inter.Div(union.AddScalar(tiny)).Sub(hull.Sub(union).Div(hull.AddScalar(tiny)))
	return giou.RSubScalar(1)
}
