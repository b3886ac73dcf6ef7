package explain_test

import (
	"errors"
	"image"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// linearModel scores pictures (N, 1, 4, 4) by a dense layer alone.
func linearModel() (nn.Sequential, *nn.Linear) {
	fc := nn.NewLinear(random.New(2), 16, 3, nn.LinearConfig{})
	return nn.NewSequential(nn.NewFlatten(), fc), fc
}

// Of a linear model the gradient is the weight, and the shares of the values add up to the score without the bias.
func TestLinearModel(t *testing.T) {
	m, fc := linearModel()
	x := tensor.Randn(random.New(3), 2, 1, 4, 4)
	w := fc.Weight.Floats()
	g := explain.Gradient(m, x, []int{2})
	near(t, "gradient", g, append(w[32:48:48], w[32:48]...), 0)
	near(t, "integrated", explain.IntegratedGradients(m, x, []int{2}, explain.IntegratedGradientsConfig{Steps: 3}), explain.InputXGradient(m, x, []int{2}).Floats(), 1e-5)
	score := fc.Forward(x.Flatten(1)).Select(1, 2).SubScalar(fc.Bias.Floats()[2])
	near(t, "sum", explain.InputXGradient(m, x, []int{2}).Sum(1, 2, 3), score.Floats(), 1e-5)
	near(t, "smooth", explain.SmoothGrad(random.New(1), m, x, []int{2}, explain.SmoothGradConfig{Samples: 4}), g.Floats(), 1e-5)
	// A patch of one pixel that shows 0 takes away the pixel's share.
	one := explain.OcclusionConfig{Patch: [2]int{1, 1}, Stride: [2]int{1, 1}}
	near(t, "occlusion", explain.Occlusion(m, x, []int{2}, one), explain.InputXGradient(m, x, []int{2}).Squeeze(1).Floats(), 1e-5)
}

// The shares of integrated gradients add up to the score's difference (completeness).
func TestIntegratedGradientsComplete(t *testing.T) {
	m, x := newNet(), pictures()
	sum := explain.IntegratedGradients(m, x, []int{1}, explain.IntegratedGradientsConfig{Steps: 2000}).Sum(1, 2, 3).Floats()
	at := func(x *tensor.Tensor) []float64 { return m.Forward(x).Detach().Select(1, 1).Floats() }
	high, low := at(x), at(tensor.ZerosLike(x))
	for i := range sum {
		if !(math.Abs(sum[i]-(high[i]-low[i])) <= 1e-3*math.Abs(high[i]-low[i])) {
			t.Errorf("picture %d: %v, want %v", i, sum[i], high[i]-low[i])
		}
	}
}

// Without classes each picture's largest score is explained; one class serves all; a picture's map does not depend on the others.
func TestClasses(t *testing.T) {
	m, x := newNet(), pictures()
	var top []int
	for _, k := range tensor.Data[int64](m.Forward(x).Detach().ArgMax(1)) {
		top = append(top, int(k))
	}
	near(t, "largest", explain.Saliency(m, x, nil), explain.Saliency(m, x, top).Floats(), 0)
	near(t, "one class", explain.Saliency(m, x, []int{1}), explain.Saliency(m, x, []int{1, 1}).Floats(), 0)
	near(t, "alone", explain.Saliency(m, x.Narrow(0, 1, 1), []int{1}), explain.Saliency(m, x, []int{1}).Select(0, 1).Floats(), 1e-12)
}

// SmoothGrad's noise is a part of each picture's own range: one that is brighter, behind it in the batch, changes nothing.
func TestSmoothGradAlone(t *testing.T) {
	m, x := newNet(), pictures().Narrow(0, 0, 1)
	smooth := func(x *tensor.Tensor) *tensor.Tensor {
		return explain.SmoothGrad(random.New(1), m, x, []int{1}, explain.SmoothGradConfig{Samples: 1, Noise: 0.5})
	}
	alone := smooth(x)
	near(t, "alone", smooth(tensor.Concat(0, x, x.MulScalar(100))).Narrow(0, 0, 1), alone.Floats(), 1e-12)
	if tensor.AllClose(alone, explain.Gradient(m, x, []int{1}), 0, 1e-3, false) {
		t.Error("the noise changes nothing")
	}
}

// Explanations are of the network as it infers, and leave it as it is.
func TestExplainsInference(t *testing.T) {
	g := random.New(1)
	bn := nn.NewBatchNorm2d(4, nn.BatchNormConfig{})
	bn.RunningVar.CopyFrom(tensor.Full(4, 4))
	m := nn.NewSequential(nn.NewConv2d(g, 1, 4, 3, nn.ConvConfig{}), bn, nn.ReLU{}, nn.NewDropout(g, 0.5), &nn.AdaptiveAvgPool2d{H: 1, W: 1}, nn.NewFlatten(), nn.NewLinear(g, 4, 2, nn.LinearConfig{}))
	x := tensor.Randn(g, 2, 1, 6, 6)
	near(t, "saliency", explain.Saliency(m, x, nil), explain.Saliency(nn.Eval(m), x, nil).Floats(), 0)
	if bn.RunningVar.Floats()[0] != 4 || m[0].(*nn.Conv2d).Weight.Grad() != nil {
		t.Error("the model has changed")
	}
	// Grad-CAM looks at what the ReLU after the normalisation made.
	maps, _, err := explain.CAM(m, x, nil)
	if err != nil {
		t.Fatal(err)
	}
	cam, err := explain.GradCAM(m, x, nil, explain.GradCAMConfig{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Grad-CAM", cam.MulScalar(16), maps.ReLU().Floats(), 1e-5)
	signed, _ := explain.GradCAM(m, x, nil, explain.GradCAMConfig{Signed: true})
	near(t, "signed", signed.MulScalar(16), maps.Floats(), 1e-5)
}

func TestLayers(t *testing.T) {
	m, x := newNet(), pictures()
	for layer, shape := range map[string]tensor.Shape{"": tensor.ShapeOf(2, 4, 4), "conv1": tensor.ShapeOf(2, 8, 8), "conv2": tensor.ShapeOf(2, 4, 4)} {
		cam, err := explain.GradCAM(m, x, nil, explain.GradCAMConfig{Layer: layer})
		if err != nil || cam.Shape() != shape {
			t.Errorf("%q: %v, %v", layer, cam, err)
		}
	}
	dense, _ := linearModel()
	// The errors say what the network lacks, and what it has.
	for what, err := range map[string]error{
		`no convolutions in a module "conv3"; there are conv1, conv2`: second(explain.GradCAM(m, x, nil, explain.GradCAMConfig{Layer: "conv3"})),
		"no feature maps": second(explain.GradCAM(dense, tensor.Ones(1, 1, 4, 4), nil, explain.GradCAMConfig{})),
		"no convolution":  second(explain.GuidedGradCAM(dense, tensor.Ones(1, 1, 4, 4), nil, explain.GradCAMConfig{})),
		"global average":  camError(dense, tensor.Ones(1, 1, 4, 4)),
	} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v lacks %q", err, what)
		}
	}
	// AlexNet has no global pooling but maps; its names are torchvision's.
	alex := models.NewAlexNet(random.New(1), models.Config{Width: 0.05, Classes: 5})
	big := tensor.Rand(random.New(2), 1, 3, 96, 96)
	cam, err := explain.GradCAM(alex, big, nil, explain.GradCAMConfig{})
	if err != nil || cam.Shape() != tensor.ShapeOf(1, 5, 5) { // conv5's, before its pooling
		t.Errorf("%v, %v", cam, err)
	}
	if camError(alex, big) == nil {
		t.Error("AlexNet has class activation maps")
	}
	var ops []string
	for _, a := range explain.Activations(alex, big) {
		ops = append(ops, a.Module+" "+a.Op)
	}
	if got := strings.Join(ops[:3], ","); got != "features.0 conv2d, max_pool2d,features.3 conv2d" {
		t.Errorf("the ops are %s", got)
	}
}

func second(_ *tensor.Tensor, err error) error { return err }

func camError(m nn.Layer, x *tensor.Tensor) error {
	_, _, err := explain.CAM(m, x, nil)
	return err
}

// A network whose last maps are one for each class needs no dense layer; a dense layer may lack its bias.
func TestCAMHeads(t *testing.T) {
	g := random.New(4)
	x := tensor.Randn(g, 2, 3, 6, 5)
	conv := nn.NewConv2d(g, 3, 4, 3, nn.ConvConfig{})
	pool := &nn.AdaptiveAvgPool2d{H: 1, W: 1}
	for name, m := range map[string]nn.Sequential{
		"maps of classes": nn.NewSequential(conv, pool, nn.NewFlatten()),
		"no bias":         nn.NewSequential(conv, nn.ReLU{}, pool, nn.NewFlatten(), nn.NewLinear(g, 4, 3, nn.LinearConfig{NoBias: true})),
		"bias":            nn.NewSequential(conv, nn.ReLU{}, pool, nn.NewFlatten(), nn.NewLinear(g, 4, 3, nn.LinearConfig{})),
	} {
		maps, bias, err := explain.CAM(m, x, []int{1, 2})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		y := m.Forward(x).Detach().Floats()
		k := len(y) / 2
		near(t, name, maps.Mean(1, 2).Add(bias), []float64{y[1], y[k+2]}, 1e-5)
	}
	// Largest values in the place of means are not.
	if camError(nn.NewSequential(conv, nn.ReLU{}, &nn.AdaptiveMaxPool2d{H: 1, W: 1}, nn.NewFlatten(), nn.NewLinear(g, 4, 3, nn.LinearConfig{})), x) == nil {
		t.Error("global maxima have class activation maps")
	}
}

func TestActivationMaximization(t *testing.T) {
	// Of a linear score the best picture is white where the weight is positive and black elsewhere.
	m, fc := linearModel()
	objective := func(x *tensor.Tensor) *tensor.Tensor { return nn.Eval(m).Forward(x).Select(1, 0) }
	start := tensor.Full(0.5, 1, 1, 4, 4)
	var seen []float64
	best := explain.ActivationMaximization(start, objective, explain.MaximizeConfig{Steps: 40, Observe: func(_ int, v float64) { seen = append(seen, v) }})
	want := make([]float64, 16)
	for i := range want {
		if fc.Weight.Floats()[i] > 0 {
			want[i] = 1
		}
	}
	near(t, "best", best, want, 0)
	if len(seen) != 40 || seen[39] <= seen[0] || start.Floats()[0] != 0.5 {
		t.Errorf("objective %v", seen)
	}
	// With the penalty of squares and bounds out of reach it is w/(2 L2).
	free := explain.MaximizeConfig{Steps: 2000, LR: 0.01, L2: 0.5, Low: []float64{-9}, High: []float64{9}}
	near(t, "with L2", explain.ActivationMaximization(start, objective, free), fc.Weight.Floats()[:16], 1e-3)
	if tv := explain.TotalVariation(tensor.Of([]float64{0, 1, 4, 9}, 1, 1, 2, 2)).Item(); tv != 4+8+1+5 {
		t.Errorf("total variation %v", tv)
	}
	moved := explain.MaximizeConfig{Steps: 5, Jitter: 2, TV: 0.1, Seed: 3}
	a, b := explain.ActivationMaximization(start, objective, moved), explain.ActivationMaximization(start, objective, moved)
	near(t, "again", a, b.Floats(), 0)
	moved.Seed = 4
	if tensor.AllClose(a, explain.ActivationMaximization(start, objective, moved), 0, 0, false) {
		t.Error("another seed gives the same")
	}
}

func TestDeepDream(t *testing.T) {
	m := nn.Eval(newNet())
	features := nn.Func(func(x *tensor.Tensor) *tensor.Tensor { return m.Conv1.Forward(x).ReLU() })
	x := tensor.With(tensor.Float64).Rand(random.New(5), 1, 2, 16, 12)
	steps := map[[2]int]float64{}
	cfg := explain.DreamConfig{Octaves: 3, Steps: 4, LR: 0.02, Jitter: 2, Seed: 1, Observe: func(octave, step int, v float64) { steps[[2]int{octave, step}] = v }}
	dream := explain.DeepDream(features, x, cfg)
	if dream.Shape() != x.Shape() || dream.Min().Item() < 0 || dream.Max().Item() > 1 || len(steps) != 3*5 {
		t.Fatalf("dream %v from %v to %v, %d steps", dream.Shape(), dream.Min(), dream.Max(), len(steps))
	}
	if steps[[2]int{2, 4}] != explain.DreamObjective(features, dream).Item() {
		t.Error("the last objective is not the dream's")
	}
	if before := explain.DreamObjective(features, x).Item(); steps[[2]int{2, 4}] <= before {
		t.Errorf("the objective went from %v to %v", before, steps[[2]int{2, 4}])
	}
	cfg.Observe = nil
	near(t, "again", explain.DeepDream(features, x, cfg), dream.Floats(), 0)
	// One step of one octave goes along the gradient, its mean change LR.
	one := explain.DreamConfig{Octaves: 1, Steps: 1, LR: 0.001, Low: []float64{-9, -9}, High: []float64{9, 9}}
	change := explain.DeepDream(features, x, one).Sub(x).Abs().Mean().Item()
	if !(math.Abs(change-0.001) <= 1e-9) {
		t.Errorf("mean change %v", change)
	}
}

func TestSheet(t *testing.T) {
	g := random.New(1)
	m := nn.NewSequential(nn.NewConv2d(g, 3, 4, 3, nn.ConvConfig{}), nn.ReLU{}, nn.NewConv2d(g, 4, 5, 3, nn.ConvConfig{}), nn.ReLU{}, &nn.AdaptiveAvgPool2d{H: 1, W: 1}, nn.NewFlatten(), nn.NewLinear(g, 5, 2, nn.LinearConfig{}))
	x := tensor.Rand(g, 1, 3, 12, 16)
	tiles, missing := explain.Sheet(m, x, explain.SheetConfig{})
	if len(tiles) != 9 || len(missing) != 0 {
		t.Errorf("%d tiles, missing %v", len(tiles), missing)
	}
	for i, tile := range tiles[:6] {
		if b := tile.Image.Bounds(); b.Dx() != 16 || b.Dy() != 12 || tile.Caption == "" {
			t.Errorf("tile %d: %v %q", i, b, tile.Caption)
		}
	}
	if b := tiles[6].Image.Bounds(); b.Dx() != 2*33+2 || b.Dy() != 2*33+2 { // 4 filters of 3 x 3, 11 pixels for one, two a row
		t.Errorf("the filters are %v", b)
	}
	dense, _ := linearModel()
	tiles, missing = explain.Sheet(dense, tensor.Rand(g, 1, 1, 4, 4), explain.SheetConfig{Mean: []float64{0.5}, Std: []float64{0.2}})
	if len(tiles) != 4 || len(missing) != 3 {
		t.Errorf("%d tiles, missing %v", len(tiles), missing)
	}
	if b := explain.Mosaic(nil).Bounds(); b.Dx() != 1 {
		t.Errorf("nothing makes %v", b)
	}
}

func TestRefuses(t *testing.T) {
	m, x := newNet(), pictures()
	flat := nn.Func(func(x *tensor.Tensor) *tensor.Tensor { return x.Flatten(1).Sum(1) })
	constant := nn.Func(func(x *tensor.Tensor) *tensor.Tensor { return tensor.With(tensor.Float64).Zeros(x.Dim(0), 2) })
	for name, c := range map[string]struct {
		kind tensor.Kind
		says string
		f    func()
	}{
		"rank":     {tensor.ErrShape, "(N, C, H, W)", func() { explain.Saliency(m, x.Select(0, 0), nil) }},
		"integers": {tensor.ErrShape, "floating-point", func() { explain.Occlusion(m, x.To(tensor.Int64), nil, explain.OcclusionConfig{}) }},
		"empty":    {tensor.ErrShape, "not empty", func() { explain.Gradient(m, x.Narrow(0, 0, 0), nil) }},
		"scores":   {tensor.ErrShape, "scores (N, classes)", func() { explain.Gradient(flat, x, nil) }},
		"class":    {tensor.ErrValue, "no class 3 among 3", func() { explain.Gradient(m, x, []int{3}) }},
		"below 0":  {tensor.ErrValue, "no class -1", func() { explain.GuidedBackprop(m, x, []int{0, -1}) }},
		"classes":  {tensor.ErrValue, "3 classes are given for 2", func() { explain.CAM(m, x, []int{0, 1, 2}) }},
		"no graph": {tensor.ErrGraph, "", func() { explain.Gradient(constant, x, nil) }},
		"patch":    {tensor.ErrValue, "does not cover", func() { explain.Occlusion(m, x, nil, explain.OcclusionConfig{Patch: [2]int{9, 1}}) }},
		"stride": {tensor.ErrValue, "does not cover", func() {
			explain.Occlusion(m, x, nil, explain.OcclusionConfig{Patch: [2]int{2, 2}, Stride: [2]int{3, 1}})
		}},
		"steps":        {tensor.ErrValue, "Steps is -1", func() { explain.IntegratedGradients(m, x, nil, explain.IntegratedGradientsConfig{Steps: -1}) }},
		"noise":        {tensor.ErrValue, "Noise is NaN", func() { explain.SmoothGrad(random.New(1), m, x, nil, explain.SmoothGradConfig{Noise: math.NaN()}) }},
		"bounds":       {tensor.ErrValue, "1 bounds are given for 2", func() { explain.DeepDream(m.Conv1, x, explain.DreamConfig{Octaves: 1, Low: []float64{0}}) }},
		"no range":     {tensor.ErrValue, "below its largest", func() { explain.DeepDream(m.Conv1, x, explain.DreamConfig{Octaves: 1, Low: []float64{0, 1}}) }},
		"octaves":      {tensor.ErrValue, "fewer octaves", func() { explain.DeepDream(m.Conv1, x, explain.DreamConfig{Octaves: 9}) }},
		"scale":        {tensor.ErrValue, "scale above 1", func() { explain.DeepDream(m.Conv1, x, explain.DreamConfig{Scale: 1}) }},
		"objective":    {tensor.ErrShape, "one number for each", func() { explain.ActivationMaximization(x, m.Forward, explain.MaximizeConfig{}) }},
		"rate":         {tensor.ErrValue, "LR is -1", func() { explain.ActivationMaximization(x, m.Forward, explain.MaximizeConfig{LR: -1}) }},
		"one picture":  {tensor.ErrShape, "one picture", func() { explain.Sheet(m, x, explain.SheetConfig{}) }},
		"NaN":          {tensor.ErrValue, "below its largest", func() { explain.DeepDream(m.Conv1, x, explain.DreamConfig{Octaves: 1, Low: []float64{0, math.NaN()}}) }},
		"variation":    {tensor.ErrShape, "(N, C, H, W)", func() { explain.TotalVariation(x.Select(0, 0)) }},
		"channels":     {tensor.ErrShape, "1 or 3 channels", func() { explain.Picture(x.Select(0, 0), nil, nil) }},
		"means":        {tensor.ErrShape, "a mean and a deviation for each", func() { explain.Picture(tensor.Ones(1, 2, 2), []float64{0, 0}, []float64{1, 1}) }},
		"scalar":       {tensor.ErrShape, "(C, H, W)", func() { explain.Picture(tensor.Full(1), nil, nil) }},
		"signed":       {tensor.ErrShape, "(C, H, W)", func() { explain.Signed(x) }},
		"no pixels":    {tensor.ErrShape, "no pixels", func() { explain.Mosaic([]image.Image{image.NewGray(image.Rect(0, 0, 0, 3))}) }},
		"filters":      {tensor.ErrShape, "(K, C, h, w)", func() { explain.Filters(x.Select(0, 0), 1) }},
		"feature maps": {tensor.ErrShape, "(K, h, w)", func() { explain.FeatureMaps(x, 1) }},
		"upsample":     {tensor.ErrShape, "(N, h, w)", func() { explain.Upsample(x, 1, 1) }},
	} {
		err := tensor.Catch(c.f)
		var e *tensor.Error
		if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(err.Error(), c.says) || !strings.Contains(e.Caller, "_test.go:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
