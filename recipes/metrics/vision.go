package metrics

import (
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	row("T11", "IoU, mIoU, pixel accuracy, Dice", "Long et al. 2015", "mIoU 2/3, pixel accuracy 0.8, mean accuracy 5/6 of 5 pixels; ignored ones do not count", segmentation)
	row("T12", "Mean average precision", "Everingham et al. 2010; Lin et al. 2014", "0.52 at all points, 6.2/11 at 11, 53/101 at 101 of one curve; difficult objects, duplicates and crowds", meanAP)
	row("T13", "PCK", "Yang and Ramanan 2013", "2 of 4 keypoints within half the reference length", pck)
	row("T14", "PSNR and SSIM", "Wang et al. 2004", "20 log₁₀ 255 dB for an error of 1; closed form of SSIM for constant images to 1e-9", imageQuality)
	row("T15", "Pointing game", "Zhang et al. 2016", "6 of 9 places hit with a tolerance of 2 pixels, 1 without", pointing)
	row("T16", "Deletion and insertion AUC", "Petsiuk et al. 2018", "0.375 and 0.625 for the true order of 4 pixels; a reversed explanation is worse in both", deletion)
}

func segmentation(c *catalog.Check) error {
	truth, pred := tensor.Of([]int64{0, 0, 0, 1, 1, 255}, 1, 2, 3), tensor.Of([]int64{0, 0, 1, 1, 1, 2}, 1, 2, 3)
	m := metrics.NewConfusion(3)
	m.AddClasses(pred, truth, 255)
	c.Near("mIoU", m.MeanIoU(), 2.0/3, within)
	c.Near("pixel accuracy", m.Accuracy(), 0.8, within)
	c.Near("mean accuracy", m.MeanAccuracy(), 5.0/6, within)
	c.Near("frequency-weighted IoU", m.FrequencyWeightedIoU(), 2.0/3, within)
	c.Near("Dice", m.MeanDice(), 0.8, within)
	iou, dice := m.IoU()[0], m.Dice()[0]
	c.Near("Dice = 2 IoU/(1 + IoU)", dice, 2*iou/(1+iou), within)
	undefined(c, "IoU of a class that is nowhere", m.IoU()[2])
	refused(c, "a void pixel that is not ignored", tensor.ErrIndex, func() { m.AddClasses(pred, truth, -1) })
	return nil
}

func meanAP(c *catalog.Check) error {
	at := func(x float64) metrics.Box { return metrics.Box{x, 0, x + 10, 10} }
	var objects []metrics.Object
	for i := range 5 {
		objects = append(objects, metrics.Object{Box: at(100 * float64(i))})
	}
	// Right, right, wrong, wrong, right: precision 1 to recall 0.4, 0.6 to recall 0.6.
	found := []metrics.Detection{{Box: at(0), Score: 0.9}, {Box: at(100), Score: 0.8}, {Box: at(750), Score: 0.7}, {Box: at(850), Score: 0.6}, {Box: at(200), Score: 0.5}}
	value := func(cfg metrics.DetectionConfig, d []metrics.Detection, o []metrics.Object) float64 {
		m := metrics.NewDetectionAP(1, cfg)
		m.Add(d, o)
		return m.MeanAP()
	}
	voc, coco := metrics.DetectionConfig{}, metrics.DetectionConfig{Protocol: metrics.COCO, IoU: []float64{0.5}}
	c.Near("AP at all points, 0.4·1 + 0.2·0.6", value(voc, found, objects), 0.52, within)
	c.Near("at 11 points, (5·1 + 2·0.6)/11", value(metrics.DetectionConfig{Protocol: metrics.VOC2007}, found, objects), 6.2/11, within)
	c.Near("at 101 points, (41·1 + 20·0.6)/101", value(coco, found, objects), 53.0/101, within)
	again := append([]metrics.Detection{{Box: at(0), Score: 0.85}}, found...)
	c.Near("a duplicate is wrong: 0.2·1 + 0.2·2/3 + 0.2·3/6", value(voc, again, objects), 0.2+0.2*2/3+0.1, within)
	hard := append([]metrics.Object{}, objects...)
	hard[0].Ignore = true
	c.Near("a difficult object does not count: ¼·1 + ¼·½", value(voc, found, hard), 0.375, within)
	shifted := []metrics.Detection{{Box: at(2), Score: 1}} // IoU 8/12
	c.Near("COCO: found at 4 of 10 IoUs", value(metrics.DetectionConfig{Protocol: metrics.COCO}, shifted, objects[:1]), 0.4, within)
	crowd := []metrics.Object{{Box: metrics.Box{0, 0, 500, 500}, Crowd: true}, {Box: at(900)}}
	c.Equal("COCO: many in a crowd do not count", value(coco, append(found[:3:3], metrics.Detection{Box: at(900), Score: 0.1}), crowd[:]), 0.5)
	undefined(c, "AP without objects", value(voc, found, nil))
	c.Equal("AP without detections", value(voc, nil, objects), 0)
	refused(c, "a score that is NaN", tensor.ErrNaN, func() { value(voc, []metrics.Detection{{Score: math.NaN()}}, nil) })
	return c.Picture("precision-recall", func(path string) error {
		m := metrics.NewDetectionAP(1, voc)
		m.Add(found, objects)
		curve := m.PrecisionRecall(0, 0)
		return plot.Lines(path, plot.Chart{Title: "5 detections of 5 objects, AP 0.52", XLabel: "recall", YLabel: "precision", Series: []plot.Series{
			{Name: "detections", X: curve.X, Y: curve.Y}, {Name: "made monotone", X: []float64{0, 0.4, 0.4, 0.6, 0.6}, Y: []float64{1, 1, 0.6, 0.6, 0}, Dashed: true}}})
	})
}

func pck(c *catalog.Check) error {
	pred, truth := f64([]int{2, 2, 2}, 0, 0, 3, 4, 10, 0, 0, 6), tensor.With(tensor.Float64).Zeros(2, 2, 2) // distances 0, 5, 10, 6
	length := f64([]int{2}, 10, 10)
	m, n := metrics.NewPCK(0.5), metrics.NewPCK(0.5)
	m.Add(pred, truth, nil, length)
	c.Equal("PCK", m.Value(), 0.5)
	n.Add(pred, truth, tensor.Of([]int64{1, 0, 1, 1}, 2, 2), length)
	c.Near("of 3 that are annotated", n.Value(), 1.0/3, within)
	undefined(c, "of nothing", metrics.NewPCK(0.5).Value())
	return nil
}

func imageQuality(c *catalog.Check) error {
	x := tensor.With(tensor.Float64).Zeros(1, 1, 16, 16)
	c.Near("PSNR of an error of 1, in dB", metrics.PSNR(x, x.AddScalar(1), 255), 20*math.Log10(255), within)
	c.Equal("PSNR of equal images", metrics.PSNR(x, x, 255), math.Inf(1))
	ssim := func(a, b *tensor.Tensor) float64 { return metrics.SSIM(a, b, 255, metrics.SSIMConfig{})[0] }
	c.Near("SSIM of the constants 100 and 120", ssim(x.AddScalar(100), x.AddScalar(120)), 24006.5025/24406.5025, 1e-9)
	ramp := tensor.With(tensor.Float64).Arange(0, 256, 1).Reshape(1, 1, 16, 16)
	c.Near("SSIM of equal images", ssim(ramp, ramp), 1, within)
	c.Near("SSIM is symmetric", ssim(ramp, ramp.AddScalar(9))-ssim(ramp.AddScalar(9), ramp), 0, within)
	c.AtMost("SSIM of an image and its negative", ssim(ramp, ramp.RSubScalar(255)), 0)
	refused(c, "an image smaller than the window", tensor.ErrShape, func() { ssim(tensor.Zeros(1, 1, 8, 8), tensor.Zeros(1, 1, 8, 8)) })
	return nil
}

func pointing(c *catalog.Check) error {
	mask := f64([]int{3, 3}, 0, 0, 0, 0, 0, 0, 0, 0, 1)
	strict, loose := metrics.PointingGame{}, metrics.PointingGame{Tolerance: 2} // (0, 2), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)
	for i := range 9 {
		s := make([]float64, 9)
		s[i] = 1
		strict.Add(f64([]int{3, 3}, s...), mask)
		loose.Add(f64([]int{3, 3}, s...), mask)
	}
	c.Equal("places that hit with a tolerance of 2", loose.Value(), 6.0/9)
	c.Equal("places that hit without", strict.Value(), 1.0/9)
	undefined(c, "of no map", new(metrics.PointingGame).Value())
	refused(c, "a NaN in the map", tensor.ErrNaN, func() { strict.Add(mask.MulScalar(math.NaN()), mask) })
	return nil
}

func deletion(c *catalog.Check) error {
	weights := f64([]int{1, 1, 2, 2}, 0.1, 0.4, 0.3, 0.2)
	model := func(x *tensor.Tensor) *tensor.Tensor { return x.Mul(weights).Sum(1, 2, 3) }
	image, truth := tensor.With(tensor.Float64).Ones(1, 2, 2), weights.Reshape(2, 2)
	var cfg metrics.PerturbationConfig
	del, ins := metrics.Deletion(model, image, truth, cfg), metrics.Insertion(model, image, truth, cfg)
	c.Near("deletion, ¼(1/2 + 0.6 + 0.3 + 0.1)", del.AUC(), 0.375, within)
	c.Near("insertion, ¼(0.4 + 0.7 + 0.9 + 1/2)", ins.AUC(), 0.625, within)
	c.Control(func() {
		c.AtLeast("deletion of a reversed explanation", metrics.Deletion(model, image, truth.Neg(), cfg).AUC(), 0.625-within)
		c.AtMost("insertion of a reversed explanation", metrics.Insertion(model, image, truth.Neg(), cfg).AUC(), 0.375+within)
	})
	refused(c, "a map of another size", tensor.ErrShape, func() { metrics.Deletion(model, image, tensor.Zeros(3, 3), cfg) })
	return c.Picture("curves", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "Deletion and insertion of 4 pixels", XLabel: "share of pixels", YLabel: "score", Series: []plot.Series{
			{Name: "deletion", X: del.Share, Y: del.Score}, {Name: "insertion", X: ins.Share, Y: ins.Score}}})
	})
}
