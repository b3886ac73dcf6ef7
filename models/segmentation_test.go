package models_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

type segmentation struct {
	Names     [][2]any
	Shape     []int
	Y         []float64
	Sum       float64
	DX, Grads []float64
}

func segmentationGoldens(t *testing.T) (parameters map[string]int, cases map[string]segmentation) {
	var all struct {
		Parameters map[string]int
		Cases      map[string]segmentation
	}
	optest.ReadGolden(t, "testdata/golden_segmentation.json", &all)
	return all.Parameters, all.Cases
}

// stacked is an hourglass with the maps of all stacks in one tensor (N, stacks, K, h, w).
type stacked struct {
	*models.Hourglass `name:""`
}

func (s stacked) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.Stack(1, s.ForwardAll(x)...) }

func TestSegmentationGolden(t *testing.T) {
	_, goldens := segmentationGoldens(t)
	none := new(0.0)
	g := random.New(1)
	unet := func(cfg models.UNetConfig) nn.Layer {
		cfg.Width, cfg.Dropout = 4.0/64, none
		return models.NewUNet(g, cfg)
	}
	fcn := func(cfg models.FCNConfig) nn.Layer {
		cfg.Width, cfg.Dropout = 1.0/32, none
		m := models.NewFCN(g, cfg)
		nn.Unfreeze(m)
		return m
	}
	hourglass := func(cfg models.HourglassConfig) nn.Layer { return stacked{models.NewHourglass(g, cfg)} }
	for name, c := range map[string]struct {
		model nn.Layer
		x     []int
	}{
		"unet published":    {unet(models.UNetConfig{}), []int{1, 1, 204, 188}},
		"unet padded":       {unet(models.UNetConfig{Channels: 3, Classes: 4, Depth: 3, Padded: true}), []int{2, 3, 24, 16}},
		"unet norm":         {unet(models.UNetConfig{Channels: 3, Classes: 4, Depth: 2, Padded: true, BatchNorm: true}), []int{2, 3, 12, 20}},
		"unet bilinear":     {unet(models.UNetConfig{Depth: 2, Padded: true, Bilinear: true}), []int{1, 1, 16, 12}},
		"unet no skips":     {unet(models.UNetConfig{Depth: 2, NoSkips: true}), []int{1, 1, 60, 44}},
		"fcn32":             {fcn(models.FCNConfig{Stride: 32, Classes: 4}), []int{1, 3, 33, 50}},
		"fcn16":             {fcn(models.FCNConfig{Stride: 16, Classes: 4}), []int{1, 3, 64, 37}},
		"fcn8":              {fcn(models.FCNConfig{Classes: 4}), []int{1, 3, 61, 45}},
		"fcn32 same":        {fcn(models.FCNConfig{Stride: 32, Classes: 3, Same: true}), []int{2, 3, 64, 41}},
		"fcn16 same":        {fcn(models.FCNConfig{Stride: 16, Classes: 3, Same: true}), []int{1, 3, 39, 64}},
		"fcn8 same":         {fcn(models.FCNConfig{Stride: 8, Classes: 3, Channels: 1, Same: true}), []int{2, 1, 47, 66}},
		"fcn8 norm":         {fcn(models.FCNConfig{Classes: 3, Same: true, BatchNorm: true}), []int{2, 3, 40, 33}},
		"hourglass":         {hourglass(models.HourglassConfig{Keypoints: 4, Stacks: 2, Depth: 3, Width: 1.0 / 16}), []int{2, 3, 64, 36}},
		"hourglass modules": {hourglass(models.HourglassConfig{Keypoints: 3, Channels: 1, Stacks: 1, Depth: 2, Modules: 2, Width: 1.0 / 32, Downsample: 2}), []int{1, 1, 15, 22}},
		"hourglass large":   {hourglass(models.HourglassConfig{Keypoints: 3, Channels: 1, Stacks: 3, Depth: 2, Width: 1.0 / 32, Downsample: 1}), []int{1, 1, 9, 8}},
		"pix2pix":           {models.NewPix2Pix(g, models.Pix2PixConfig{Out: 2, Depth: 5, Width: 1.0 / 16, Dropout: none}), []int{2, 3, 32, 64}},
		"pix2pix no skips":  {models.NewPix2Pix(g, models.Pix2PixConfig{In: 1, Depth: 3, Width: 1.0 / 16, NoSkips: true, Dropout: none}), []int{2, 1, 16, 8}},
		"patchgan":          {models.NewPatchGAN(g, models.PatchGANConfig{Channels: 4, Width: 1.0 / 16}), []int{2, 4, 40, 33}},
	} {
		t.Run(name, func(t *testing.T) {
			want, ok := goldens[name]
			if !ok {
				t.Fatal("no golden")
			}
			delete(goldens, name)
			m := nn.To(c.model, tensor.Float64)
			params := nn.NamedParams(m)
			if len(params) != len(want.Names) {
				t.Fatalf("%d parameters, want %d", len(params), len(want.Names))
			}
			for k, p := range params {
				if n := want.Names[k]; p.Name != n[0] || fmt.Sprint(p.Shape().Dims()) != fmt.Sprint(n[1]) {
					t.Fatalf("parameter %d is %s %v, want %v", k, p.Name, p.Shape(), n)
				}
				fan, scale, shift := 1, 0.1, 0.0
				if p.Rank() > 1 {
					fan = p.Numel() / p.Dim(0)
				}
				if fan > 1 {
					scale = 1.5 * math.Sqrt(2/float64(fan))
				}
				if p.Rank() == 1 && strings.HasSuffix(p.Name, "weight") {
					shift = 1
				}
				p.CopyFrom(tensor.Of(formula(p.Numel(), 1000*k)).MulScalar(scale).AddScalar(shift).Reshape(p.Shape().Dims()...))
			}
			n := 1
			for _, d := range c.x {
				n *= d
			}
			x := tensor.Of(formula(n, 77), c.x...).RequireGrad()
			y := m.Forward(x)
			if fmt.Sprint(y.Shape().Dims()) != fmt.Sprint(want.Shape) {
				t.Fatalf("the result is %v, want %v", y.Shape(), want.Shape)
			}
			y.Mul(tensor.Of(formula(y.Numel(), 5)).Reshape(y.Shape().Dims()...)).Sum().Backward()
			sampled := func(what string, got *tensor.Tensor, want []float64) {
				t.Helper()
				all, largest := got.Floats(), 0.0
				for _, v := range want {
					largest = max(largest, math.Abs(v))
				}
				for i, v := range want {
					if g := all[i*max(1, len(all)/40)]; !(math.Abs(g-v) <= 1e-10*largest) {
						t.Fatalf("%s: sample %d is %v, want %v", what, i, g, v)
					}
				}
			}
			sampled("scores", y, want.Y)
			sampled("gradient of the picture", x.Grad(), want.DX)
			if got := y.Abs().Sum().Item(); !(math.Abs(got-want.Sum) <= 1e-10*want.Sum) {
				t.Errorf("absolute scores add up to %v, want %v", got, want.Sum)
			}
			for k, p := range params {
				got := 0.0
				if p.Grad() != nil {
					got = p.Grad().Abs().Sum().Item()
				}
				if w := want.Grads[k]; !(math.Abs(got-w) <= 1e-9*w+1e-12) {
					t.Errorf("gradient of %s adds up to %v, want %v", p.Name, got, w)
				}
			}
		})
	}
	if len(goldens) > 0 {
		t.Errorf("goldens without a case: %v", goldens)
	}
}

// The published networks have as many parameters as PyTorch's copies.
func TestSegmentationParameters(t *testing.T) {
	want, _ := segmentationGoldens(t)
	g := random.Shapes()
	for name, made := range map[string]func() any{
		"unet":      func() any { return models.NewUNet(g, models.UNetConfig{}) },
		"hourglass": func() any { return models.NewHourglass(g, models.HourglassConfig{}) },
		"pix2pix":   func() any { return models.NewPix2Pix(g, models.Pix2PixConfig{}) },
		"patchgan":  func() any { return models.NewPatchGAN(g, models.PatchGANConfig{}) },
	} {
		if n := nn.NumParams(made()); n != want[name] {
			t.Errorf("%s has %d parameters, want %d", name, n, want[name])
		}
	}
	// FCN-32s and -16s differ from FCN-8s by the layers of scores.
	m := models.NewFCN(g, models.FCNConfig{})
	if n := nn.NumParams(m); n != want["fcn8"] {
		t.Errorf("FCN-8s has %d parameters, want %d", n, want["fcn8"])
	}
	up := func(kernel int) int { return 21 * 21 * kernel * kernel }
	shared := nn.NumParams(m) - up(4) - up(4) - up(16) - nn.NumParams(m.ScorePool4) - nn.NumParams(m.ScorePool3)
	if n := shared + up(64); n != want["fcn32"] {
		t.Errorf("FCN-32s has %d parameters, want %d", n, want["fcn32"])
	}
	if n := shared + up(4) + up(32) + nn.NumParams(m.ScorePool4); n != want["fcn16"] {
		t.Errorf("FCN-16s has %d parameters, want %d", n, want["fcn16"])
	}
}

func TestUNetSizes(t *testing.T) {
	m := models.NewUNet(random.New(1), models.UNetConfig{Width: 1.0 / 64})
	for in, out := range map[int]int{572: 388, 188: 4, 204: 20, 571: 0, 172: 0, 100: 0, 0: 0, -4: 0} {
		if got := m.OutputSize(in); got != out {
			t.Errorf("a side of %d gives %d, want %d", in, got, out)
		}
	}
	for out, in := range map[int]int{388: 572, 387: 572, 4: 188, 1: 188, 5: 204, 0: 188} {
		if got := m.InputSize(out); got != in {
			t.Errorf("a result of %d takes %d, want %d", out, got, in)
		}
	}
	padded := models.NewUNet(random.New(1), models.UNetConfig{Width: 1.0 / 64, Padded: true, Depth: 3})
	for in, out := range map[int]int{64: 64, 8: 8, 4: 0, 12: 0} {
		if got := padded.OutputSize(in); got != out {
			t.Errorf("a padded side of %d gives %d, want %d", in, got, out)
		}
	}
}

// Segment takes any size, and where a picture fits it is Forward.
func TestSegmentAnySize(t *testing.T) {
	g := random.New(1)
	for _, size := range [][2]int{{1, 1}, {7, 40}, {33, 16}, {64, 64}} {
		x := tensor.Rand(g, 1, 1, size[0], size[1])
		for name, m := range map[string]interface {
			Segment(*tensor.Tensor) *tensor.Tensor
		}{
			"unpadded": models.NewUNet(g, models.UNetConfig{Width: 1.0 / 64, Depth: 2}),
			"padded":   models.NewUNet(g, models.UNetConfig{Width: 1.0 / 64, Depth: 3, Padded: true, NoSkips: true}),
			"fcn8":     models.NewFCN(g, models.FCNConfig{Channels: 1, Classes: 2, Width: 1.0 / 64, Same: true}),
			"fcn16":    models.NewFCN(g, models.FCNConfig{Channels: 1, Classes: 2, Width: 1.0 / 64, Same: true, Stride: 16}),
			"fcn32":    models.NewFCN(g, models.FCNConfig{Channels: 1, Classes: 2, Width: 1.0 / 64, Same: true, Stride: 32}),
			"fcn8 100": models.NewFCN(g, models.FCNConfig{Channels: 1, Classes: 2, Width: 1.0 / 64}),
		} {
			if y := m.Segment(x); y.Shape() != tensor.ShapeOf(1, 2, size[0], size[1]) {
				t.Errorf("%s: %v gives %v", name, x.Shape(), y.Shape())
			}
		}
	}
	padded := nn.Eval(models.NewUNet(g, models.UNetConfig{Width: 1.0 / 16, Depth: 3, Padded: true}))
	x := tensor.Rand(g, 2, 1, 16, 24)
	if d := padded.Forward(x).Sub(padded.Segment(x)).Abs().Max().Item(); d != 0 {
		t.Errorf("Segment differs from Forward by %v", d)
	}
	// Without padding, a pixel's scores are those of the window around it, wherever it lies.
	m := nn.To(nn.Eval(models.NewUNet(g, models.UNetConfig{Width: 1.0 / 16, Depth: 2})), tensor.Float64)
	large := tensor.Rand(g, 1, 1, 92, 92).To(tensor.Float64)
	whole := m.Segment(large) // of 92 x 92
	inner := m.Forward(large) // of its middle
	edge := (92 - inner.Dim(2)) / 2
	if d := whole.Narrow(2, edge, inner.Dim(2)).Narrow(3, edge, inner.Dim(3)).Sub(inner).Abs().Max().Item(); !(d < 1e-12) {
		t.Errorf("the middle of the overlap-tile result differs by %v", d)
	}
}

// Before it has learnt, the last upsampling is bilinear interpolation, and the scores are zero.
func TestFCNStartsBilinear(t *testing.T) {
	m := models.NewFCN(random.New(1), models.FCNConfig{Classes: 2, Width: 1.0 / 64, Same: true})
	coarse := tensor.Rand(random.New(2), 1, 2, 5, 6)
	fine := tensor.Interpolate(coarse, []int{40, 48}, tensor.InterpolateConfig{Mode: tensor.InterpolateLinear})
	got := m.Upscore.Forward(coarse).Narrow(2, 4, 40).Narrow(3, 4, 48)
	inside := func(x *tensor.Tensor) *tensor.Tensor { return x.Narrow(2, 4, 32).Narrow(3, 4, 40) } // beyond, interpolation repeats the edge
	if d := inside(got).Sub(inside(fine)).Abs().Max().Item(); !(d < 1e-6) {
		t.Errorf("differs from bilinear interpolation by %v", d)
	}
	if y := m.Forward(tensor.Rand(random.New(3), 1, 3, 20, 20)).Abs().Max().Item(); y != 0 {
		t.Errorf("scores of the untrained network reach %v", y)
	}
	if m.Upscore.Weight.RequiresGrad() || !m.Upscore2.Weight.RequiresGrad() {
		t.Error("all upsampling but the last is to be learnt")
	}
}

func TestFCNLoadsVGG16(t *testing.T) {
	m := models.NewFCN(random.New(1), models.FCNConfig{Width: 1.0 / 32, Same: true})
	vgg := models.NewVGG(random.New(2), 16, models.VGGConfig{Config: models.Config{Width: 1.0 / 32, Classes: 10}})
	dense := vgg.Classifier[0].(*nn.Linear)
	dense.Bias.CopyFrom(tensor.Rand(random.New(4), 128))
	state := nn.State(vgg)
	if err := m.LoadVGG16(state); err != nil {
		t.Fatal(err)
	}
	x := tensor.Rand(random.New(3), 1, 16, 7, 7)
	at := m.FC6.Forward(x).Narrow(2, 3, 1).Narrow(3, 3, 1).Reshape(1, 128)
	if d := at.Sub(dense.Forward(x.Flatten(1))).Abs().Max().Item(); !(d < 1e-5) {
		t.Errorf("fc6 in the middle differs from the dense layer by %v", d)
	}
	picture := tensor.Rand(random.New(5), 1, 3, 32, 32)
	if !tensor.Equal(m.Features.Forward(picture), vgg.Features.Forward(picture)) || !tensor.Equal(m.FC7.Weight.Flatten(1), vgg.Classifier[3].(*nn.Linear).Weight.Tensor) {
		t.Error("the convolutions or fc7 have not been loaded")
	}
	if err := m.LoadVGG16(nil); err == nil || !strings.Contains(err.Error(), "missing features.0.weight") {
		t.Errorf("an empty file: error %v", err)
	}
	if err := m.LoadVGG16(state[1:]); err == nil || !strings.Contains(err.Error(), "missing features.0.weight") {
		t.Errorf("a file without the first layer: error %v", err)
	}
	state[0].Tensor = tensor.Zeros(3, 3, 3, 3)
	if err := m.LoadVGG16(state); err == nil || !strings.Contains(err.Error(), "features.0.weight is (3, 3, 3, 3) in the file") {
		t.Errorf("error %v", err)
	}
}

func TestSegmentationRefuses(t *testing.T) {
	g := random.New(1)
	unet := models.NewUNet(g, models.UNetConfig{Width: 1.0 / 64, Padded: true})
	fcn := models.NewFCN(g, models.FCNConfig{Width: 1.0 / 64, Same: true})
	hourglass := models.NewHourglass(g, models.HourglassConfig{Width: 1.0 / 64, Stacks: 1})
	for name, c := range map[string]struct {
		kind error
		mend string
		f    func()
	}{
		"classes":         {tensor.ErrValue, "classes", func() { models.NewUNet(g, models.UNetConfig{Classes: -1}) }},
		"depth":           {tensor.ErrValue, "depth", func() { models.NewUNet(g, models.UNetConfig{Depth: -1}) }},
		"width":           {tensor.ErrValue, "width", func() { models.NewUNet(g, models.UNetConfig{Width: math.NaN()}) }},
		"dropout":         {tensor.ErrValue, "", func() { models.NewUNet(g, models.UNetConfig{Width: 1.0 / 64, Dropout: new(2.0)}) }},
		"odd":             {tensor.ErrShape, "the next that can is 48", func() { unet.Forward(tensor.Zeros(1, 1, 64, 40)) }},
		"no batch":        {tensor.ErrShape, "Unsqueeze", func() { unet.Forward(tensor.Zeros(1, 64, 64)) }},
		"no batch, any":   {tensor.ErrShape, "Unsqueeze", func() { unet.Segment(tensor.Zeros(1, 64, 64)) }},
		"no pixels":       {tensor.ErrShape, "pixels", func() { unet.Segment(tensor.Zeros(1, 1, 0, 64)) }},
		"channels":        {tensor.ErrShape, "", func() { unet.Forward(tensor.Zeros(1, 3, 16, 16)) }},
		"fcn stride":      {tensor.ErrValue, "8, 16 or 32", func() { models.NewFCN(g, models.FCNConfig{Stride: 4}) }},
		"fcn no batch":    {tensor.ErrShape, "Unsqueeze", func() { fcn.Forward(tensor.Zeros(3, 64, 64)) }},
		"fcn no pixels":   {tensor.ErrShape, "pixels", func() { fcn.Forward(tensor.Zeros(1, 3, 64, 0)) }},
		"stacks":          {tensor.ErrValue, "stacks", func() { models.NewHourglass(g, models.HourglassConfig{Stacks: -1}) }},
		"downsample":      {tensor.ErrValue, "4, 2 or 1", func() { models.NewHourglass(g, models.HourglassConfig{Downsample: 3}) }},
		"hourglass small": {tensor.ErrShape, "larger pictures", func() { hourglass.Forward(tensor.Zeros(1, 3, 60, 64)) }},
		"hourglass batch": {tensor.ErrShape, "Unsqueeze", func() { hourglass.Forward(tensor.Zeros(3, 64, 64)) }},
		"pix2pix depth":   {tensor.ErrValue, "2 to 12", func() { models.NewPix2Pix(g, models.Pix2PixConfig{Depth: 1}) }},
		"pix2pix size": {tensor.ErrShape, "multiples of 256", func() {
			models.NewPix2Pix(g, models.Pix2PixConfig{Width: 1.0 / 64}).Forward(tensor.Zeros(1, 3, 256, 128))
		}},
		"patchgan layers":  {tensor.ErrValue, "1 to 12", func() { models.NewPatchGAN(g, models.PatchGANConfig{Layers: -1}) }},
		"hourglass colour": {tensor.ErrShape, "", func() { hourglass.Forward(tensor.Zeros(1, 1, 64, 64)) }},
	} {
		if err := tensor.Catch(c.f); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.mend) {
			t.Errorf("%s: error %v, want kind %v with %q", name, err, c.kind, c.mend)
		}
	}
}

// Published, the network sees more than it labels; Segment mirrors what is missing.
func ExampleNewUNet() {
	m := models.NewUNet(random.New(1), models.UNetConfig{Width: 0.125}) // 8 to 128 channels
	fmt.Println(m.Forward(tensor.Zeros(1, 1, 204, 204)).Shape())
	fmt.Println(m.Segment(tensor.Zeros(1, 1, 50, 70)).Shape())
	fmt.Println(m.InputSize(388))
	// Output:
	// (1, 2, 20, 20)
	// (1, 2, 50, 70)
	// 572
}

// For small pictures, every layer keeps its maps' size.
func ExampleNewFCN() {
	m := models.NewFCN(random.New(1), models.FCNConfig{Classes: 4, Width: 1.0 / 32, Same: true})
	classes := nn.Eval(m).Forward(tensor.Zeros(1, 3, 48, 65)).ArgMax(1)
	fmt.Println(classes.Shape())
	// Output: (1, 48, 65)
}

// The discriminator sees the picture given and the one made of it.
func ExampleNewPix2Pix() {
	g := random.New(1)
	generator, discriminator := models.NewPix2Pix(g, models.Pix2PixConfig{Depth: 6, Width: 0.125}), models.NewPatchGAN(g, models.PatchGANConfig{Width: 0.125})
	x := tensor.Zeros(2, 3, 64, 64)
	y := generator.Forward(x)
	fmt.Println(y.Shape(), discriminator.Forward(tensor.Concat(1, x, y)).Shape())
	// Output: (2, 3, 64, 64) (2, 1, 6, 6)
}

// A loss is applied to the heat maps of every stack.
func ExampleNewHourglass() {
	m := models.NewHourglass(random.New(1), models.HourglassConfig{Keypoints: 4, Stacks: 2, Width: 1.0 / 16})
	for _, maps := range m.ForwardAll(tensor.Zeros(2, 3, 64, 64)) {
		fmt.Println(maps.Shape())
	}
	// Output:
	// (2, 4, 16, 16)
	// (2, 4, 16, 16)
}
