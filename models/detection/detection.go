// Package detection holds detectors, networks that find objects on pictures, each with a box, a class and a score: SSD, which reads them
// off its feature maps in one stage, and Faster R-CNN, which first proposes regions and then looks into each. What they compute is
// torchvision's; they are small by default, for pictures of about 64 x 64 pixels, and take other backbones. A Localizer is for pictures of
// one object.
//
// A detector trains on its losses and is asked in inference mode:
//
//	model := detection.NewSSD(g, detection.SSDConfig{Classes: 3})
//	detection.Total(model.Losses(batch.X, batch.Targets)).Backward()
//	found := nn.Eval(model).Detect(x, detection.DetectConfig{})
//
// Boxes are (x1, y1, x2, y2) in pixels of the pictures; pixel (x, y) covers [x, x+1) by [y, y+1). Classes count from 0.
package detection

import (
	"cmp"
	"slices"

	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

// Detector is a network that finds objects.
type Detector interface {
	// Losses returns the parts of the training loss on pictures (N, C, H, W) with what is in each.
	Losses(x *tensor.Tensor, targets []Target) []Loss
	// Detect returns what is found on each of the pictures (N, C, H, W). Call it on nn.Eval(detector).
	Detect(x *tensor.Tensor, cfg DetectConfig) []Detections
}

// Target is what is in a picture.
type Target struct {
	Boxes   *tensor.Tensor // (n, 4) float32
	Classes *tensor.Tensor // (n,) int64
}

// Loss is a part of the loss, a scalar tensor, under its name.
type Loss struct {
	Name  string
	Value *tensor.Tensor
}

// Total returns the sum of the parts.
func Total(losses []Loss) *tensor.Tensor {
	sum := losses[0].Value
	for _, l := range losses[1:] {
		sum = sum.Add(l.Value)
	}
	return sum
}

// Detections are the objects found on a picture, by falling score.
type Detections struct {
	Boxes   *tensor.Tensor // (n, 4) float32
	Scores  *tensor.Tensor // (n,) float32, from 0 to 1
	Classes *tensor.Tensor // (n,) int64
}

// Metrics returns the detections as metrics.DetectionAP takes them.
func (d Detections) Metrics() []metrics.Detection {
	boxes, scores := d.Boxes.Floats(), d.Scores.Floats()
	list := make([]metrics.Detection, len(scores))
	for i, class := range tensor.Data[int64](d.Classes) {
		list[i] = metrics.Detection{Box: metrics.Box(boxes[4*i : 4*i+4]), Class: int(class), Score: scores[i]}
	}
	return list
}

// Metrics returns the objects as metrics.DetectionAP takes them.
func (t Target) Metrics() []metrics.Object {
	boxes, classes := t.Boxes.Floats(), tensor.Data[int64](t.Classes)
	list := make([]metrics.Object, len(classes))
	for i, class := range classes {
		list[i] = metrics.Object{Box: metrics.Box(boxes[4*i : 4*i+4]), Class: int(class)}
	}
	return list
}

// DetectConfig are the options of Detect.
type DetectConfig struct {
	MinScore *float64 // boxes with a larger score are kept; nil: 0.05, of an SSD 0.01, of a Localizer 0
	NMS      float64  // threshold of non-maximum suppression within a class; 0: 0.5, or 0.45 of an SSD
	Most     int      // boxes on a picture; 0: 100, or 200 of an SSD
}

func (c DetectConfig) withDefaults(op string, score, nms float64, most int) DetectConfig {
	if c.MinScore == nil {
		c.MinScore = &score
	}
	if c.NMS == 0 {
		c.NMS = nms
	}
	if c.Most == 0 {
		c.Most = most
	}
	if !(*c.MinScore >= 0 && *c.MinScore <= 1) || !(c.NMS >= 0 && c.NMS <= 1) || c.Most < 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "the lowest score %v and the threshold %v must lie in [0, 1], and the most boxes, %d, not be negative", *c.MinScore, c.NMS, c.Most)
	}
	return c
}

// minSide is the length of a side, in pixels, below which boxes are dropped.
const minSide = 0.01

// candidates is how many boxes of a class go into suppression: those of the largest scores.
const candidates = 400

// choose returns the detections among boxes (A, 4), or (A, K, 4) with one for each class, of probabilities (A, K+1), column 0 that of
// background: those of a higher score than cfg.MinScore, clipped to the picture, after suppression.
func choose(boxes, probs *tensor.Tensor, h, w int, cfg DetectConfig) Detections {
	k := probs.Dim(1) - 1
	v, p := vision.ClipBoxes(boxes, h, w).Floats(), probs.Floats()
	perClass := boxes.Rank() == 3
	var keptBoxes, keptScores []float32
	var keptClasses []int64
	for class := range k {
		var above []int // anchors
		for i := range probs.Dim(0) {
			b := i
			if perClass {
				b = i*k + class
			}
			if p[i*(k+1)+class+1] > *cfg.MinScore && v[4*b+2]-v[4*b] >= minSide && v[4*b+3]-v[4*b+1] >= minSide {
				above = append(above, i)
			}
		}
		slices.SortStableFunc(above, func(i, j int) int { return cmp.Compare(p[j*(k+1)+class+1], p[i*(k+1)+class+1]) })
		for _, i := range above[:min(len(above), candidates)] {
			b := i
			if perClass {
				b = i*k + class
			}
			for _, x := range v[4*b : 4*b+4] {
				keptBoxes = append(keptBoxes, float32(x))
			}
			keptScores, keptClasses = append(keptScores, float32(p[i*(k+1)+class+1])), append(keptClasses, int64(class))
		}
	}
	n := len(keptScores)
	d := Detections{tensor.OfShape(keptBoxes, tensor.ShapeOf(n, 4)), tensor.OfShape(keptScores, tensor.ShapeOf(n)), tensor.OfShape(keptClasses, tensor.ShapeOf(n))}
	keep := vision.BatchedNMS(d.Boxes, d.Scores, d.Classes, cfg.NMS)
	keep = keep.Narrow(0, 0, min(keep.Dim(0), cfg.Most))
	return Detections{d.Boxes.IndexSelect(0, keep), d.Scores.IndexSelect(0, keep), d.Classes.IndexSelect(0, keep)}
}

// checkInput refuses what is not pictures (N, C, H, W) and a target for each.
func checkInput(op string, x *tensor.Tensor, targets []Target, classes int) {
	if x.Rank() != 4 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "pictures must be (N, C, H, W)")
	}
	if len(targets) != x.Dim(0) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "there are %d targets for %d pictures", len(targets), x.Dim(0))
	}
	for i, t := range targets {
		if t.Boxes.Rank() != 2 || t.Boxes.Dim(1) != 4 || t.Classes.Rank() != 1 || t.Classes.Dim(0) != t.Boxes.Dim(0) {
			tensor.Fail(op, tensor.ErrShape, []tensor.Shape{t.Boxes.Shape(), t.Classes.Shape()}, "picture %d: the boxes must be (n, 4) and the classes (n)", i)
		}
		if t.Boxes.DType() != x.DType() || t.Classes.DType() != tensor.Int64 {
			tensor.Fail(op, tensor.ErrDType, nil, "picture %d: the boxes are %v and the classes %v, want %v and int64", i, t.Boxes.DType(), t.Classes.DType(), x.DType())
		}
		v := t.Boxes.Floats()
		for k, class := range tensor.Data[int64](t.Classes) {
			if class < 0 || class >= int64(classes) {
				tensor.Fail(op, tensor.ErrIndex, nil, "picture %d: object %d is of class %d, not in [0, %d)", i, k, class, classes)
			}
			if b := v[4*k : 4*k+4]; !(b[0] < b[2] && b[1] < b[3]) || b[0]-b[0]+b[1]-b[1]+b[2]-b[2]+b[3]-b[3] != 0 {
				tensor.Fail(op, tensor.ErrValue, nil, "picture %d: box %d is %v, want finite x1 < x2 and y1 < y2", i, k, b)
			}
		}
	}
}

// checkPictures refuses what is not pictures (N, C, H, W).
func checkPictures(op string, x *tensor.Tensor) {
	if x.Rank() != 4 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "pictures must be (N, C, H, W)")
	}
}

// gathered are the boxes and classes that anchors of one picture were matched with, and where.
type gathered struct {
	at      []int64 // rows
	boxes   []float64
	classes []int64
}

// add appends row i, matched with object k of the target whose data these are.
func (g *gathered) add(i int64, k int64, boxes []float64, classes []int64) {
	g.at = append(g.at, i)
	g.boxes = append(g.boxes, boxes[4*k:4*k+4]...)
	g.classes = append(g.classes, classes[k])
}

// tensors returns the rows (n) and the boxes (n, 4) in the given type.
func (g *gathered) tensors(d tensor.DType) (at, boxes *tensor.Tensor) {
	n := len(g.at)
	return tensor.OfShape(g.at, tensor.ShapeOf(n)), tensor.OfShape(g.boxes, tensor.ShapeOf(n, 4)).To(d)
}
