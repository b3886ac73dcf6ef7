package nn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

type convs = nn.ConvConfig

func masked(t nn.MaskType, colours, in, out, kernel int, cfg nn.ConvConfig) nn.Layer {
	return nn.NewMaskedConv2d(g, in, out, kernel, nn.PixelCNNMask(t, in, out, kernel, colours), cfg)
}

// convLayers are those of testdata/golden_conv.py.
var convLayers = map[string]nn.Layer{
	"1d same":             nn.NewConv1d(g, 4, 3, 4, convs{Same: true}),
	"1d same dilated":     nn.NewConv1d(g, 4, 4, 3, convs{Same: true, Dilation: 2, Groups: 4}),
	"1d same reflect":     nn.NewConv1d(g, 4, 2, 4, convs{Same: true, PaddingMode: tensor.PadReflect}),
	"1d reflect":          nn.NewConv1d(g, 4, 2, 3, convs{Padding: 3, PaddingMode: tensor.PadReflect, Stride: 2}),
	"1d replicate":        nn.NewConv1d(g, 4, 4, 3, convs{Padding: 4, PaddingMode: tensor.PadReplicate, Groups: 2}),
	"1d circular":         nn.NewConv1d(g, 4, 2, 3, convs{Padding: 7, PaddingMode: tensor.PadCircular}),
	"1d causal":           nn.NewConv1d(g, 4, 3, 3, convs{Causal: true}),
	"1d causal dilated":   nn.NewConv1d(g, 4, 4, 2, convs{Causal: true, Dilation: 4, Groups: 2, Stride: 2}),
	"1d causal replicate": nn.NewConv1d(g, 4, 3, 3, convs{Causal: true, PaddingMode: tensor.PadReplicate}),
	"2d same":             nn.NewConv2d(g, 4, 3, 4, convs{Same: true}),
	"2d same depthwise":   nn.NewConv2d(g, 4, 8, 2, convs{Same: true, Groups: 4, Dilation: 3, NoBias: true}),
	"2d same circular":    nn.NewConv2d(g, 4, 3, 4, convs{Same: true, PaddingMode: tensor.PadCircular}),
	"2d same replicate":   nn.NewConv2d(g, 4, 2, 2, convs{Same: true, PaddingMode: tensor.PadReplicate}),
	"2d reflect":          nn.NewConv2d(g, 4, 4, 3, convs{Padding: 2, PaddingMode: tensor.PadReflect, Groups: 4, Stride: 2}),
	"3d":                  nn.NewConv3d(g, 2, 3, 2, convs{}),
	"3d all":              nn.NewConv3d(g, 2, 4, 3, convs{Stride: 2, Padding: 2, Dilation: 2, Groups: 2, NoBias: true}),
	"3d same":             nn.NewConv3d(g, 2, 3, 2, convs{Same: true}),
	"3d replicate":        nn.NewConv3d(g, 2, 2, 3, convs{Padding: 2, PaddingMode: tensor.PadReplicate}),
	"3d reflect":          nn.NewConv3d(g, 2, 2, 3, convs{Padding: 1, PaddingMode: tensor.PadReflect}),
	"3d circular":         nn.NewConv3d(g, 2, 2, 2, convs{Same: true, PaddingMode: tensor.PadCircular}),
	"transpose 3d":        nn.NewConvTranspose3d(g, 2, 3, 2, nn.ConvTransposeConfig{}),
	"transpose 3d all": nn.NewConvTranspose3d(g, 2, 4, 3, nn.ConvTransposeConfig{
		Stride: 2, Padding: 1, OutputPadding: 1, Groups: 2, NoBias: true}),
	"masked A":         masked(nn.MaskA, 1, 4, 3, 3, convs{Padding: 1}),
	"masked B":         masked(nn.MaskB, 1, 4, 3, 5, convs{Padding: 2, NoBias: true}),
	"masked A colours": masked(nn.MaskA, 2, 4, 6, 3, convs{Padding: 1, PaddingMode: tensor.PadReplicate}),
	"masked B colours": masked(nn.MaskB, 2, 4, 4, 3, convs{Same: true}),
}

func TestConvLayersAgainstPyTorch(t *testing.T) {
	var cases []struct {
		Name     string
		X, Shape []int
		Y, DX    []float64
		Params   []goldenParam
		State    []goldenName
	}
	optest.ReadGolden(t, "testdata/golden_conv.json", &cases)
	if len(cases) != len(convLayers) {
		t.Errorf("%d golden cases for %d layers", len(cases), len(convLayers))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			if convLayers[c.Name] == nil {
				t.Fatal("the layer is missing here")
			}
			for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
				l := nn.To(convLayers[c.Name], d)
				checkLayer(t, d, l, c.X, goldenArray{c.Shape, c.Y}, c.DX, c.Params)
				var state []goldenName
				for _, s := range nn.State(l) {
					state = append(state, goldenName{s.Name, s.Shape().Dims()})
				}
				if fmt.Sprint(state) != fmt.Sprint(c.State) {
					t.Errorf("the state is %v, want %v", state, c.State)
				}
			}
		})
	}
}

// TestMaskedConvSeesOnlyWhatCameBefore checks PixelCNN's promise on a stack of layers: each colour of each pixel depends on
// those before it in raster order, and on no other.
func TestMaskedConvSeesOnlyWhatCameBefore(t *testing.T) {
	const colours, size = 3, 4
	model := nn.NewSequential(
		masked(nn.MaskA, colours, colours, 6, 3, convs{Padding: 1}), nn.Tanh{},
		masked(nn.MaskB, colours, 6, 6, 3, convs{Padding: 1}), nn.Tanh{},
		masked(nn.MaskB, colours, 6, colours, 3, convs{Padding: 1}))
	model = nn.To(model, tensor.Float64)
	x := fill(tensor.Float64, 0, 1, colours, size, size).RequireGrad()
	y := model.Forward(x)
	order := func(c, i int) int { return i*colours + c } // of colour c of pixel i
	for c := range colours {
		for i := range size * size {
			seed := make([]float64, colours*size*size)
			seed[c*size*size+i] = 1
			dx := tensor.Gradients([]*tensor.Tensor{y}, []*tensor.Tensor{tensor.Of(seed, 1, colours, size, size)}, []*tensor.Tensor{x}, false, true)[0].Floats()
			seen := 0
			for k, v := range dx {
				if v == 0 {
					continue
				}
				seen++
				if order(k/(size*size), k%(size*size)) >= order(c, i) {
					t.Fatalf("colour %d of pixel %d depends on colour %d of pixel %d", c, i, k/(size*size), k%(size*size))
				}
			}
			if (seen == 0) != (order(c, i) == 0) {
				t.Errorf("colour %d of pixel %d depends on %d numbers", c, i, seen)
			}
		}
	}
}

// TestCausalConvSeesNoFuture changes later inputs and expects the same results before.
func TestCausalConvSeesNoFuture(t *testing.T) {
	l := nn.NewConv1d(g, 2, 3, 3, convs{Causal: true, Dilation: 2})
	x := fill(tensor.Float32, 0, 1, 2, 9)
	other := tensor.Concat(2, x.Narrow(2, 0, 5), x.Narrow(2, 5, 4).AddScalar(3))
	a, b := l.Forward(x), l.Forward(other)
	if d := a.Sub(b).Narrow(2, 0, 5).Abs().Max().Item(); d != 0 {
		t.Errorf("results before the change differ by %v", d)
	}
	if d := a.Sub(b).Narrow(2, 5, 1).Abs().Max().Item(); d == 0 {
		t.Error("the result at the change does not see it")
	}
}

func TestConvLayersRefuse(t *testing.T) {
	x := tensor.Ones(2, 4, 5, 5)
	for name, c := range map[string]struct {
		kind tensor.Kind
		want string
		f    func()
	}{
		"same, strided": {tensor.ErrValue, "same padding needs stride 1", func() { nn.NewConv2d(g, 4, 4, 3, convs{Same: true, Stride: 2}).Forward(x) }},
		"same, strided, mode": {tensor.ErrValue, "same padding needs stride 1", func() {
			nn.NewConv2d(g, 4, 4, 3, convs{Same: true, Stride: 2, PaddingMode: tensor.PadReflect}).Forward(x)
		}},
		"same and padding": {tensor.ErrValue, "exclude each other", func() { nn.NewConv2d(g, 4, 4, 3, convs{Same: true, Padding: 1}).Forward(x) }},
		"same and padding mode": {tensor.ErrValue, "exclude each other", func() {
			nn.NewConv2d(g, 4, 4, 3, convs{Same: true, Padding: 1, PaddingMode: tensor.PadReflect}).Forward(x)
		}},
		"causal image":       {tensor.ErrValue, "causal padding has one dimension", func() { nn.NewConv2d(g, 4, 4, 3, convs{Causal: true}).Forward(x) }},
		"causal image, mode": {tensor.ErrValue, "causal padding has one dimension", func() { nn.NewConv2d(g, 4, 4, 3, convs{Causal: true, PaddingMode: tensor.PadReflect}).Forward(x) }},
		"causal volume":      {tensor.ErrValue, "causal padding has one dimension", func() { nn.NewConv3d(g, 4, 4, 3, convs{Causal: true}) }},
		"negative, mode":     {tensor.ErrValue, "padding -1", func() { nn.NewConv2d(g, 4, 4, 3, convs{Padding: -1, PaddingMode: tensor.PadCircular}).Forward(x) }},
		"circle":             {tensor.ErrShape, "circular padding", func() { nn.NewConv2d(g, 4, 4, 3, convs{Padding: 6, PaddingMode: tensor.PadCircular}).Forward(x) }},
		"rank":               {tensor.ErrShape, "(N, C, D, H, W)", func() { nn.NewConv3d(g, 4, 4, 3, convs{PaddingMode: tensor.PadReflect}).Forward(x) }},
		"groups":             {tensor.ErrValue, "3 groups do not divide 4 input", func() { nn.NewConv3d(g, 4, 6, 3, convs{Groups: 3}) }},
		"mask":               {tensor.ErrShape, "", func() { nn.NewMaskedConv2d(g, 4, 4, 3, tensor.Ones(5, 5), convs{}) }},
		"even mask":          {tensor.ErrValue, "kernel size 4 must be odd", func() { nn.PixelCNNMask(nn.MaskA, 1, 1, 4, 1) }},
		"mask type":          {tensor.ErrValue, "MaskA or MaskB", func() { nn.PixelCNNMask(7, 1, 1, 3, 1) }},
		"colours":            {tensor.ErrValue, "3 colours do not divide 4 input", func() { nn.PixelCNNMask(nn.MaskA, 4, 6, 3, 3) }},
	} {
		err := tensor.Catch(c.f)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %v: %q", name, err, c.kind, c.want)
		}
	}
}

// A mask that broadcasts, here over channels, and a first layer of PixelCNN.
func ExampleNewMaskedConv2d() {
	cross := tensor.Of([]float32{0, 1, 0, 1, 1, 1, 0, 1, 0}, 3, 3)
	l := nn.NewMaskedConv2d(random.New(1), 2, 4, 3, cross, nn.ConvConfig{Padding: 1})
	fmt.Println(l.Forward(tensor.Zeros(1, 2, 8, 8)).Shape(), l.Mask.Sum().Item())
	fmt.Println(nn.PixelCNNMask(nn.MaskA, 1, 1, 3, 1).Reshape(3, 3))
	// Output:
	// (1, 4, 8, 8) 40
	// tensor([[1, 1, 1], [1, 0, 0], [0, 0, 0]], float32 (3, 3))
}
