package metrics_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/tensor"
)

// square is a box of side 10 whose corner is at (x, y).
func square(x, y float64) metrics.Box { return metrics.Box{x, y, x + 10, y + 10} }

func found(score float64, b metrics.Box) metrics.Detection {
	return metrics.Detection{Box: b, Score: score}
}

func is(b metrics.Box) metrics.Object { return metrics.Object{Box: b} }

// Five detections, right, right, wrong, wrong, right, of five objects: precision is 1 to recall 0.4 and 0.6 to recall 0.6.
func TestDetectionByHand(t *testing.T) {
	d := []metrics.Detection{found(0.9, square(0, 0)), found(0.8, square(100, 0)), found(0.7, square(500, 0)), found(0.6, square(600, 0)), found(0.5, square(200, 0))}
	o := []metrics.Object{is(square(0, 0)), is(square(100, 0)), is(square(200, 0)), is(square(300, 0)), is(square(400, 0))}
	for name, c := range map[string]struct {
		cfg  metrics.DetectionConfig
		want float64
	}{
		"all points":  {metrics.DetectionConfig{}, 0.4*1 + 0.2*0.6},
		"11 points":   {metrics.DetectionConfig{Protocol: metrics.VOC2007}, (5*1 + 2*0.6) / 11},                      // recalls 0 to 0.4, 0.5 to 0.6
		"COCO":        {metrics.DetectionConfig{Protocol: metrics.COCO, IoU: []float64{0.5}}, (41*1 + 20*0.6) / 101}, // 0 to 0.40, 0.41 to 0.60
		"two of them": {metrics.DetectionConfig{MaxDetections: 2}, 0.4},
	} {
		m := metrics.NewDetectionAP(1, c.cfg)
		m.Add(d, o)
		equal(t, name, m.MeanAP(), c.want)
	}
	// Over two images: the second has the last two.
	m, n := metrics.NewDetectionAP(2, metrics.DetectionConfig{}), metrics.NewDetectionAP(2, metrics.DetectionConfig{})
	m.Add(d[:3], []metrics.Object{o[0], o[1], o[3]})
	n.Add(d[3:], []metrics.Object{o[2], o[4]})
	m.Merge(n)
	equal(t, "merged", m.MeanAP(), 0.52) // the second class has no objects and does not count
	equal(t, "class without objects", m.AP(1, 0), math.NaN())
	equal(t, "nothing", metrics.NewDetectionAP(1, metrics.DetectionConfig{}).MeanAP(), math.NaN())
}

func TestDetectionProtocols(t *testing.T) {
	coco, voc := metrics.DetectionConfig{Protocol: metrics.COCO, IoU: []float64{0.5}}, metrics.DetectionConfig{}
	value := func(cfg metrics.DetectionConfig, d []metrics.Detection, o ...metrics.Object) float64 {
		m := metrics.NewDetectionAP(1, cfg)
		m.Add(d, o)
		return m.MeanAP()
	}
	a := square(0, 0)
	shifted := metrics.Box{2, 0, 12, 10} // overlaps a by 8/12
	twice := []metrics.Detection{found(0.9, a), found(0.8, a)}
	equal(t, "found twice", value(voc, twice, is(a)), 1)
	equal(t, "found twice, then another", value(voc, append(twice, found(0.7, square(50, 0))), is(a), is(square(50, 0))), 0.5+0.5*2/3)
	// The second detection overlaps a most, which is taken: in VOC it is wrong, in COCO it takes the object beside.
	equal(t, "VOC: the best is taken", value(voc, twice, is(a), is(shifted)), 0.5)
	equal(t, "COCO: the next best is free", value(coco, twice, is(a), is(shifted)), 1)
	hard := metrics.Object{Box: a, Ignore: true}
	for name, cfg := range map[string]metrics.DetectionConfig{"VOC": voc, "COCO": coco} {
		equal(t, name+": difficult objects do not count", value(cfg, append(twice, found(0.7, square(50, 0))), hard, is(square(50, 0))),
			map[string]float64{"VOC": 1, "COCO": 0.5}[name]) // COCO: the second detection finds nothing
		equal(t, name+": only difficult objects", value(cfg, twice, hard), math.NaN())
	}
	equal(t, "COCO: what counts comes before what overlaps more", value(coco, twice[:1], hard, is(shifted)), 1)
	equal(t, "VOC: the other way round", value(voc, twice[:1], hard, is(shifted)), 0)
	crowd := metrics.Object{Box: metrics.Box{0, 0, 100, 100}, Crowd: true}
	equal(t, "COCO: many in a crowd", value(coco, append(twice, found(0.7, square(500, 0))), crowd, is(square(500, 0))), 1)
	small := coco
	small.Area = [2]float64{0, 32 * 32}
	big := metrics.Box{200, 200, 300, 300}
	equal(t, "COCO: areas", value(small, []metrics.Detection{found(0.9, big), found(0.8, a)}, is(a), is(metrics.Box{600, 0, 700, 100})), 1)

	// The overlap of 10 and 6 pixels of 16: 0.6 to the pixel, 0.5625 by area.
	cfg := metrics.DetectionConfig{IoU: []float64{0.58}}
	half := []metrics.Detection{found(1, metrics.Box{0, 0, 15, 8})}
	whole := is(metrics.Box{0, 0, 15, 15})
	equal(t, "by area, 8/15", value(cfg, half, whole), 0)
	cfg.IoU[0] = 0.55
	equal(t, "by area, 8/15", value(cfg, half, whole), 0)
	cfg.PixelCorners = true // 9/16
	equal(t, "by pixels, 9/16", value(cfg, half, whole), 1)
	cfg.IoU[0] = 9.0 / 16
	equal(t, "as much is enough", value(cfg, half, whole), 1)
	many := metrics.NewDetectionAP(1, metrics.DetectionConfig{Protocol: metrics.COCO})
	many.Add([]metrics.Detection{found(1, shifted)}, []metrics.Object{is(a)}) // 0.667: found at 0.50, 0.55, 0.60, 0.65
	equal(t, "mean over IoUs", many.MeanAP(), 0.4)
	equal(t, "AP50", many.MeanAPAt(0), 1)
	equal(t, "AP75", many.MeanAPAt(5), 0)
}

func TestPCK(t *testing.T) {
	pred := tensor.Of([]float64{0, 0, 3, 4, 10, 0, math.NaN(), 0}, 2, 2, 2)
	truth := tensor.With(tensor.Float64).Zeros(2, 2, 2)
	m := metrics.NewPCK(0.5)
	m.Add(pred, truth, nil, tensor.Of([]float64{10, 19})) // distances 0, 5 of 5; 10, NaN of 9.5
	equal(t, "PCK", m.Value(), 0.5)
	equalAll(t, "joints", m.Joints(), []float64{0.5, 0.5})
	n := metrics.NewPCK(0.5)
	n.Add(pred, truth, tensor.Of([]int64{1, 1, 0, 0}, 2, 2), tensor.Of([]float64{10, 19}))
	equal(t, "annotated alone", n.Value(), 1)
	empty := metrics.NewPCK(0.5)
	equal(t, "nothing", empty.Value(), math.NaN())
	n.Merge(empty)
	empty.Merge(n)
	m.Merge(empty)
	equal(t, "merged", m.Value(), 4.0/6)
}

func TestSegmentation(t *testing.T) {
	truth := tensor.Of([]int64{0, 0, 0, 1, 1, 255}, 1, 2, 3)
	pred := tensor.Of([]int64{0, 0, 1, 1, 1, 9}, 1, 2, 3)
	m := metrics.NewConfusion(3)
	m.AddClasses(pred, truth, 255)
	equalAll(t, "IoU", m.IoU(), []float64{2.0 / 3, 2.0 / 3, math.NaN()})
	equalAll(t, "Dice", m.Dice(), []float64{0.8, 0.8, math.NaN()})
	equal(t, "pixel accuracy", m.Accuracy(), 0.8)
	equal(t, "mean accuracy", m.MeanAccuracy(), (2.0/3+1)/2)
	equal(t, "mIoU", m.MeanIoU(), 2.0/3)
	equal(t, "mean Dice", m.MeanDice(), 0.8)
	equal(t, "frequency-weighted", m.FrequencyWeightedIoU(), 2.0/3)
	m.Merge(m)
	equal(t, "twice", m.MeanIoU(), 2.0/3)
	if m.Total() != 10 {
		t.Errorf("%d pixels, want 10", m.Total())
	}
	e := metrics.NewConfusion(2)
	for what, v := range map[string]float64{"mIoU": e.MeanIoU(), "accuracy": e.MeanAccuracy(), "Dice": e.MeanDice(), "frequency": e.FrequencyWeightedIoU()} {
		equal(t, what+" of nothing", v, math.NaN())
	}
}

func TestImages(t *testing.T) {
	x := tensor.Zeros(1, 1, 11, 11)
	equal(t, "PSNR of equal images", metrics.PSNR(x, x, 255), math.Inf(1))
	equal(t, "PSNR of an error of 1", metrics.PSNR(x, x.AddScalar(1), 255), 20*math.Log10(255))
	equalAll(t, "SSIM of equal images", metrics.SSIM(x, x, 255, metrics.SSIMConfig{}), []float64{1})
	// Constant images: the factor of variances is 1, that of means (2·100·120 + 6.5025)/(100² + 120² + 6.5025).
	a, b := x.AddScalar(100), x.AddScalar(120)
	equalAll(t, "SSIM of constants", metrics.SSIM(a.To(tensor.Float64), b.To(tensor.Float64), 255, metrics.SSIMConfig{}), []float64{24006.5025 / 24406.5025})
	// A window of one pixel has no variance: the mean of both pixels' factors.
	one := metrics.SSIM(tensor.Of([]float64{0, 100}, 1, 1, 1, 2), tensor.Of([]float64{0, 120}, 1, 1, 1, 2), 255, metrics.SSIMConfig{Window: 1})
	equalAll(t, "SSIM of single pixels", one, []float64{(1 + 24006.5025/24406.5025) / 2})
}

func TestExplanations(t *testing.T) {
	p := metrics.PointingGame{Tolerance: 1}
	mask := tensor.Of([]float64{0, 0, 0, 0, 0, 0, 0, 0, 1}, 3, 3)
	at := func(i int) *tensor.Tensor {
		v := make([]float64, 9)
		v[i] = 1
		return tensor.Of(v, 3, 3)
	}
	for i, want := range []bool{false, false, false, false, false, true, false, true, true} { // the diagonal neighbour is √2 away
		if got := p.Add(at(i), mask); got != want {
			t.Errorf("a point at %d hits: %v", i, got)
		}
	}
	equal(t, "pointing game", p.Value(), 1.0/3)
	p.Merge(&metrics.PointingGame{Hits: 3, Total: 3})
	equal(t, "merged", p.Value(), 0.5)
	if p.Add(at(0), tensor.Zeros(3, 3)) {
		t.Error("hit an object that is not there")
	}

	// The model scores the pixels by 0.4, 0.3, 0.2, 0.1.
	weights := tensor.Of([]float64{0.1, 0.4, 0.3, 0.2}, 1, 1, 2, 2)
	calls := 0
	model := func(x *tensor.Tensor) *tensor.Tensor { calls++; return x.Mul(weights).Sum(1, 2, 3) }
	image, good, bad := tensor.With(tensor.Float64).Ones(1, 2, 2), weights.Reshape(2, 2), weights.Reshape(2, 2).Neg()
	del := metrics.Deletion(model, image, good, metrics.PerturbationConfig{Batch: 2})
	equalAll(t, "shares", del.Share, []float64{0, 0.25, 0.5, 0.75, 1})
	equalAll(t, "deletion", del.Score, []float64{1, 0.6, 0.3, 0.1, 0})
	equal(t, "deletion AUC", del.AUC(), 0.25*(0.5+0.6+0.3+0.1))
	if calls != 3 {
		t.Errorf("the model was called %d times for 5 images in batches of 2", calls)
	}
	ins := metrics.Insertion(model, image, good, metrics.PerturbationConfig{})
	equalAll(t, "insertion", ins.Score, []float64{0, 0.4, 0.7, 0.9, 1})
	equal(t, "insertion AUC", ins.AUC(), 0.25*(0.4+0.7+0.9+0.5))
	equal(t, "deletion AUC, upside down", metrics.Deletion(model, image, bad, metrics.PerturbationConfig{}).AUC(), 0.25*(0.5+0.9+0.7+0.4))
	two := metrics.Insertion(model, image, good, metrics.PerturbationConfig{Steps: 2, Baseline: image.MulScalar(0.5)})
	equalAll(t, "from a baseline in two steps", two.Score, []float64{0.5, 0.85, 1})
}
