package vision_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
	"pgregory.net/rapid"
)

func refuses(t *testing.T, kind tensor.Kind, words string, f func()) {
	t.Helper()
	err := tensor.Catch(f)
	if !errors.Is(err, kind) || !strings.Contains(fmt.Sprint(err), words) {
		t.Errorf("got %v, want %q naming %q", err, kind, words)
	}
}

// randomBoxes returns n boxes (x1, y1, x2, y2) in an image of 10 by 10, and their numbers.
func randomBoxes(r *rapid.T, g *random.Generator, what string) *tensor.Tensor {
	n := rapid.IntRange(0, 6).Draw(r, what)
	at := tensor.With(tensor.Float64).Rand(g, n, 2).MulScalar(8)
	return tensor.Concat(1, at, at.Add(tensor.With(tensor.Float64).Rand(g, n, 2).MulScalar(4).AddScalar(0.01)))
}

// TestBoxIoUProperty compares overlaps with their definition, and checks GIoU <= IoU, DIoU <= IoU, CIoU <= DIoU and their ranges.
func TestBoxIoUProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := random.New(rapid.Uint64().Draw(r, "seed"))
		a, b := randomBoxes(r, g, "a"), randomBoxes(r, g, "b")
		iou, giou, diou, ciou := vision.BoxIoU(a, b).Floats(), vision.GeneralizedBoxIoU(a, b).Floats(), vision.DistanceBoxIoU(a, b).Floats(), vision.CompleteBoxIoU(a, b).Floats()
		va, vb := a.Floats(), b.Floats()
		for i := range a.Dim(0) {
			for j := range b.Dim(0) {
				p, q, k := va[4*i:4*i+4], vb[4*j:4*j+4], i*b.Dim(0)+j
				side := func(d int) float64 { return max(0, min(p[d+2], q[d+2])-max(p[d], q[d])) }
				inter := side(0) * side(1)
				union := (p[2]-p[0])*(p[3]-p[1]) + (q[2]-q[0])*(q[3]-q[1]) - inter
				if want := inter / union; math.Abs(iou[k]-want) > 1e-12 {
					r.Fatalf("IoU of %v and %v is %v, want %v", p, q, iou[k], want)
				}
				if giou[k] > iou[k]+1e-12 || giou[k] < -1 || diou[k] > iou[k]+1e-12 || diou[k] < -1 || ciou[k] > diou[k]+1e-12 || ciou[k] < -1.5 {
					r.Fatalf("IoU %v, GIoU %v, DIoU %v, CIoU %v", iou[k], giou[k], diou[k], ciou[k])
				}
			}
		}
	})
}

func TestBoxRoundTrips(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := random.New(rapid.Uint64().Draw(r, "seed"))
		b := randomBoxes(r, g, "boxes")
		same := func(what string, got *tensor.Tensor) {
			if !tensor.AllClose(got, b, 1e-12, 1e-12, false) {
				r.Fatalf("%s: %v, want %v", what, got, b)
			}
		}
		for _, f := range []vision.BoxFormat{vision.XYXY, vision.XYWH, vision.CXCYWH} {
			same(fmt.Sprint("format ", f), vision.ConvertBoxes(vision.ConvertBoxes(b, vision.XYXY, f), f, vision.XYXY))
		}
		anchors := tensor.Concat(1, tensor.With(tensor.Float64).Rand(g, b.Dim(0), 2), tensor.With(tensor.Float64).Rand(g, b.Dim(0), 2).AddScalar(2))
		coder := vision.BoxCoder{Weights: [4]float64{10, 10, 5, 5}}
		same("coder", coder.Decode(coder.Encode(b, anchors), anchors))
	})
}

func TestBoxDetails(t *testing.T) {
	empty := tensor.Of([]float64{1, 1, 1, 1}, 1, 4)
	if v := vision.BoxIoU(empty, empty).Item(); v == v {
		t.Errorf("the IoU of two boxes without area is %v, want NaN", v)
	}
	if v := vision.GeneralizedBoxIoULoss(empty, empty).Item(); v != 1 {
		t.Errorf("the loss of two boxes without area is %v, want 1", v)
	}
	// A huge logarithm is cut to log(1000/16): the box is 62.5 anchors wide, around its centre.
	anchor := tensor.Of([]float64{0, 0, 2, 2}, 1, 4)
	wide := vision.BoxCoder{}.Decode(tensor.Of([]float64{0, 0, 1e9, 0}, 1, 4), anchor).Floats()
	for i, want := range []float64{1 - 62.5, 0, 1 + 62.5, 2} {
		if math.Abs(wide[i]-want) > 1e-12 {
			t.Errorf("coordinate %d is %v, want %v", i, wide[i], want)
		}
	}
	if a := vision.BoxArea(tensor.Of([]float32{0, 0, 2, 3, 1, 1, 2, 2}, 2, 1, 4)); a.Shape() != tensor.ShapeOf(2, 1) || a.Floats()[0] != 6 {
		t.Errorf("areas %v", a)
	}
}

func TestBoxBadArguments(t *testing.T) {
	b, bad := tensor.Zeros(3, 4), tensor.Zeros(3, 5)
	for op, f := range map[string]func(a, b *tensor.Tensor){
		"box_iou":                  func(a, b *tensor.Tensor) { vision.BoxIoU(a, b) },
		"generalized_box_iou":      func(a, b *tensor.Tensor) { vision.GeneralizedBoxIoU(a, b) },
		"distance_box_iou":         func(a, b *tensor.Tensor) { vision.DistanceBoxIoU(a, b) },
		"complete_box_iou":         func(a, b *tensor.Tensor) { vision.CompleteBoxIoU(a, b) },
		"generalized_box_iou_loss": func(a, b *tensor.Tensor) { vision.GeneralizedBoxIoULoss(a, b) },
		"encode_boxes":             func(a, b *tensor.Tensor) { vision.BoxCoder{}.Encode(a, b) },
		"decode_boxes":             func(a, b *tensor.Tensor) { vision.BoxCoder{}.Decode(a, b) },
	} {
		refuses(t, tensor.ErrShape, op+" (3, 4), (3, 5)", func() { f(b, bad) })
		refuses(t, tensor.ErrShape, op+" (4,), (3, 4)", func() { f(b.Select(0, 0), b) })
		refuses(t, tensor.ErrDType, op, func() { f(b, b.To(tensor.Float64)) })
		refuses(t, tensor.ErrDType, op, func() { f(b.To(tensor.Int64), b.To(tensor.Int64)) })
	}
	refuses(t, tensor.ErrShape, "boxes must be (N, 4) both", func() { vision.GeneralizedBoxIoULoss(b, tensor.Zeros(2, 4)) })
	refuses(t, tensor.ErrShape, "boxes must be (N, 4) both", func() { vision.BoxCoder{}.Encode(b, tensor.Zeros(2, 4)) })
	refuses(t, tensor.ErrShape, "the anchors (N, 4)", func() { vision.BoxCoder{}.Decode(b, tensor.Zeros(2, 4)) })
	refuses(t, tensor.ErrValue, "the weights [1 0 1 1]", func() { vision.BoxCoder{Weights: [4]float64{1, 0, 1, 1}}.Encode(b, b) })
	refuses(t, tensor.ErrShape, "convert_boxes (3, 5): boxes must be (..., 4)", func() { vision.ConvertBoxes(bad, vision.XYXY, vision.XYWH) })
	refuses(t, tensor.ErrValue, "there is no format 3", func() { vision.ConvertBoxes(b, vision.XYXY, 3) })
	refuses(t, tensor.ErrShape, "box_area", func() { vision.BoxArea(tensor.Scalar(1.0)) })
	refuses(t, tensor.ErrDType, "clip_boxes", func() { vision.ClipBoxes(b.To(tensor.Int32), 2, 2) })
	refuses(t, tensor.ErrValue, "(-1, 2) must not be negative", func() { vision.ClipBoxes(b, -1, 2) })

	refuses(t, tensor.ErrValue, "the sizes [0] must be positive", func() { vision.CellAnchors([]float64{0}, []float64{1}) })
	refuses(t, tensor.ErrValue, "the ratios [-1] must be positive", func() { vision.CellAnchors([]float64{1}, []float64{-1}) })
	refuses(t, tensor.ErrShape, "the cells must be (A, 4)", func() { vision.GridAnchors(bad, 1, 1, 1, 1) })
	refuses(t, tensor.ErrValue, "the strides (1, 0)", func() { vision.GridAnchors(b, 1, 1, 1, 0) })
	refuses(t, tensor.ErrDType, "grid_anchors", func() { vision.GridAnchors(b.To(tensor.Int64), 1, 1, 1, 1) })
	type config = vision.DefaultBoxesConfig
	boxes := func(cfg config) func() { return func() { vision.DefaultBoxes([2]int{8, 8}, [][2]int{{2, 2}}, cfg) } }
	refuses(t, tensor.ErrValue, "for 1 maps there must be 1 lists of ratios, not 0", boxes(config{}))
	refuses(t, tensor.ErrValue, "2 scales, not 1", boxes(config{Ratios: [][]float64{{2}}, Scales: []float64{1}}))
	refuses(t, tensor.ErrValue, "1 steps, not 2", boxes(config{Ratios: [][]float64{{2}}, Steps: []float64{1, 2}}))
	refuses(t, tensor.ErrValue, "the ratios [0] must be positive", boxes(config{Ratios: [][]float64{{0}}}))
	refuses(t, tensor.ErrValue, "the image's size [0 8]", func() { vision.DefaultBoxes([2]int{0, 8}, nil, config{}) })
	refuses(t, tensor.ErrValue, "the map's size [-1 2]", func() { vision.DefaultBoxes([2]int{8, 8}, [][2]int{{-1, 2}}, config{Ratios: [][]float64{{}}}) })
}
