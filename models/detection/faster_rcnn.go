package detection

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

// FasterRCNNConfig are the options of NewFasterRCNN.
type FasterRCNNConfig struct {
	Classes  int       // of objects; required
	Backbone Backbone  // its first map is used; nil: NewSmallBackbone with Width, to stride 8
	Width    int       // of the small backbone; 0: 16
	Sizes    []float64 // √area of the anchors in pixels; nil: 12, 18 and 26
	Ratios   []float64 // height/width of the anchors; nil: 0.5, 1 and 2
	Hidden   int       // units of the two dense layers that look into a region; 0: 128
	Cells    int       // a region is pooled to Cells x Cells; 0: 5
	// Of the anchors' boxes of a picture the PreNMS of largest scores go into non-maximum suppression (threshold 0.7), PostNMS come out as
	// proposals; 0: 200 and 50.
	PreNMS, PostNMS int
	// Anchors and proposals of a picture that are trained on, of which a half and a quarter have objects if there are as many; 0: 64 and 32.
	SampleAnchors, SampleProposals int
}

func (c FasterRCNNConfig) withDefaults() FasterRCNNConfig {
	for _, d := range []struct {
		v *int
		d int
	}{{&c.Hidden, 128}, {&c.Cells, 5}, {&c.PreNMS, 200}, {&c.PostNMS, 50}, {&c.SampleAnchors, 64}, {&c.SampleProposals, 32}} {
		if *d.v == 0 {
			*d.v = d.d
		}
	}
	if c.Sizes == nil {
		c.Sizes = []float64{12, 18, 26}
	}
	if c.Ratios == nil {
		c.Ratios = []float64{0.5, 1, 2}
	}
	if c.Classes < 1 || min(c.Hidden, c.Cells, c.PreNMS, c.PostNMS, c.SampleAnchors, c.SampleProposals) < 1 || len(c.Sizes) == 0 || len(c.Ratios) == 0 {
		tensor.Fail("detection.NewFasterRCNN", tensor.ErrValue, nil, "there must be classes, sizes and ratios, and no negative numbers, in %+v", c)
	}
	return c
}

// FasterRCNN finds objects in two stages (S. Ren, K. He, R. Girshick and J. Sun, 2015): a region proposal network says which anchors hold
// an object of any class and moves their boxes onto it; then, for each proposal, ROIAlign (K. He et al., 2017) cuts the region out of the
// feature map, and dense layers score its classes and, for each, move the box again.
type FasterRCNN struct {
	Backbone Backbone
	RPN      *RPN              `name:"rpn.head"`
	FC6      *nn.Linear        `name:"roi_heads.box_head.fc6"`
	FC7      *nn.Linear        `name:"roi_heads.box_head.fc7"`
	Scores   *nn.Linear        `name:"roi_heads.box_predictor.cls_score"` // Classes + 1, background first
	Offsets  *nn.Linear        `name:"roi_heads.box_predictor.bbox_pred"` // (Classes + 1) x 4
	Samples  *random.Generator // draws what is trained on; saved with a run's state

	anchors *tensor.Tensor // of a place (A, 4)
	cfg     FasterRCNNConfig
}

// RPN is the region proposal network.
type RPN struct {
	Conv       *nn.Conv2d `name:"conv.0.0"`
	Objectness *nn.Conv2d `name:"cls_logits"` // by anchor: the logit of an object
	Offsets    *nn.Conv2d `name:"bbox_pred"`  // by anchor: 4
}

// Forward returns for a map (N, C, h, w) the logits (N, h·w·A) and offsets (N, h·w·A, 4) of the anchors, place by place.
func (m *RPN) Forward(x *tensor.Tensor) (objectness, offsets *tensor.Tensor) {
	x = m.Conv.Forward(x).ReLU()
	return byAnchor(m.Objectness.Forward(x), 1).Squeeze(2), byAnchor(m.Offsets.Forward(x), 4)
}

// NewFasterRCNN returns a detector with torchvision's kinds of initial weights: PyTorch's for the dense layers, normal ones of deviation
// 0.01 for the proposal network. It panics with ErrValue on options that are none.
func NewFasterRCNN(g *random.Generator, cfg FasterRCNNConfig) *FasterRCNN {
	cfg = cfg.withDefaults()
	m := &FasterRCNN{Backbone: cfg.Backbone, Samples: g.Split(), anchors: vision.CellAnchors(cfg.Sizes, cfg.Ratios)}
	if m.Backbone == nil {
		m.Backbone = NewSmallBackbone(g, SmallBackboneConfig{Width: cfg.Width, NoCoarse: true})
	}
	cfg.Backbone = nil
	m.cfg = cfg
	c, a := m.Backbone.Channels()[0], m.anchors.Dim(0)
	m.RPN = &RPN{nn.NewConv2d(g, c, c, 3, nn.ConvConfig{Padding: 1}), nn.NewConv2d(g, c, a, 1, nn.ConvConfig{}), nn.NewConv2d(g, c, 4*a, 1, nn.ConvConfig{})}
	for _, conv := range []*nn.Conv2d{m.RPN.Conv, m.RPN.Objectness, m.RPN.Offsets} {
		conv.Weight.CopyFrom(initialize.Normal(g, 0, 0.01, conv.Weight.Shape().Dims()...))
		conv.Bias.CopyFrom(conv.Bias.MulScalar(0))
	}
	linear := func(in, out int) *nn.Linear { return nn.NewLinear(g, in, out, nn.LinearConfig{}) }
	m.FC6, m.FC7 = linear(c*cfg.Cells*cfg.Cells, cfg.Hidden), linear(cfg.Hidden, cfg.Hidden)
	m.Scores, m.Offsets = linear(cfg.Hidden, cfg.Classes+1), linear(cfg.Hidden, 4*(cfg.Classes+1))
	return m
}

// propose returns the feature map, the proposals of each picture (P, 4), and what the proposal network said of the anchors (A, 4).
func (m *FasterRCNN) propose(x *tensor.Tensor) (features *tensor.Tensor, proposals []*tensor.Tensor, objectness, offsets, anchors *tensor.Tensor) {
	features = m.Backbone.Maps(x)[0]
	h, w, stride := x.Dim(2), x.Dim(3), m.Backbone.Strides()[0]
	objectness, offsets = m.RPN.Forward(features)
	anchors = vision.GridAnchors(m.anchors.To(x.DType()), features.Dim(2), features.Dim(3), stride, stride)
	for i := range x.Dim(0) {
		proposals = append(proposals, filterProposals(objectness.Select(0, i).Detach(), offsets.Select(0, i).Detach(), anchors, h, w, m.cfg.PreNMS, m.cfg.PostNMS))
	}
	return features, proposals, objectness, offsets, anchors
}

// filterProposals returns the boxes (P, 4), by falling score, of the anchors of a picture that scores (A) and offsets (A, 4) propose.
func filterProposals(scores, offsets, anchors *tensor.Tensor, h, w, before, after int) *tensor.Tensor {
	const threshold, minSize = 0.7, 1e-3
	scores, best := scores.TopK(min(before, scores.Dim(0)), 0, true)
	boxes := vision.ClipBoxes(vision.BoxCoder{}.Decode(offsets.IndexSelect(0, best), anchors.IndexSelect(0, best)), h, w)
	var large []int64
	v := boxes.Floats()
	for i := range scores.Dim(0) {
		if v[4*i+2]-v[4*i] >= minSize && v[4*i+3]-v[4*i+1] >= minSize {
			large = append(large, int64(i))
		}
	}
	at := tensor.OfShape(large, tensor.ShapeOf(len(large)))
	boxes, scores = boxes.IndexSelect(0, at), scores.IndexSelect(0, at)
	keep := vision.NMS(boxes, scores, threshold)
	return boxes.IndexSelect(0, keep.Narrow(0, 0, min(after, keep.Dim(0))))
}

// look returns the scores (P, Classes + 1) and offsets (P, Classes + 1, 4) of the proposals of all pictures, one picture after the other.
func (m *FasterRCNN) look(features *tensor.Tensor, proposals []*tensor.Tensor) (scores, offsets *tensor.Tensor) {
	var rois []*tensor.Tensor
	for i, p := range proposals {
		rois = append(rois, tensor.Concat(1, tensor.With(p.DType()).Full(float64(i), p.Dim(0), 1), p))
	}
	cells := vision.ROIAlign(features, tensor.Concat(0, rois...), m.cfg.Cells, m.cfg.Cells, vision.ROIAlignConfig{Scale: 1 / float64(m.Backbone.Strides()[0]), Sampling: 2})
	x := m.FC7.Forward(m.FC6.Forward(cells.Flatten(1)).ReLU()).ReLU()
	return m.Scores.Forward(x), m.Offsets.Forward(x).Reshape(x.Dim(0), -1, 4)
}

// Losses returns "objectness" and "proposals", the proposal network's binary cross-entropy and smooth L1 loss (β = 1/9) of offsets, and
// "classes" and "boxes", the second stage's softmax cross-entropy over Classes + 1, background first, and smooth L1 loss (β = 1/9) of the
// offsets for the object's class, each over the number of anchors or proposals that were drawn to train on. An anchor has an object from
// an intersection over union of 0.7 on, or as the best of an object's, and none below 0.3; a proposal from 0.5 on. The objects' own boxes
// are proposals too. It panics with ErrShape, ErrDType, ErrIndex or ErrValue on other pictures and targets.
func (m *FasterRCNN) Losses(x *tensor.Tensor, targets []Target) []Loss {
	checkInput("detection.FasterRCNN", x, targets, m.cfg.Classes)
	features, proposals, objectness, offsets, anchors := m.propose(x)
	first := m.rpnLosses(objectness, offsets, anchors, targets)
	proposals, y, objects := m.sample(proposals, targets)
	scores, moves := m.look(features, proposals)
	return append(first, rcnnLosses(scores, moves, tensor.Concat(0, proposals...), y, objects)...)
}

// beta is where the smooth L1 losses turn linear.
var beta = 1.0 / 9

func (m *FasterRCNN) rpnLosses(objectness, offsets, anchors *tensor.Tensor, targets []Target) []Loss {
	a := anchors.Dim(0)
	var objects gathered
	var own, background []int64
	for i, t := range targets {
		match := vision.MatchAnchors(anchors, t.Boxes, vision.MatchConfig{High: 0.7, Low: 0.3, BestOfBox: true})
		positive, negative := vision.BalancedSample(m.Samples, match, m.cfg.SampleAnchors, 0.5)
		boxes, classes, k := t.Boxes.Floats(), tensor.Data[int64](t.Classes), tensor.Data[int64](match)
		for _, j := range tensor.Data[int64](positive) {
			objects.add(int64(i*a)+j, k[j], boxes, classes)
			own = append(own, j)
		}
		for _, j := range tensor.Data[int64](negative) {
			background = append(background, int64(i*a)+j)
		}
	}
	at, boxes := objects.tensors(offsets.DType())
	want := vision.BoxCoder{}.Encode(boxes, anchors.IndexSelect(0, tensor.OfShape(own, at.Shape())))
	n := float64(len(own) + len(background))
	is := make([]float32, len(own)+len(background))
	for i := range own {
		is[i] = 1
	}
	drawn := tensor.Of(append(objects.at, background...))
	return []Loss{
		{"objectness", losses.BCEWithLogits(objectness.Flatten(0).IndexSelect(0, drawn), tensor.Of(is).To(objectness.DType()))},
		{"proposals", losses.SmoothL1Loss{Beta: &beta, Reduction: losses.Sum}.Of(offsets.Reshape(-1, 4).IndexSelect(0, at), want).DivScalar(n)},
	}
}

// sample returns the proposals of each picture that are trained on, (S, 4), the class of each, 0 for background, and, for those that have
// one, the objects.
func (m *FasterRCNN) sample(proposals []*tensor.Tensor, targets []Target) (chosen []*tensor.Tensor, y []int64, objects gathered) {
	for i, t := range targets {
		all := tensor.Concat(0, proposals[i], t.Boxes)
		match := vision.MatchAnchors(all, t.Boxes, vision.MatchConfig{High: 0.5})
		positive, negative := vision.BalancedSample(m.Samples, match, m.cfg.SampleProposals, 0.25)
		boxes, classes, k := t.Boxes.Floats(), tensor.Data[int64](t.Classes), tensor.Data[int64](match)
		for _, j := range tensor.Data[int64](positive) {
			objects.add(int64(len(y)), k[j], boxes, classes)
			y = append(y, classes[k[j]]+1)
		}
		y = append(y, make([]int64, negative.Numel())...)
		chosen = append(chosen, all.IndexSelect(0, tensor.Concat(0, positive, negative)))
	}
	return chosen, y, objects
}

// rcnnLosses are those of the second stage: scores (P, K+1) and offsets (P, K+1, 4) of proposals (P, 4) of classes y, 0 for background,
// where some have objects.
func rcnnLosses(scores, offsets, proposals *tensor.Tensor, y []int64, objects gathered) []Loss {
	at, boxes := objects.tensors(offsets.DType())
	ofClass := make([]int64, len(objects.at)) // rows of offsets as (P·(K+1), 4)
	for i, p := range objects.at {
		ofClass[i] = p*int64(offsets.Dim(1)) + objects.classes[i] + 1
	}
	want := ssdCoder.Encode(boxes, proposals.IndexSelect(0, at))
	got := offsets.Reshape(-1, 4).IndexSelect(0, tensor.OfShape(ofClass, at.Shape()))
	return []Loss{
		{"classes", losses.CrossEntropy(scores, tensor.Of(y))},
		{"boxes", losses.SmoothL1Loss{Beta: &beta, Reduction: losses.Sum}.Of(got, want).DivScalar(float64(len(y)))},
	}
}

// Detect returns the objects found on pictures (N, C, H, W). It panics with ErrShape on other pictures, with ErrValue on options that are none.
func (m *FasterRCNN) Detect(x *tensor.Tensor, cfg DetectConfig) []Detections {
	const op = "detection.FasterRCNN"
	checkPictures(op, x)
	cfg = cfg.withDefaults(op, 0.05, 0.5, 100)
	features, proposals, _, _, _ := m.propose(x)
	scores, offsets := m.look(features, proposals)
	probs := scores.Softmax(-1)
	found := make([]Detections, x.Dim(0))
	at := 0
	for i, p := range proposals {
		n := p.Dim(0)
		boxes := ssdCoder.Decode(offsets.Narrow(0, at, n), p)
		found[i] = choose(boxes.Narrow(1, 1, m.cfg.Classes), probs.Narrow(0, at, n), x.Dim(2), x.Dim(3), cfg)
		at += n
	}
	return found
}
