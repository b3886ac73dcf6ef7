package metrics

import (
	"math"
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// Box is (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2.
type Box [4]float64

// Area returns the box's area, of no less than 0.
func (b Box) Area() float64 { return max(0, b[2]-b[0]) * max(0, b[3]-b[1]) }

// Detection is a box that a model found.
type Detection struct {
	Box   Box
	Class int
	Score float64
}

// Object is a box that is there.
type Object struct {
	Box    Box
	Class  int
	Ignore bool // difficult, in VOC's words: to find it or not does not count
	Crowd  bool // COCO: many in one box; what lies in it for the most part does not count
}

// DetectionProtocol is how detections are matched with objects and precision is averaged over recall.
type DetectionProtocol int

// The protocols. Detections come in order of their scores. In VOC each looks at the object that it overlaps most, and is false when that is
// taken; in COCO at the one among those still free.
const (
	VOC2010 DetectionProtocol = iota // the area under precision made monotone, at all recalls; default
	VOC2007                          // the mean of the largest precisions at recalls of at least 0, 0.1, ..., 1 (M. Everingham et al., 2010)
	COCO                             // at 0, 0.01, ..., 1, at most 100 detections an image, mean over IoUs (T. Lin et al., 2014)
)

// DetectionConfig are the options of DetectionAP.
type DetectionConfig struct {
	Protocol      DetectionProtocol
	IoU           []float64  // a detection with as much overlap finds an object; default {0.5}, in COCO 0.50, 0.55, ..., 0.95
	MaxDetections int        // an image and class, those of the largest scores; default no limit, in COCO 100
	Area          [2]float64 // COCO: objects outside do not count; default all. Small ones are below 32², large ones above 96²
	PixelCorners  bool       // corners are the first and last pixel, as VOC's: a side is x2 − x1 + 1; default x2 − x1
}

// DetectionAP accumulates detections over images: their average precision by class, and its mean, mAP.
type DetectionAP struct {
	cfg     DetectionConfig
	classes []classDetections
}

type classDetections struct {
	objects []int // that count; by IoU
	found   []match
}

// match is a detection and, by IoU, what became of it.
type match struct {
	score float64
	is    []outcome
}

type outcome uint8

const (
	wrong outcome = iota
	right
	neither
)

// NewDetectionAP returns an empty accumulator. It panics with ErrValue on an option out of range.
func NewDetectionAP(classes int, cfg DetectionConfig) *DetectionAP {
	if len(cfg.IoU) == 0 {
		cfg.IoU = []float64{0.5}
		if cfg.Protocol == COCO {
			cfg.IoU = nil
			for i := range 10 {
				cfg.IoU = append(cfg.IoU, float64(50+5*i)/100)
			}
		}
	}
	if cfg.MaxDetections == 0 {
		cfg.MaxDetections = math.MaxInt
		if cfg.Protocol == COCO {
			cfg.MaxDetections = 100
		}
	}
	if cfg.Area == [2]float64{} {
		cfg.Area[1] = math.Inf(1)
	}
	if classes < 1 || cfg.Protocol < VOC2010 || cfg.Protocol > COCO || cfg.MaxDetections < 0 {
		tensor.Fail("detection_ap", tensor.ErrValue, nil, "%d classes, protocol %d, at most %d detections: there must be a class, a known protocol and a positive limit", classes, cfg.Protocol, cfg.MaxDetections)
	}
	for _, v := range cfg.IoU {
		if !(v > 0 && v <= 1) {
			tensor.Fail("detection_ap", tensor.ErrValue, nil, "an IoU of %v is not in (0, 1]", v)
		}
	}
	m := &DetectionAP{cfg, make([]classDetections, classes)}
	for k := range m.classes {
		m.classes[k].objects = make([]int, len(cfg.IoU))
	}
	return m
}

// Add takes all that was found, and all that is, in one image. It panics, adding nothing, with ErrIndex when a class is out of range, with
// ErrNaN when a score or a corner is NaN.
func (m *DetectionAP) Add(found []Detection, objects []Object) {
	for i, d := range found {
		m.check("detection", i, d.Class, append(d.Box[:], d.Score))
	}
	for i, o := range objects {
		m.check("object", i, o.Class, o.Box[:])
	}
	for k := range m.classes {
		var d []Detection
		for _, x := range found {
			if x.Class == k {
				d = append(d, x)
			}
		}
		slices.SortStableFunc(d, func(a, b Detection) int { return byScore(a.Score, b.Score) })
		d = d[:min(len(d), m.cfg.MaxDetections)]
		var o []Object
		for _, x := range objects {
			if a := x.Box.Area(); x.Class == k {
				x.Ignore = x.Ignore || x.Crowd || a < m.cfg.Area[0] || a > m.cfg.Area[1]
				o = append(o, x)
			}
		}
		// Those that count first: COCO takes another only where none of them is left.
		slices.SortStableFunc(o, func(a, b Object) int { return truth(a.Ignore) - truth(b.Ignore) })
		c := &m.classes[k]
		matches := make([]match, len(d))
		for i := range d {
			matches[i] = match{d[i].Score, make([]outcome, len(m.cfg.IoU))}
		}
		for t, threshold := range m.cfg.IoU {
			for _, x := range o {
				c.objects[t] += 1 - truth(x.Ignore)
			}
			taken := make([]bool, len(o))
			for i, x := range d {
				matches[i].is[t] = m.outcome(x, o, taken, threshold)
			}
		}
		c.found = append(c.found, matches...)
	}
}

func (m *DetectionAP) check(what string, i, class int, numbers []float64) {
	if class < 0 || class >= len(m.classes) {
		tensor.Fail("detection_ap", tensor.ErrIndex, nil, "%s %d is of class %d, not in [0, %d)", what, i, class, len(m.classes))
	}
	ordered("detection_ap", "box or score of a "+what, numbers)
}

// byScore orders large scores first.
func byScore(a, b float64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// outcome matches one detection with the objects of its class and image and marks the one it takes.
func (m *DetectionAP) outcome(d Detection, objects []Object, taken []bool, threshold float64) outcome {
	best, at := 0.0, -1
	coco := m.cfg.Protocol == COCO
	for i, o := range objects {
		if coco && taken[i] && !o.Crowd {
			continue
		}
		if coco && at >= 0 && o.Ignore && !objects[at].Ignore {
			break
		}
		if v := m.iou(d.Box, o); v > best || coco && at >= 0 && v == best {
			if !coco || v >= min(threshold, 1-1e-10) {
				best, at = v, i
			}
		}
	}
	switch {
	case at < 0 || best < min(threshold, 1-1e-10):
		if a := d.Box.Area(); a < m.cfg.Area[0] || a > m.cfg.Area[1] {
			return neither
		}
		return wrong
	case objects[at].Ignore:
		taken[at] = true
		return neither
	case taken[at]:
		return wrong
	}
	taken[at] = true
	return right
}

// iou returns the intersection over union; over the detection alone where the object is a crowd.
func (m *DetectionAP) iou(d Box, o Object) float64 {
	g := o.Box
	if m.cfg.PixelCorners {
		d[2], d[3], g[2], g[3] = d[2]+1, d[3]+1, g[2]+1, g[3]+1
	}
	both := Box{max(d[0], g[0]), max(d[1], g[1]), min(d[2], g[2]), min(d[3], g[3])}.Area()
	if both == 0 {
		return 0
	}
	if m.cfg.Protocol == COCO && o.Crowd {
		return both / d.Area()
	}
	return both / (d.Area() + g.Area() - both)
}

// Merge adds the images of o. It panics with ErrShape unless classes and IoUs are as many.
func (m *DetectionAP) Merge(o *DetectionAP) {
	sameLength("detection_ap", len(m.classes), len(o.classes))
	sameLength("detection_ap", len(m.cfg.IoU), len(o.cfg.IoU))
	for k := range m.classes {
		m.classes[k].found = append(m.classes[k].found, o.classes[k].found...)
		for t, n := range o.classes[k].objects {
			m.classes[k].objects[t] += n
		}
	}
}

// PrecisionRecall returns the curve of a class at the i-th IoU: a point for each detection that counts, in order of their scores, those of
// one score in the order in which they were added.
func (m *DetectionAP) PrecisionRecall(class, i int) BinaryCurve {
	c := m.classes[class]
	all := slices.Clone(c.found)
	slices.SortStableFunc(all, func(a, b match) int { return byScore(a.score, b.score) })
	var curve BinaryCurve
	var tp, n int
	for _, d := range all {
		if d.is[i] == neither {
			continue
		}
		n++
		tp += truth(d.is[i] == right)
		curve.X = append(curve.X, float64(tp)/float64(c.objects[i]))
		curve.Y = append(curve.Y, float64(tp)/float64(n))
		curve.Threshold = append(curve.Threshold, d.score)
	}
	return curve
}

// AP returns the average precision of a class at the i-th IoU; NaN when no object of it counts.
func (m *DetectionAP) AP(class, i int) float64 {
	if m.classes[class].objects[i] == 0 {
		return math.NaN()
	}
	c := m.PrecisionRecall(class, i)
	recall, best := c.X, c.Y // best: the largest precision at that recall or a higher one
	for j := len(best) - 2; j >= 0; j-- {
		best[j] = max(best[j], best[j+1])
	}
	var sum float64
	if m.cfg.Protocol == VOC2010 {
		before := 0.0
		for j, r := range recall {
			sum += (r - before) * best[j]
			before = r
		}
		return sum
	}
	points := 10
	if m.cfg.Protocol == COCO {
		points = 100
	}
	for p := range points + 1 {
		if j, _ := slices.BinarySearch(recall, float64(p)/float64(points)); j < len(best) {
			sum += best[j]
		}
	}
	return sum / float64(points+1)
}

// MeanAP returns the mean of AP over the classes with objects and over IoUs; NaN when there are no objects.
func (m *DetectionAP) MeanAP() float64 {
	var all []float64
	for i := range m.cfg.IoU {
		all = append(all, m.MeanAPAt(i))
	}
	return mean(all)
}

// MeanAPAt returns the mean of AP over the classes with objects at the i-th IoU: for COCO, 0 is AP50 and 5 AP75.
func (m *DetectionAP) MeanAPAt(i int) float64 {
	all := make([]float64, len(m.classes))
	for k := range all {
		all[k] = m.AP(k, i)
	}
	return definedMean(all)
}
