package detection

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

// LocalizerConfig are the options of NewLocalizer.
type LocalizerConfig struct {
	Classes  int      // of objects; required
	Backbone Backbone // its first map is used; nil: NewSmallBackbone with Width, to stride 8
	Width    int      // of the small backbone; 0: 16
	Cells    int      // the map is pooled to Cells x Cells, so that pictures may have any size; 0: 8, which leaves those of 64 x 64 as they are
	Hidden   int      // units of the dense layer that the box comes from; 0: 128
}

// Localizer says what the one object of a picture is and where: of one feature map the largest values of the channels are scored for the
// class, and dense layers regress the box from all of it, both trained together (P. Sermanet, D. Eigen, X. Zhang, M. Mathieu, R. Fergus and
// Y. LeCun, OverFeat, 2014).
type Localizer struct {
	Backbone Backbone
	FC       *nn.Linear
	Scores   *nn.Linear // of the classes
	Box      *nn.Linear // centre and sides

	cells, classes int
}

// NewLocalizer returns a network with PyTorch's initial weights. It panics with ErrValue on options that are none, and as the backbone does.
func NewLocalizer(g *random.Generator, cfg LocalizerConfig) *Localizer {
	if cfg.Cells == 0 {
		cfg.Cells = 8
	}
	if cfg.Hidden == 0 {
		cfg.Hidden = 128
	}
	if cfg.Classes < 1 || cfg.Cells < 1 || cfg.Hidden < 1 {
		tensor.Fail("detection.NewLocalizer", tensor.ErrValue, nil, "there must be classes, cells and hidden units, not %d, %d and %d", cfg.Classes, cfg.Cells, cfg.Hidden)
	}
	if cfg.Backbone == nil {
		cfg.Backbone = NewSmallBackbone(g, SmallBackboneConfig{Width: cfg.Width, NoCoarse: true})
	}
	linear := func(in, out int) *nn.Linear { return nn.NewLinear(g, in, out, nn.LinearConfig{}) }
	in := cfg.Backbone.Channels()[0] * cfg.Cells * cfg.Cells
	return &Localizer{cfg.Backbone, linear(in, cfg.Hidden), linear(cfg.Backbone.Channels()[0], cfg.Classes), linear(cfg.Hidden, 4), cfg.Cells, cfg.Classes}
}

// Forward returns for pictures (N, C, H, W) the scores (N, classes) and the boxes (N, 4) in pixels, whose centres are in the picture and
// whose sides are at most as long as its.
func (m *Localizer) Forward(x *tensor.Tensor) (scores, boxes *tensor.Tensor) {
	features := m.Backbone.Maps(x)[0]
	f := m.FC.Forward(tensor.AdaptiveAvgPool2d(features, m.cells, m.cells).Flatten(1)).ReLU()
	// Centre and sides as parts of the picture's.
	parts := vision.ConvertBoxes(m.Box.Forward(f).Sigmoid(), vision.CXCYWH, vision.XYXY)
	h, w := float32(x.Dim(2)), float32(x.Dim(3))
	return m.Scores.Forward(features.Max(2, 3)), parts.Mul(tensor.Of([]float32{w, h, w, h}).To(x.DType()))
}

// Losses returns "classes", the cross-entropy, and "box", 4 times the mean smooth L1 distance (β = 1/9) of the boxes' coordinates, as
// parts of the picture's longer side, plus the mean of 1 − GIoU (H. Rezatofighi et al., 2019), both means over the pictures. It panics as detectors do, and with ErrValue on a picture that
// has not one object.
func (m *Localizer) Losses(x *tensor.Tensor, targets []Target) []Loss {
	const op = "detection.Localizer"
	checkInput(op, x, targets, m.classes)
	boxes, classes := make([]*tensor.Tensor, len(targets)), make([]*tensor.Tensor, len(targets))
	for i, t := range targets {
		if t.Classes.Numel() != 1 {
			tensor.Fail(op, tensor.ErrValue, nil, "picture %d has %d objects, not one", i, t.Classes.Numel())
		}
		boxes[i], classes[i] = t.Boxes, t.Classes
	}
	want := tensor.Concat(0, boxes...)
	scores, got := m.Forward(x)
	side := float64(max(x.Dim(2), x.Dim(3)))
	return []Loss{
		{"classes", losses.CrossEntropy(scores, tensor.Concat(0, classes...))},
		{"box", losses.SmoothL1Loss{Beta: &beta}.Of(got.DivScalar(side), want.DivScalar(side)).MulScalar(4).Add(vision.GeneralizedBoxIoULoss(got, want).Mean())},
	}
}

// Detect returns the object of each of the pictures (N, C, H, W): the class of the largest score with its probability, and its box,
// cut off at the picture's edges; none where the probability is not above cfg.MinScore, nil meaning 0. Call it on nn.Eval(m).
func (m *Localizer) Detect(x *tensor.Tensor, cfg DetectConfig) []Detections {
	const op = "detection.Localizer"
	checkPictures(op, x)
	cfg = cfg.withDefaults(op, 0, 0.5, 1)
	scores, boxes := m.Forward(x)
	boxes = vision.ClipBoxes(boxes, x.Dim(2), x.Dim(3))
	p, class := scores.Softmax(1).TopK(1, 1, true)
	found := make([]Detections, x.Dim(0))
	for i := range found {
		n := 0
		if p.Select(0, i).Item() > *cfg.MinScore {
			n = min(1, cfg.Most)
		}
		found[i] = Detections{boxes.Narrow(0, i, n), p.Select(0, i).Narrow(0, 0, n), class.Select(0, i).Narrow(0, 0, n)}
	}
	return found
}
