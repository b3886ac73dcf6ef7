package detection

import (
	"slices"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

// SSDConfig are the options of NewSSD.
type SSDConfig struct {
	Classes  int       // of objects; required
	Backbone Backbone  // nil: NewSmallBackbone with Width
	Width    int       // of the small backbone; 0: 16
	Ratios   []float64 // width/height of the default boxes; each is used both ways, and 1 at two sizes besides; nil: 2
	Scales   []float64 // sizes of the default boxes, one for each map and one more, as parts of the picture's; nil: evenly spaced from 0.2 to 0.5
	Negative float64   // hard negatives for each positive; 0: 3
}

// SSD is the single-shot detector (W. Liu, D. Anguelov, D. Erhan, C. Szegedy, S. Reed, C.-Y. Fu and A. C. Berg, 2016): at each place of each
// feature map one convolution scores the classes of a few default boxes, another tells how far the objects' boxes are from them.
type SSD struct {
	Backbone Backbone
	Scores   []*nn.Conv2d `name:"head.classification_head.module_list"` // by map: (boxes a place) x (Classes + 1) channels, background first
	Offsets  []*nn.Conv2d `name:"head.regression_head.module_list"`     // by map: (boxes a place) x 4 channels

	classes        int
	ratios, scales []float64
	negative       float64
}

// ssdCoder is how SSD and the second stage of Faster R-CNN write boxes.
var ssdCoder = vision.BoxCoder{Weights: [4]float64{10, 10, 5, 5}}

// NewSSD returns a detector with PyTorch's initial weights. It panics with ErrValue on options that are none.
func NewSSD(g *random.Generator, cfg SSDConfig) *SSD {
	const op = "detection.NewSSD"
	if cfg.Classes < 1 {
		tensor.Fail(op, tensor.ErrValue, nil, "Classes is %d; there must be a class", cfg.Classes)
	}
	if cfg.Backbone == nil {
		cfg.Backbone = NewSmallBackbone(g, SmallBackboneConfig{Width: cfg.Width})
	}
	channels := cfg.Backbone.Channels()
	if cfg.Ratios == nil {
		cfg.Ratios = []float64{2}
	}
	if cfg.Scales == nil {
		for k := range len(channels) + 1 {
			cfg.Scales = append(cfg.Scales, 0.2+0.3*float64(k)/float64(len(channels)))
		}
	}
	if cfg.Negative == 0 {
		cfg.Negative = 3
	}
	if len(channels) == 0 || len(cfg.Scales) != len(channels)+1 || !(cfg.Negative > 0) {
		tensor.Fail(op, tensor.ErrValue, nil, "%d scales and %v negatives a positive: for %d maps there must be %d scales, and the negatives be positive", len(cfg.Scales), cfg.Negative, len(channels), len(channels)+1)
	}
	m := &SSD{Backbone: cfg.Backbone, classes: cfg.Classes, ratios: cfg.Ratios, scales: cfg.Scales, negative: cfg.Negative}
	m.anchors([2]int{1, 1}, make([][2]int, len(channels))) // refuses ratios and scales that are not positive
	boxes := 2 + 2*len(cfg.Ratios)
	for _, c := range channels {
		m.Scores = append(m.Scores, nn.NewConv2d(g, c, boxes*(cfg.Classes+1), 3, nn.ConvConfig{Padding: 1}))
		m.Offsets = append(m.Offsets, nn.NewConv2d(g, c, boxes*4, 3, nn.ConvConfig{Padding: 1}))
	}
	return m
}

// anchors returns the default boxes (A, 4) of a picture of that size with maps of these.
func (m *SSD) anchors(image [2]int, maps [][2]int) *tensor.Tensor {
	ratios := make([][]float64, len(maps))
	for k := range ratios {
		ratios[k] = m.ratios
	}
	return vision.DefaultBoxes(image, maps, vision.DefaultBoxesConfig{Ratios: ratios, Scales: m.scales})
}

// Forward returns for pictures (N, C, H, W) the scores (N, A, Classes + 1), background first, and the offsets (N, A, 4) of the default boxes
// (A, 4), map by map, place by place.
func (m *SSD) Forward(x *tensor.Tensor) (scores, offsets, anchors *tensor.Tensor) {
	var s, o []*tensor.Tensor
	var sizes [][2]int
	for k, f := range m.Backbone.Maps(x) {
		s = append(s, byAnchor(m.Scores[k].Forward(f), m.classes+1))
		o = append(o, byAnchor(m.Offsets[k].Forward(f), 4))
		sizes = append(sizes, [2]int{f.Dim(2), f.Dim(3)})
	}
	anchors = m.anchors([2]int{x.Dim(2), x.Dim(3)}, sizes)
	return tensor.Concat(1, s...), tensor.Concat(1, o...), anchors.To(x.DType())
}

// byAnchor turns a map (N, A·n, h, w) into rows (N, h·w·A, n), place by place.
func byAnchor(y *tensor.Tensor, n int) *tensor.Tensor {
	N, a, h, w := y.Dim(0), y.Dim(1)/n, y.Dim(2), y.Dim(3)
	return y.Reshape(N, a, n, h, w).Permute(0, 3, 4, 1, 2).Reshape(N, h*w*a, n)
}

// Losses returns "classes", the cross-entropy of the default boxes that have an object (with an intersection over union of 0.5, or the best
// of an object's) and of the hardest Negative times as many that have none, and "boxes", the smooth L1 loss of the offsets of the former,
// both over their number. Where a score is NaN, so is "classes". It panics with ErrShape, ErrDType, ErrIndex or ErrValue on other pictures
// and targets.
func (m *SSD) Losses(x *tensor.Tensor, targets []Target) []Loss {
	checkInput("detection.SSD", x, targets, m.classes)
	scores, offsets, anchors := m.Forward(x)
	return ssdLosses(scores, offsets, anchors, targets, m.negative)
}

func ssdLosses(scores, offsets, anchors *tensor.Tensor, targets []Target, negative float64) []Loss {
	n, a := scores.Dim(0), scores.Dim(1)
	y := make([]int64, n*a)
	matches := make([]*tensor.Tensor, n)
	var objects gathered
	var own []int64 // the anchors of the rows in objects
	for i, t := range targets {
		matches[i] = vision.MatchAnchors(anchors, t.Boxes, vision.MatchConfig{High: 0.5, ForceBest: true})
		boxes, classes := t.Boxes.Floats(), tensor.Data[int64](t.Classes)
		for j, k := range tensor.Data[int64](matches[i]) {
			if k >= 0 {
				y[i*a+j] = classes[k] + 1
				objects.add(int64(i*a+j), k, boxes, classes)
				own = append(own, int64(j))
			}
		}
	}
	ce := losses.CrossEntropyLoss{Reduction: losses.None}.Of(scores.Reshape(n*a, -1), tensor.Of(y))
	classes := ce.Sum()
	if v := classes.Item(); v == v { // else training has diverged, and there is nothing to rank
		counted := slices.Clone(objects.at)
		for i, match := range matches {
			for _, j := range tensor.Data[int64](vision.HardNegatives(ce.Detach().Narrow(0, i*a, a), match, negative)) {
				counted = append(counted, int64(i*a)+j)
			}
		}
		classes = ce.IndexSelect(0, tensor.OfShape(counted, tensor.ShapeOf(len(counted)))).Sum()
	}
	at, boxes := objects.tensors(offsets.DType())
	want := ssdCoder.Encode(boxes, anchors.IndexSelect(0, tensor.OfShape(own, at.Shape())))
	number := float64(max(1, len(objects.at)))
	return []Loss{
		{"classes", classes.DivScalar(number)},
		{"boxes", losses.SmoothL1Loss{Reduction: losses.Sum}.Of(offsets.Reshape(n*a, 4).IndexSelect(0, at), want).DivScalar(number)},
	}
}

// Detect returns the objects found on pictures (N, C, H, W). It panics with ErrShape on other pictures, with ErrValue on options that are none.
func (m *SSD) Detect(x *tensor.Tensor, cfg DetectConfig) []Detections {
	const op = "detection.SSD"
	checkPictures(op, x)
	cfg = cfg.withDefaults(op, 0.01, 0.45, 200)
	scores, offsets, anchors := m.Forward(x)
	probs := scores.Softmax(-1)
	found := make([]Detections, x.Dim(0))
	for i := range found {
		found[i] = choose(ssdCoder.Decode(offsets.Select(0, i), anchors), probs.Select(0, i), x.Dim(2), x.Dim(3), cfg)
	}
	return found
}
