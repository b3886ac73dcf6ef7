package vision

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H07", Tier: catalog.Unit, Title: "mAP, IoU, mIoU and pixel accuracy", Source: "Everingham, Van Gool, Williams, Winn and Zisserman 2010",
		Target: "an example of two pictures and two classes worked by hand: AP 11/12 and 1/2 at all points, 10/11 and 6/11 at 11; IoU 1/7 of two boxes; mIoU 7/12 and pixel accuracy 3/4 of 16 pixels; exact",
		Note:   "the duplicates, difficult objects and crowds of detection, and the ignored pixels of segmentation, are rows T11 and T12",
		Test:   boxMetrics,
	})
}

// handObjects and handFound are two pictures with 4 objects of class 0 and 2 of class 1 in all, and what a detector found.
var handObjects = [][]metrics.Object{
	{{Box: metrics.Box{0, 0, 10, 10}}, {Box: metrics.Box{20, 0, 30, 10}}, {Box: metrics.Box{0, 20, 10, 30}, Class: 1}},
	{{Box: metrics.Box{0, 0, 10, 10}}, {Box: metrics.Box{40, 40, 60, 60}, Class: 1}},
}

var handFound = [][]metrics.Detection{
	{
		{Box: metrics.Box{0, 0, 10, 10}, Score: 0.9},               // right
		{Box: metrics.Box{20, 0, 30, 8}, Score: 0.6},               // IoU 0.8: right
		{Box: metrics.Box{0, 0, 10, 9}, Score: 0.7},                // the first again: wrong
		{Box: metrics.Box{0, 25, 10, 35}, Class: 1, Score: 0.8},    // IoU 1/3: wrong
		{Box: metrics.Box{20, 0, 30, 10}, Class: 1, Score: 0.3},    // of another class: wrong
		{Box: metrics.Box{100, 100, 120, 120}, Class: 0, Score: 0}, // nothing there
	},
	{
		{Box: metrics.Box{1, 0, 11, 10}, Score: 0.8},               // IoU 9/11: right
		{Box: metrics.Box{40, 40, 60, 55}, Class: 1, Score: 0.95},  // IoU 0.75: right
		{Box: metrics.Box{42, 40, 60, 60}, Class: 1, Score: 0.1},   // again: wrong
		{Box: metrics.Box{70, 70, 80, 80}, Class: 1, Score: 0.001}, // nothing there
	},
}

func boxMetrics(_ context.Context, c *catalog.Check) error {
	const within = 1e-12
	value := func(cfg metrics.DetectionConfig, found [][]metrics.Detection) *metrics.DetectionAP {
		ap := metrics.NewDetectionAP(2, cfg)
		for i := range handObjects {
			ap.Add(found[i], handObjects[i])
		}
		return ap
	}
	all, eleven := value(metrics.DetectionConfig{}, handFound), value(metrics.DetectionConfig{Protocol: metrics.VOC2007}, handFound)
	// Class 0, 3 objects, by score: right, right, wrong, right, wrong. Precision 1 to recall 2/3, then 3/4 to recall 1.
	c.Near("AP at all points, ⅔·1 + ⅓·¾", all.AP(0, 0), 2.0/3+0.25, within)
	c.Near("AP at 11 points, (7·1 + 4·¾)/11", eleven.AP(0, 0), 10.0/11, within)
	// Class 1, 2 objects: right, wrong, wrong, wrong, wrong. Precision 1 to recall ½.
	c.Near("AP of the other class, ½·1", all.AP(1, 0), 0.5, within)
	c.Near("at 11 points, 6/11", eleven.AP(1, 0), 6.0/11, within)
	c.Near("mAP, the mean of both", all.MeanAP(), (2.0/3+0.25+0.5)/2, within)
	c.Near("mAP at 11 points", eleven.MeanAP(), 8.0/11, within)
	c.Near("mAP at an IoU of 0.78, where of class 1 the fourth alone is right, (11/12 + ½·¼)/2", value(metrics.DetectionConfig{IoU: []float64{0.78}}, handFound).MeanAP(), (11.0/12+0.125)/2, within)

	box := func(v ...float64) *tensor.Tensor { return tensor.Of(v, len(v)/4, 4) }
	iou := vision.BoxIoU(box(0, 0, 4, 4), box(2, 2, 6, 6, 0, 0, 4, 4, 4, 0, 8, 4, 1, 1, 3, 3)).Floats()
	for i, want := range []struct {
		what string
		iou  float64
	}{{"two squares that share a quarter, 4/28", 1.0 / 7}, {"equal boxes", 1}, {"boxes that touch", 0}, {"a box inside another, 4/16", 0.25}} {
		c.Near("IoU of "+want.what, iou[i], want.iou, within)
	}
	truth := tensor.Of([]int64{0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0}, 4, 4)
	pred := tensor.Of([]int64{0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1}, 4, 4) // 4 pixels too many
	m := metrics.NewConfusion(2)
	m.AddClasses(pred, truth, -1)
	c.Near("pixel accuracy, 12/16", m.Accuracy(), 0.75, within)
	c.Near("mIoU, the mean of 8/12 and 4/8", m.MeanIoU(), (8.0/12+0.5)/2, within)

	blank := metrics.NewConfusion(2)
	blank.AddClasses(truth.MulScalar(0), truth, -1)
	c.Near("pixel accuracy of background alone", blank.Accuracy(), 0.75, within)

	reversed := make([][]metrics.Detection, len(handFound))
	for i, found := range handFound {
		for _, d := range found {
			d.Score = 1 - d.Score
			reversed[i] = append(reversed[i], d)
		}
	}
	c.Control(func() {
		c.AtMost("mAP with scores the wrong way round", value(metrics.DetectionConfig{}, reversed).MeanAP(), 0.55)
		c.AtMost("mIoU of background alone, whose pixel accuracy is 3/4 too", blank.MeanIoU(), 0.4)
	})
	return c.Picture("precision-recall", func(path string) error {
		curve := all.PrecisionRecall(0, 0)
		x, best := []float64{0, 2.0 / 3, 2.0 / 3, 1}, []float64{1, 1, 0.75, 0.75}
		return plot.Lines(path, plot.Chart{
			Title: "Class 0 by hand: AP 11/12 at all points, 10/11 at 11", XLabel: "recall", YLabel: "precision",
			Series: []plot.Series{{Name: "5 detections", X: curve.X, Y: curve.Y}, {Name: "made monotone", X: x, Y: best, Dashed: true}, elevenPoints(all)},
		})
	})
}

// elevenPoints are the precisions that VOC 2007 averages.
func elevenPoints(ap *metrics.DetectionAP) plot.Series {
	curve := ap.PrecisionRecall(0, 0)
	s := plot.Series{Name: "at 11 recalls"}
	for p := range 11 {
		best := math.Inf(-1)
		for i, r := range curve.X {
			if r >= float64(p)/10 {
				best = max(best, curve.Y[i])
			}
		}
		s.X, s.Y = append(s.X, float64(p)/10), append(s.Y, best)
	}
	return s
}
