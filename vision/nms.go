package vision

import (
	"cmp"
	"math"
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// NMS returns the indices, Int64 by falling score, of the boxes (N, 4) that non-maximum suppression keeps: in that order,
// each box unless its intersection over union with one kept before is above the threshold. Of equal scores the lower index
// comes first; NaN comes last. It panics with ErrShape or ErrDType when scores (N) do not fit the boxes and with ErrValue
// unless the threshold lies in [0, 1].
func NMS(boxes, scores *tensor.Tensor, threshold float64) *tensor.Tensor {
	return nms("nms", boxes, scores, nil, threshold)
}

// BatchedNMS is NMS for boxes of several classes, Int64 (N): a box suppresses only others of its class.
func BatchedNMS(boxes, scores, classes *tensor.Tensor, threshold float64) *tensor.Tensor {
	const op = "batched_nms"
	shapes := []tensor.Shape{boxes.Shape(), scores.Shape(), classes.Shape()}
	if classes.DType() != tensor.Int64 {
		tensor.Fail(op, tensor.ErrDType, shapes, "the classes are %v; convert them with To(tensor.Int64)", classes.DType())
	}
	if classes.Shape() != scores.Shape() {
		tensor.Fail(op, tensor.ErrShape, shapes, "the classes must be (N), as many as boxes")
	}
	return nms(op, boxes, scores, tensor.Data[int64](classes.Detach()), threshold)
}

func nms(op string, boxes, scores *tensor.Tensor, classes []int64, threshold float64) *tensor.Tensor {
	b, s := scored(op, boxes, scores)
	checkOverlap(op, threshold)
	kept := map[int64][]int{} // by class
	var keep []int64
	for _, i := range byScore(s) {
		class := int64(0)
		if classes != nil {
			class = classes[i]
		}
		if !slices.ContainsFunc(kept[class], func(k int) bool { return b[k].iou(b[i]) > threshold }) {
			kept[class] = append(kept[class], i)
			keep = append(keep, int64(i))
		}
	}
	return tensor.OfShape(keep, tensor.ShapeOf(len(keep)))
}

// SoftNMSConfig are the options of SoftNMS.
type SoftNMSConfig struct {
	Linear    bool    // scores fall by 1 − IoU where it is above Threshold; default: by exp(−IoU²/Sigma) everywhere
	Threshold float64 // of Linear; 0: 0.3
	Sigma     float64 // 0: 0.5
	MinScore  float64 // boxes whose score falls below are dropped; 0: 0.001
}

// SoftNMS keeps boxes (N, 4) as NMS does but lowers the scores (N) of those that overlap a kept one, instead of dropping
// them (Bodla et al., 2017). It returns the indices, Int64, in the order in which boxes are kept, each the highest score
// left, and these scores, of scores' dtype and not differentiable. It panics as NMS does.
func SoftNMS(boxes, scores *tensor.Tensor, cfg SoftNMSConfig) (indices, softened *tensor.Tensor) {
	const op = "soft_nms"
	b, s := scored(op, boxes, scores)
	orDefault := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	orDefault(&cfg.Threshold, 0.3)
	orDefault(&cfg.Sigma, 0.5)
	orDefault(&cfg.MinScore, 0.001)
	checkOverlap(op, cfg.Threshold)
	if !(cfg.Sigma > 0) || !(cfg.MinScore > 0) {
		tensor.Fail(op, tensor.ErrValue, nil, "sigma %v and the lowest score %v must be positive", cfg.Sigma, cfg.MinScore)
	}
	var left []int
	for i, v := range s {
		if v >= cfg.MinScore {
			left = append(left, i)
		}
	}
	var keep []int64
	var kept []float64
	for len(left) > 0 {
		best := 0
		for k, i := range left {
			if s[i] > s[left[best]] { // the first of equals: left is in order of index
				best = k
			}
		}
		chosen := left[best]
		keep, kept = append(keep, int64(chosen)), append(kept, s[chosen])
		next := left[:0]
		for _, i := range left {
			if i == chosen {
				continue
			}
			switch iou := b[chosen].iou(b[i]); {
			case !cfg.Linear && iou > 0:
				s[i] *= math.Exp(-iou * iou / cfg.Sigma)
			case cfg.Linear && iou > cfg.Threshold:
				s[i] *= 1 - iou
			}
			if s[i] >= cfg.MinScore {
				next = append(next, i)
			}
		}
		left = next
	}
	n := tensor.ShapeOf(len(keep))
	return tensor.OfShape(keep, n), tensor.OfShape(kept, n).To(scores.DType())
}

func checkOverlap(op string, threshold float64) {
	if !(threshold >= 0 && threshold <= 1) {
		tensor.Fail(op, tensor.ErrValue, nil, "the threshold %v of the intersection over union must lie in [0, 1]", threshold)
	}
}

// corners is a box (x1, y1, x2, y2).
type corners [4]float64

func (a corners) area() float64 { return (a[2] - a[0]) * (a[3] - a[1]) }

// iou is the boxes' intersection over union, NaN for two without area.
func (a corners) iou(b corners) float64 {
	inter := max(0, min(a[2], b[2])-max(a[0], b[0])) * max(0, min(a[3], b[3])-max(a[1], b[1]))
	return inter / (a.area() + b.area() - inter)
}

// scored returns the boxes and scores after checking that they fit.
func scored(op string, boxes, scores *tensor.Tensor) (b []corners, s []float64) {
	shapes := []tensor.Shape{boxes.Shape(), scores.Shape()}
	if boxes.Rank() != 2 || boxes.Dim(1) != 4 || scores.Shape() != tensor.ShapeOf(boxes.Dim(0)) {
		tensor.Fail(op, tensor.ErrShape, shapes, "the boxes must be (N, 4) and the scores (N)")
	}
	if !boxes.DType().IsFloat() || !scores.DType().IsFloat() {
		tensor.Fail(op, tensor.ErrDType, shapes, "the boxes are %v and the scores %v; convert with To(tensor.Float32)", boxes.DType(), scores.DType())
	}
	v := boxes.Floats()
	b = make([]corners, len(v)/4)
	for i := range b {
		b[i] = corners(v[4*i : 4*i+4])
	}
	return b, scores.Floats()
}

// byScore returns the indices by falling score, equal ones in their order, NaN last.
func byScore(s []float64) []int {
	order := make([]int, len(s))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(s[j], s[i]) })
	return order
}
