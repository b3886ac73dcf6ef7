package vision_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

type tensors = []*tensor.Tensor

type goldenArray struct {
	Shape []int
	Data  []float64
}

func (a goldenArray) tensor() *tensor.Tensor {
	return tensor.OfShape(a.Data, tensor.ShapeOf(a.Shape...))
}

// golden is a case of testdata/golden.json; testdata/golden.py says what it holds.
type golden struct {
	Op                             string
	In, Out, Grads                 []goldenArray
	Size, Formats, Strides         []int
	Scale, Threshold, Sigma, Least float64
	ROIs                           goldenArray
	Sampling                       int
	Aligned, Linear                bool
	Clip                           *bool
	Weights                        [4]float64
	Sizes, Scales, Steps           []float64
	Maps                           [][2]int
	RatioList                      json.RawMessage `json:"ratios"`
}

func (c *golden) coder() vision.BoxCoder { return vision.BoxCoder{Weights: c.Weights} }

// golds are the functions by the names of testdata/golden.py.
var golds = map[string]func(x tensors, c *golden) tensors{
	"roi_pool": func(x tensors, c *golden) tensors {
		return tensors{vision.ROIPool(x[0], c.ROIs.tensor(), c.Size[0], c.Size[1], c.Scale)}
	},
	"roi_align": func(x tensors, c *golden) tensors {
		cfg := vision.ROIAlignConfig{Scale: c.Scale, Sampling: c.Sampling, Aligned: c.Aligned}
		return tensors{vision.ROIAlign(x[0], c.ROIs.tensor(), c.Size[0], c.Size[1], cfg)}
	},
	"nms": func(x tensors, c *golden) tensors { return tensors{vision.NMS(x[0], x[1], c.Threshold)} },
	"batched_nms": func(x tensors, c *golden) tensors {
		return tensors{vision.BatchedNMS(x[0], x[1], x[2].To(tensor.Int64), c.Threshold)}
	},
	"soft_nms": func(x tensors, c *golden) tensors {
		i, s := vision.SoftNMS(x[0], x[1], vision.SoftNMSConfig{Linear: c.Linear, Threshold: c.Threshold, Sigma: c.Sigma, MinScore: c.Least})
		return tensors{i, s}
	},
	"box_iou":                  func(x tensors, _ *golden) tensors { return tensors{vision.BoxIoU(x[0], x[1])} },
	"generalized_box_iou":      func(x tensors, _ *golden) tensors { return tensors{vision.GeneralizedBoxIoU(x[0], x[1])} },
	"distance_box_iou":         func(x tensors, _ *golden) tensors { return tensors{vision.DistanceBoxIoU(x[0], x[1])} },
	"complete_box_iou":         func(x tensors, _ *golden) tensors { return tensors{vision.CompleteBoxIoU(x[0], x[1])} },
	"generalized_box_iou_loss": func(x tensors, _ *golden) tensors { return tensors{vision.GeneralizedBoxIoULoss(x[0], x[1])} },
	"convert": func(x tensors, c *golden) tensors {
		return tensors{vision.ConvertBoxes(x[0], vision.BoxFormat(c.Formats[0]), vision.BoxFormat(c.Formats[1]))}
	},
	"area":   func(x tensors, _ *golden) tensors { return tensors{vision.BoxArea(x[0])} },
	"clip":   func(x tensors, c *golden) tensors { return tensors{vision.ClipBoxes(x[0], c.Size[0], c.Size[1])} },
	"encode": func(x tensors, c *golden) tensors { return tensors{c.coder().Encode(x[0], x[1])} },
	"decode": func(x tensors, c *golden) tensors { return tensors{c.coder().Decode(x[0], x[1])} },
	"cell_anchors": func(_ tensors, c *golden) tensors {
		var ratios []float64
		if err := json.Unmarshal(c.RatioList, &ratios); err != nil {
			panic(err)
		}
		return tensors{vision.CellAnchors(c.Sizes, ratios).To(tensor.Float64)}
	},
	"grid_anchors": func(x tensors, c *golden) tensors {
		return tensors{vision.GridAnchors(x[0], c.Size[0], c.Size[1], c.Strides[0], c.Strides[1])}
	},
	"default_boxes": func(_ tensors, c *golden) tensors {
		cfg := vision.DefaultBoxesConfig{Scales: c.Scales, Steps: c.Steps, NoClip: c.Clip != nil && !*c.Clip}
		if err := json.Unmarshal(c.RatioList, &cfg.Ratios); err != nil {
			panic(err)
		}
		return tensors{vision.DefaultBoxes([2]int(c.Size), c.Maps, cfg).To(tensor.Float64)}
	},
}

func TestGolden(t *testing.T) {
	var cases []golden
	optest.ReadGolden(t, "testdata/golden.json", &cases)
	seen := map[string]bool{}
	for i := range cases {
		c := &cases[i]
		seen[c.Op] = true
		t.Run(fmt.Sprint(i, " ", c.Op), func(t *testing.T) {
			tol := 1e-12
			if c.Op == "default_boxes" {
				tol = 1e-5 // both are of float32, up to the image's size
			}
			var in, leaves tensors
			for k, a := range c.In {
				x := a.tensor()
				if k < len(c.Grads) {
					x = x.RequireGrad()
					leaves = append(leaves, x)
				}
				in = append(in, x)
			}
			out := golds[c.Op](in, c)
			if len(out) != len(c.Out) {
				t.Fatalf("%d results, want %d", len(out), len(c.Out))
			}
			for k, y := range out {
				near(t, fmt.Sprint("result ", k), y, c.Out[k], tol)
			}
			if len(leaves) == 0 {
				return
			}
			w := make([]float64, out[0].Numel())
			for i := range w {
				w[i] = math.RoundToEven(64*math.Cos(float64(i))) / 64
			}
			for k, g := range tensor.Gradients(out, tensors{tensor.OfShape(w, out[0].Shape())}, leaves, false, false) {
				near(t, fmt.Sprint("gradient ", k), g, c.Grads[k], tol)
			}
			if c.Op == "complete_box_iou" {
				return // its α is a constant to gradients
			}
			var plain tensors
			for _, x := range in {
				plain = append(plain, x.Detach())
			}
			if err := autograd.GradCheck(func(x []*tensor.Tensor) []*tensor.Tensor { return golds[c.Op](x, c) }, plain, autograd.GradCheckConfig{}); err != nil {
				t.Error(err)
			}
		})
	}
	for op := range golds {
		if !seen[op] {
			t.Errorf("no golden case for %s", op)
		}
	}
}

func near(t *testing.T, what string, got *tensor.Tensor, want goldenArray, tol float64) {
	t.Helper()
	if got.Shape() != tensor.ShapeOf(want.Shape...) {
		t.Errorf("%s: shape %v, want %v", what, got.Shape(), want.Shape)
		return
	}
	for i, v := range got.Detach().Floats() {
		if w := want.Data[i]; v != w && !(math.Abs(v-w) <= tol*max(1, math.Abs(w))) {
			t.Errorf("%s: element %d is %v, want %v", what, i, v, w)
			return
		}
	}
}
