package detection

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

// pictures returns a batch of shapes.
func pictures(t *testing.T, n int, seed uint64, cfg shapes.Config) Batch {
	t.Helper()
	set := shapes.New(n, seed, cfg)
	samples := make([]Sample, n)
	for i := range samples {
		s, err := set.At(context.Background(), i, nil)
		if err != nil {
			t.Fatal(err)
		}
		samples[i] = Sample{s.Image, Target{s.Boxes, s.Classes}}
	}
	b, err := Collate(samples)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func detectors(seed uint64) map[string]Detector {
	return map[string]Detector{
		"ssd":         NewSSD(random.New(seed), SSDConfig{Classes: 3, Width: 8}),
		"faster rcnn": NewFasterRCNN(random.New(seed), FasterRCNNConfig{Classes: 3, Width: 8, Ratios: []float64{1}, Hidden: 32, Cells: 4}),
	}
}

func fit(m Detector, b Batch, steps int, lr float64) {
	opt := optim.NewAdam(nn.Params(m), optim.AdamConfig{LR: lr})
	for range steps {
		opt.ZeroGrad()
		Total(m.Losses(b.X, b.Targets)).Backward()
		opt.Step()
	}
}

func meanAP(m Detector, b Batch) float64 {
	ap := metrics.NewDetectionAP(3, metrics.DetectionConfig{})
	for i, d := range nn.Eval(m).Detect(b.X, DetectConfig{}) {
		ap.Add(d.Metrics(), b.Targets[i].Metrics())
	}
	return ap.MeanAP()
}

// A detector learns a few pictures by heart, and saved and loaded finds the same.
func TestLearns(t *testing.T) {
	b := pictures(t, 4, 1, shapes.Config{Size: 48, Least: 2, Smallest: 0.25})
	for name, m := range detectors(1) {
		t.Run(name, func(t *testing.T) {
			if ap := meanAP(m, b); !(ap < 0.3) {
				t.Errorf("untrained, mAP is %v", ap)
			}
			fit(m, b, 110, 3e-3)
			if ap := meanAP(m, b); !(ap > 0.9) {
				t.Errorf("mAP is %v", ap)
			}
			path := filepath.Join(t.TempDir(), "model.safetensors")
			if err := safetensors.Save(path, nn.State(m), nil); err != nil {
				t.Fatal(err)
			}
			state, _, err := safetensors.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			other := detectors(2)[name]
			if err := nn.Load(other, state, nn.LoadConfig{}); err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(nn.Eval(m).Detect(b.X, DetectConfig{}), nn.Eval(other).Detect(b.X, DetectConfig{}), sameDetections) {
				t.Error("saved and loaded, it finds other objects")
			}
		})
	}
}

func sameDetections(a, b Detections) bool {
	return slices.Equal(a.Boxes.Floats(), b.Boxes.Floats()) && slices.Equal(a.Scores.Floats(), b.Scores.Floats()) && slices.Equal(a.Classes.Floats(), b.Classes.Floats())
}

// The same seed trains the same bits on any number of processors.
func TestDeterminism(t *testing.T) {
	b := pictures(t, 4, 2, shapes.Config{Size: 32, Most: 2, Smallest: 0.3})
	for name := range detectors(0) {
		var first []float64
		for _, procs := range []int{1, 4} {
			before := runtime.GOMAXPROCS(procs)
			m := detectors(3)[name]
			fit(m, b, 3, 1e-2)
			runtime.GOMAXPROCS(before)
			var all []float64
			for _, p := range nn.Params(m) {
				all = append(all, p.Floats()...)
			}
			if first == nil {
				first = all
			} else if !slices.Equal(first, all) {
				t.Errorf("%s: other weights on %d processors", name, procs)
			}
		}
	}
}

// Pictures without objects train too: all is background.
func TestNoObjects(t *testing.T) {
	nothing := Target{tensor.Zeros(0, 4), tensor.Zeros(0).To(tensor.Int64)}
	for name, m := range detectors(4) {
		b := Batch{tensor.Rand(random.New(1), 2, 3, 32, 32), []Target{nothing, nothing}}
		losses := m.Losses(b.X, b.Targets)
		if l := Total(losses); l.Item()-l.Item() != 0 {
			t.Errorf("%s: the loss is %v", name, l.Item())
		}
		for _, l := range losses {
			if (l.Name == "boxes" || l.Name == "proposals") && l.Value.Item() != 0 {
				t.Errorf("%s: the loss of %s is %v", name, l.Name, l.Value.Item())
			}
		}
		fit(m, b, 20, 5e-3)
		high := 0.5
		for _, d := range nn.Eval(m).Detect(b.X, DetectConfig{MinScore: &high}) {
			if d.Scores.Numel() != 0 {
				t.Errorf("%s: %d objects are found on pictures that have none", name, d.Scores.Numel())
			}
		}
		// One picture with an object beside one without.
		b.Targets[0] = Target{tensor.Of([]float32{4, 4, 20, 20}, 1, 4), tensor.Of([]int64{1})}
		if l := Total(m.Losses(b.X, b.Targets)); !(l.Item() > 0) {
			t.Errorf("%s: the loss is %v", name, l.Item())
		}
	}
}

// Detections are sorted, on the picture, of known classes, at most as many as asked for, and do not overlap within a class.
func TestDetect(t *testing.T) {
	x := tensor.Rand(random.New(5), 2, 3, 40, 56) // not square
	for name, m := range detectors(5) {
		zero := 0.0
		for _, cfg := range []DetectConfig{{MinScore: &zero}, {MinScore: &zero, Most: 3, NMS: 0.2}} {
			for _, d := range nn.Eval(m).Detect(x, cfg) {
				n, most := d.Scores.Numel(), map[string]int{"ssd": 200, "faster rcnn": 100}[name]
				if cfg.Most > 0 {
					most = cfg.Most
				}
				if n == 0 || n > most || d.Boxes.Shape() != tensor.ShapeOf(n, 4) || d.Classes.Shape() != tensor.ShapeOf(n) {
					t.Fatalf("%s: %v boxes of %v", name, d.Boxes.Shape(), most)
				}
				s := d.Scores.Floats()
				if !slices.IsSortedFunc(s, func(a, b float64) int { return int(math.Copysign(1, b-a)) }) || s[0] > 1 || s[n-1] <= 0 {
					t.Errorf("%s: scores %v", name, s)
				}
				for i, found := range d.Metrics() {
					if b := found.Box; !(b[0] >= 0 && b[0] < b[2] && b[2] <= 56 && b[1] >= 0 && b[1] < b[3] && b[3] <= 40) || found.Class < 0 || found.Class > 2 || found.Score != s[i] {
						t.Errorf("%s: %+v", name, found)
					}
				}
			}
		}
	}
}

// The gradients of the losses by the heads' weights are those of differences, in float64.
func TestGradients(t *testing.T) {
	b := pictures(t, 2, 6, shapes.Config{Size: 32, Least: 2, Smallest: 0.3})
	x := b.X.To(tensor.Float64)
	for i := range b.Targets {
		b.Targets[i].Boxes = b.Targets[i].Boxes.To(tensor.Float64)
	}
	ssd := nn.To(NewSSD(random.New(6), SSDConfig{Classes: 3, Width: 3}), tensor.Float64)
	rcnn := nn.To(NewFasterRCNN(random.New(6), FasterRCNNConfig{Classes: 3, Width: 3, Hidden: 8, Cells: 2}), tensor.Float64)
	for _, c := range []struct {
		name   string
		m      Detector
		params []*nn.Param
	}{
		{"ssd", ssd, []*nn.Param{ssd.Scores[0].Weight, ssd.Scores[1].Weight, ssd.Offsets[0].Weight, ssd.Offsets[1].Bias, ssd.Backbone.(*SmallBackbone).Fine[0].(*nn.Conv2d).Weight}},
		{"faster rcnn", rcnn, []*nn.Param{rcnn.FC6.Weight, rcnn.Scores.Weight, rcnn.Offsets.Weight, rcnn.FC7.Bias}},
	} {
		loss := func() *tensor.Tensor {
			for _, g := range nn.NamedGenerators(c.m) {
				g.SetState(random.New(9).State()) // the same samples every time
			}
			return Total(c.m.Losses(x, b.Targets))
		}
		nn.ZeroGrad(c.m)
		loss().Backward()
		for k, p := range c.params {
			grad, w := p.Grad().Floats(), p.Floats()
			for i := 0; i < len(w); i += max(1, len(w)/7) {
				const eps = 1e-5
				at := func(d float64) float64 {
					v := slices.Clone(w)
					v[i] += d
					p.CopyFrom(tensor.OfShape(v, p.Shape()))
					return loss().Item()
				}
				want := (at(eps) - at(-eps)) / (2 * eps)
				at(0)
				if !(math.Abs(grad[i]-want) <= 1e-6*max(1, math.Abs(want))) {
					t.Errorf("%s, parameter %d: the gradient of element %d is %v, differences give %v", c.name, k, i, grad[i], want)
				}
			}
		}
	}
}

// The parameters have torchvision's names.
func TestNames(t *testing.T) {
	names := func(m any) (all []string) {
		for _, p := range nn.NamedParams(m) {
			if !strings.HasPrefix(p.Name, "backbone.") {
				all = append(all, p.Name)
			}
		}
		return all
	}
	all := detectors(1)
	for what, want := range map[string][]string{
		"ssd": {
			"head.classification_head.module_list.0.weight", "head.classification_head.module_list.0.bias", "head.classification_head.module_list.1.weight", "head.classification_head.module_list.1.bias",
			"head.regression_head.module_list.0.weight", "head.regression_head.module_list.0.bias", "head.regression_head.module_list.1.weight", "head.regression_head.module_list.1.bias",
		},
		"faster rcnn": {
			"rpn.head.conv.0.0.weight", "rpn.head.conv.0.0.bias", "rpn.head.cls_logits.weight", "rpn.head.cls_logits.bias", "rpn.head.bbox_pred.weight", "rpn.head.bbox_pred.bias",
			"roi_heads.box_head.fc6.weight", "roi_heads.box_head.fc6.bias", "roi_heads.box_head.fc7.weight", "roi_heads.box_head.fc7.bias",
			"roi_heads.box_predictor.cls_score.weight", "roi_heads.box_predictor.cls_score.bias", "roi_heads.box_predictor.bbox_pred.weight", "roi_heads.box_predictor.bbox_pred.bias",
		},
	} {
		if got := names(all[what]); !slices.Equal(got, want) {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// A localizer learns a few pictures by heart, and refuses those without one object.
func TestLocalizer(t *testing.T) {
	b := pictures(t, 6, 3, shapes.Config{Size: 48, Smallest: 0.3})
	m := NewLocalizer(random.New(1), LocalizerConfig{Classes: 3, Width: 8, Cells: 6, Hidden: 32})
	fit(m, b, 150, 3e-3)
	for i, d := range nn.Eval(m).Detect(b.X, DetectConfig{}) {
		if iou := vision.BoxIoU(d.Boxes, b.Targets[i].Boxes); d.Boxes.Shape() != tensor.ShapeOf(1, 4) || !(iou.Item() > 0.7) || d.Classes.Item() != b.Targets[i].Classes.Item() {
			t.Errorf("picture %d: %v of class %v, want %v of %v", i, d.Boxes, d.Classes, b.Targets[i].Boxes, b.Targets[i].Classes)
		}
		if box := d.Boxes.Floats(); !(box[0] >= 0 && box[0] < box[2] && box[2] <= 48 && box[1] >= 0 && box[1] < box[3] && box[3] <= 48) || d.Scores.Shape() != tensor.ShapeOf(1) || d.Classes.DType() != tensor.Int64 {
			t.Errorf("picture %d: %+v", i, d)
		}
	}
	one := 1.0
	if d := nn.Eval(m).Detect(b.X, DetectConfig{MinScore: &one}); d[0].Boxes.Shape() != tensor.ShapeOf(0, 4) || d[0].Scores.Numel() != 0 {
		t.Errorf("%+v has no larger probability than 1", d[0])
	}
	for want, f := range map[string]func(){
		"there must be classes": func() { NewLocalizer(random.New(1), LocalizerConfig{}) },
		"and hidden units":      func() { NewLocalizer(random.New(1), LocalizerConfig{Classes: 1, Hidden: -1}) },
		"picture 0 has 2 objects": func() {
			m.Losses(b.X.Narrow(0, 0, 1), []Target{{tensor.Of([]float32{1, 1, 2, 2, 1, 1, 2, 2}, 2, 4), tensor.Of([]int64{0, 0})}})
		},
		"(N, C, H, W)": func() { m.Detect(b.X.Select(0, 0), DetectConfig{}) },
	} {
		if err := tensor.Catch(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	// By hand: scores for class 0 of 2, a box that is off by 3.2 pixels of 32 in each coordinate.
	h := NewLocalizer(random.New(1), LocalizerConfig{Classes: 2, Width: 2})
	for _, p := range []*nn.Param{h.Scores.Weight, h.Scores.Bias, h.Box.Weight, h.Box.Bias} {
		p.CopyFrom(p.MulScalar(0))
	}
	// Both scores are 0, centre and sides a half: the box is (8, 8, 24, 24).
	parts := h.Losses(tensor.Zeros(1, 3, 32, 32), []Target{{tensor.Of([]float32{11.2, 11.2, 27.2, 27.2}, 1, 4), tensor.Of([]int64{1})}})
	smooth := 0.5 * 0.1 * 0.1 / (1.0 / 9)
	inter, union, hull := 12.8*12.8, 2*256-12.8*12.8, 19.2*19.2
	for i, want := range []float64{math.Log(2), 4*smooth + 1 - (inter/union - (hull-union)/hull)} {
		if got := parts[i].Value.Item(); !(math.Abs(got-want) <= 1e-5) {
			t.Errorf("%s: %v, want %v", parts[i].Name, got, want)
		}
	}
	// Centre in the corner, sides as long as the picture's: what is found is the quarter on the picture.
	h.Box.Bias.CopyFrom(tensor.Full(100, 4))
	if box := nn.Eval(h).Detect(tensor.Zeros(1, 3, 24, 32), DetectConfig{})[0].Boxes.Floats(); !slices.Equal(box, []float64{16, 12, 32, 24}) {
		t.Errorf("a box that reaches out of the picture: %v", box)
	}
}

// ramp is a backbone of stride 8 whose one map counts rows.
type ramp struct{}

func (ramp) Channels() []int { return []int{1} }
func (ramp) Strides() []int  { return []int{8} }
func (ramp) Maps(x *tensor.Tensor) []*tensor.Tensor {
	h, w := (x.Dim(2)+7)/8, (x.Dim(3)+7)/8
	return []*tensor.Tensor{tensor.Arange(0, h, 1).To(x.DType()).Reshape(1, 1, h, 1).Expand(x.Dim(0), 1, h, w)}
}

// On pictures whose sides are no multiples of the stride, anchors and regions lie where their features are.
func TestOddSides(t *testing.T) {
	x := tensor.Zeros(1, 3, 33, 64)
	cfg := FasterRCNNConfig{Classes: 1, Sizes: []float64{12}, Ratios: []float64{1}, Cells: 1, Hidden: 1}
	for _, b := range []Backbone{nil, ramp{}} {
		cfg.Backbone = b
		_, _, _, _, anchors := NewFasterRCNN(random.New(1), cfg).propose(x)
		if n := anchors.Dim(0); n != 5*8 || !slices.Equal(anchors.Select(0, n-1).Floats(), []float64{56 - 6, 32 - 6, 56 + 6, 32 + 6}) {
			t.Errorf("%d anchors, the last %v", n, anchors.Select(0, n-1))
		}
	}
	m := NewFasterRCNN(random.New(1), cfg)
	for _, l := range []*nn.Linear{m.FC6, m.FC7, m.Scores} {
		l.Weight.CopyFrom(tensor.OnesLike(l.Weight.Tensor))
		l.Bias.CopyFrom(tensor.ZerosLike(l.Bias.Tensor))
	}
	// Pixels 8 to 24 are rows 1 to 3 of the map, of mean 2.
	scores, _ := m.look(m.Backbone.Maps(x)[0], []*tensor.Tensor{tensor.Of([]float32{16, 8, 32, 24}, 1, 4)})
	if got := scores.Floats(); !slices.Equal(got, []float64{2, 2}) {
		t.Errorf("the region has the mean %v, want 2", got)
	}
}

// A run that has diverged says so by its loss.
func TestSSDDiverged(t *testing.T) {
	m := NewSSD(random.New(1), SSDConfig{Classes: 3, Width: 2})
	m.Scores[1].Bias.CopyFrom(tensor.FullLike(m.Scores[1].Bias.Tensor, math.NaN()))
	b := pictures(t, 2, 1, shapes.Config{Size: 32, Smallest: 0.3})
	if l := Total(m.Losses(b.X, b.Targets)).Item(); l == l {
		t.Errorf("the loss is %v, want NaN", l)
	}
}

func TestRefuses(t *testing.T) {
	g := random.New(1)
	refused := func(what string, kind tensor.Kind, part string, f func()) {
		t.Helper()
		err := tensor.Catch(f)
		if e := (*tensor.Error)(nil); !errors.As(err, &e) || e.Kind != kind || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v, want %v with %q", what, err, kind, part)
		}
	}
	refused("no classes", tensor.ErrValue, "Classes is 0", func() { NewSSD(g, SSDConfig{}) })
	refused("scales", tensor.ErrValue, "there must be 3 scales", func() { NewSSD(g, SSDConfig{Classes: 1, Scales: []float64{1}}) })
	refused("negative scale", tensor.ErrValue, "must be positive", func() { NewSSD(g, SSDConfig{Classes: 1, Scales: []float64{1, 1, -1}}) })
	refused("negative ratio", tensor.ErrValue, "must be positive", func() { NewSSD(g, SSDConfig{Classes: 1, Ratios: []float64{0}}) })
	refused("negatives", tensor.ErrValue, "-1 negatives", func() { NewSSD(g, SSDConfig{Classes: 1, Negative: -1}) })
	refused("width", tensor.ErrValue, "must be positive", func() { NewSSD(g, SSDConfig{Classes: 1, Width: -1}) })
	refused("no classes", tensor.ErrValue, "there must be classes", func() { NewFasterRCNN(g, FasterRCNNConfig{}) })
	refused("negative cells", tensor.ErrValue, "no negative numbers", func() { NewFasterRCNN(g, FasterRCNNConfig{Classes: 1, Cells: -1}) })
	refused("negative size", tensor.ErrValue, "must be positive", func() { NewFasterRCNN(g, FasterRCNNConfig{Classes: 1, Sizes: []float64{-1}}) })
	x := tensor.Zeros(1, 3, 32, 32)
	box := func(v ...float32) *tensor.Tensor { return tensor.Of(v, 1, 4) }
	class := tensor.Of([]int64{0})
	for name, m := range detectors(1) {
		for _, c := range []struct {
			what   string
			kind   tensor.Kind
			part   string
			x      *tensor.Tensor
			target Target
		}{
			{"rank", tensor.ErrShape, "(N, C, H, W)", x.Select(0, 0), Target{box(1, 1, 2, 2), class}},
			{"number", tensor.ErrShape, "1 targets for 2 pictures", tensor.Zeros(2, 3, 32, 32), Target{box(1, 1, 2, 2), class}},
			{"boxes", tensor.ErrShape, "must be (n, 4)", x, Target{tensor.Zeros(4), class}},
			{"classes", tensor.ErrShape, "the classes (n)", x, Target{box(1, 1, 2, 2), tensor.Of([]int64{0, 0})}},
			{"class type", tensor.ErrDType, "the classes float32", x, Target{box(1, 1, 2, 2), tensor.Zeros(1)}},
			{"class", tensor.ErrIndex, "class 3, not in [0, 3)", x, Target{box(1, 1, 2, 2), tensor.Of([]int64{3})}},
			{"empty box", tensor.ErrValue, "x1 < x2", x, Target{box(2, 1, 2, 2), class}},
			{"NaN", tensor.ErrValue, "x1 < x2", x, Target{box(1, 1, 2, float32(math.NaN())), class}},
			{"infinite", tensor.ErrValue, "x1 < x2", x, Target{box(1, 1, 2, float32(math.Inf(1))), class}},
		} {
			refused(name+" "+c.what, c.kind, c.part, func() { m.Losses(c.x, []Target{c.target}) })
		}
		nan := math.NaN()
		refused(name+" pictures", tensor.ErrShape, "(N, C, H, W)", func() { m.Detect(x.Select(0, 0), DetectConfig{}) })
		refused(name+" score", tensor.ErrValue, "the lowest score NaN", func() { m.Detect(x, DetectConfig{MinScore: &nan}) })
		refused(name+" NMS", tensor.ErrValue, "must lie in [0, 1]", func() { m.Detect(x, DetectConfig{NMS: 2}) })
		refused(name+" most", tensor.ErrValue, "not be negative", func() { m.Detect(x, DetectConfig{Most: -1}) })
	}
	if _, err := Collate(nil); err == nil {
		t.Error("a batch of nothing")
	}
	if _, err := Collate([]Sample{{X: x}}); err == nil || !strings.Contains(err.Error(), "sample 0 lacks") {
		t.Errorf("a sample without boxes: %v", err)
	}
}
