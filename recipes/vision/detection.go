package vision

import (
	"context"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/models/detection"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H06", Tier: catalog.Large, Title: "Object detection: SSD and Faster R-CNN", Source: "Girshick 2015; Ren et al. 2015; Redmon et al. 2016; Liu et al. 2016",
		Target: "mAP at IoU 0.5 ≥ 0.90 of the one-stage and of the two-stage detector on 1 to 4 shapes at 64 x 64 pixels, as medians of 3 seeds; the mAP of a curve by hand; non-maximum suppression as its definition",
		Note:   "one stage is SSD, two are Faster R-CNN with ROIAlign in the place of ROI pooling; shapes of 13 to 26 pixels on a texture, turned by up to 45 degrees, that cover each other (IoU up to 0.2)",
		Test:   detectionRow,
	})
}

// manyObjects are the pictures that detectors are shown on.
var manyObjects = shapes.Config{Most: 4, Background: shapes.Texture, Noise: 0.02, Rotation: 45, Overlap: 0.2}

// newDetector returns a detector for shapes.
func newDetector(g *random.Generator, twoStages bool, width int) detection.Detector {
	if twoStages {
		return detection.NewFasterRCNN(g, detection.FasterRCNNConfig{Classes: len(shapes.Classes), Width: width, Ratios: []float64{1}})
	}
	return detection.NewSSD(g, detection.SSDConfig{Classes: len(shapes.Classes), Width: width})
}

func detectionRow(ctx context.Context, c *catalog.Check) error {
	const pictures, tests = 2000, 300
	test := boxed(shapes.New(tests, seedsApart-1, manyObjects))
	type reached struct {
		model detection.Detector
		ap    *metrics.DetectionAP
	}
	var last [2]reached
	for stage, f := range []detectorFit{{epochs: 6, batch: 16, lr: 3e-3, decay: 1e-3, workers: 1}, {epochs: 8, batch: 16, lr: 3e-3, decay: 1e-3, workers: 1}} {
		name := []string{"one-stage", "two-stage"}[stage]
		mAP, err := c.Median(3, func(seed uint64) (float64, error) {
			model := newDetector(random.New(seed), stage == 1, 0)
			f.seed = seed
			if err := f.fit(ctx, model, boxed(shapes.New(pictures, seed*seedsApart, manyObjects))); err != nil {
				return 0, err
			}
			ap, err := measureDetector(ctx, model, test, metrics.DetectionConfig{})
			if err != nil {
				return 0, err
			}
			last[stage] = reached{model, ap}
			return ap.MeanAP(), nil
		})
		if err != nil {
			return err
		}
		c.AtLeast("mAP of the "+name+" detector", mAP, 0.9)
	}
	curveByHand(c)
	c.True("non-maximum suppression of 300 boxes is its definition", suppressesAsDefined(300))

	untrained, err := measureDetector(ctx, newDetector(random.New(1), false, 0), test, metrics.DetectionConfig{})
	if err != nil {
		return err
	}
	permuted := metrics.NewDetectionAP(len(shapes.Classes), metrics.DetectionConfig{})
	if err := detected(ctx, last[0].model, test, detection.DetectConfig{}, func(_ *tensor.Tensor, t detection.Target, found detection.Detections) {
		all := found.Metrics()
		for i := range all {
			all[i].Class = (all[i].Class + 1) % len(shapes.Classes)
		}
		permuted.Add(all, t.Metrics())
	}); err != nil {
		return err
	}
	c.Control(func() {
		c.AtMost("mAP of a detector that was not trained", untrained.MeanAP(), 0.2)
		c.AtMost("mAP of the one-stage detector's boxes with each class taken for the next", permuted.MeanAP(), 0.2)
	})

	for stage, name := range []string{"one-stage", "two-stage"} {
		err := c.Picture(name, func(path string) error {
			return plotFound(ctx, path, "The "+name+" detector: what was found, and what is there (white, dashed)", last[stage].model, test, 0.5)
		})
		if err != nil {
			return err
		}
	}
	return c.Picture("precision-recall", func(path string) error {
		var series []plot.Series
		for stage, name := range []string{"one stage", "two stages"} {
			for k, class := range shapes.Classes {
				curve := last[stage].ap.PrecisionRecall(k, 0)
				series = append(series, plot.Series{Name: name + ", " + class, X: curve.X, Y: curve.Y, Dashed: stage == 1})
			}
		}
		return plot.Lines(path, plot.Chart{Title: "Precision and recall at IoU 0.5", XLabel: "recall", YLabel: "precision", Series: series})
	})
}

// curveByHand claims the average precision of a curve worked by hand: of 5 objects 4 are found, at the ranks 1, 3, 4 and 8.
func curveByHand(c *catalog.Check) {
	at := func(k int) metrics.Box { return metrics.Box{float64(20 * k), 0, float64(20*k + 10), 10} }
	var objects []metrics.Object
	for k := range 5 {
		objects = append(objects, metrics.Object{Box: at(k)})
	}
	var found []metrics.Detection
	for rank, k := range []int{0, 10, 1, 2, 11, 12, 13, 3} {
		found = append(found, metrics.Detection{Box: at(k), Score: 1 - float64(rank)/10})
	}
	value := func(p metrics.DetectionProtocol) float64 {
		ap := metrics.NewDetectionAP(1, metrics.DetectionConfig{Protocol: p})
		ap.Add(found, objects)
		return ap.MeanAP()
	}
	// Precision 1, then 3/4 to recall 3/5, then 4/8 to recall 4/5.
	c.Near("AP by hand at all points, ⅕·1 + ⅖·¾ + ⅕·½", value(metrics.VOC2010), 0.6, 1e-12)
	c.Near("AP by hand at 11 points, (3·1 + 4·¾ + 2·½)/11", value(metrics.VOC2007), 7.0/11, 1e-12)
}

// suppressesAsDefined compares vision.NMS with the definition: the best box left is kept, and all that overlap it go.
func suppressesAsDefined(n int) bool {
	const threshold = 0.4
	g := random.New(7)
	corner := tensor.Rand(g, n, 2).MulScalar(50)
	boxes := tensor.Concat(1, corner, corner.Add(tensor.Rand(g, n, 2).MulScalar(20).AddScalar(5)))
	scores := tensor.Rand(g, n)
	iou, s := vision.BoxIoU(boxes, boxes).Floats(), scores.Floats()
	var want []int64
	for {
		best := -1
		for i, v := range s {
			if !math.IsInf(v, -1) && (best < 0 || v > s[best]) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		want = append(want, int64(best))
		for i := range s {
			if i == best || iou[best*n+i] > threshold {
				s[i] = math.Inf(-1)
			}
		}
	}
	return len(want) < n && slices.Equal(tensor.Data[int64](vision.NMS(boxes, scores, threshold)), want)
}
