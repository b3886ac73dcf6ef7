package nn_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// golden is testdata/golden.json; make_golden.py, which made it with PyTorch, says what the fields hold.
type golden struct {
	Layers []struct {
		Name   string
		X      []int
		Y      goldenArray
		DX     []float64
		Params []goldenParam
	}
	Embeddings []struct {
		Name string
		Y    goldenArray
		Grad []float64
	}
	BatchNorms []struct {
		Name  string
		X     []int
		Steps []struct {
			Y, DX, Mean, Var []float64
			Grads            [][]float64
			Batches          float64
		}
	} `json:"batch_norms"`
	Names struct {
		Parameters []goldenName
		StateDict  []goldenName `json:"state_dict"`
	}
}

type goldenArray struct {
	Shape []int
	Data  []float64
}

type goldenParam struct {
	Name  string
	Shape []int
	Grad  []float64
}

type goldenName struct {
	Name  string
	Shape []int
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	optest.ReadGolden(t, "testdata/golden.json", &g)
	return g
}

// fill is make_golden.py's: sin(1 + 0.37 i + 1.3 seed).
func fill(d tensor.DType, seed int, dims ...int) *tensor.Tensor {
	s := tensor.ShapeOf(dims...)
	v := make([]float64, s.Numel())
	for i := range v {
		v[i] = math.Sin(1 + 0.37*float64(i) + 1.3*float64(seed))
	}
	return tensor.OfShape(v, s).To(d)
}

// near compares with PyTorch's float64: its 11 digits, or what a few hundred float32 roundings leave.
func near(t *testing.T, d tensor.DType, what string, got *tensor.Tensor, want []float64) {
	t.Helper()
	tol := 1e-9
	if d == tensor.Float32 {
		tol = 2e-5
	}
	if got == nil || got.DType() != d || got.Numel() != len(want) {
		t.Errorf("%s is %v, want %d elements of %v", what, got, len(want), d)
		return
	}
	scale := 0.0
	for _, w := range want {
		scale = max(scale, math.Abs(w))
	}
	for i, g := range got.Floats() {
		if !(math.Abs(g-want[i]) <= tol*(scale+1)) {
			t.Errorf("%v %s: element %d is %v, want %v", d, what, i, g, want[i])
			return
		}
	}
}

var g = random.New(1)

// layers are those of make_golden.py.
var layers = map[string]nn.Layer{
	"linear":                          nn.NewLinear(g, 4, 3, nn.LinearConfig{}),
	"linear no bias":                  nn.NewLinear(g, 4, 3, nn.LinearConfig{NoBias: true}),
	"linear sequence":                 nn.NewLinear(g, 4, 3, nn.LinearConfig{}),
	"linear vector":                   nn.NewLinear(g, 4, 3, nn.LinearConfig{}),
	"conv2d":                          nn.NewConv2d(g, 4, 3, 3, nn.ConvConfig{}),
	"conv2d stride padding":           nn.NewConv2d(g, 4, 2, 3, nn.ConvConfig{Stride: 2, Padding: 1}),
	"conv2d dilation":                 nn.NewConv2d(g, 4, 2, 3, nn.ConvConfig{Dilation: 2, Padding: 2}),
	"conv2d groups":                   nn.NewConv2d(g, 4, 6, 2, nn.ConvConfig{Groups: 2}),
	"conv2d depthwise no bias":        nn.NewConv2d(g, 4, 4, 3, nn.ConvConfig{Groups: 4, Padding: 1, NoBias: true}),
	"conv2d pairs":                    pairs(),
	"conv2d reflect":                  nn.NewConv2d(g, 4, 2, 3, nn.ConvConfig{Padding: 2, PaddingMode: tensor.PadReflect}),
	"conv2d replicate":                nn.NewConv2d(g, 4, 2, 3, nn.ConvConfig{Padding: 1, Stride: 2, PaddingMode: tensor.PadReplicate}),
	"conv2d circular":                 nn.NewConv2d(g, 4, 2, 3, nn.ConvConfig{Padding: 1, PaddingMode: tensor.PadCircular}),
	"conv1d":                          nn.NewConv1d(g, 4, 3, 3, nn.ConvConfig{}),
	"conv1d all":                      nn.NewConv1d(g, 4, 6, 3, nn.ConvConfig{Stride: 2, Padding: 2, Dilation: 2, Groups: 2}),
	"conv1d circular":                 nn.NewConv1d(g, 4, 2, 3, nn.ConvConfig{Padding: 2, PaddingMode: tensor.PadCircular}),
	"conv_transpose2d":                nn.NewConvTranspose2d(g, 4, 3, 2, nn.ConvTransposeConfig{}),
	"conv_transpose2d output padding": nn.NewConvTranspose2d(g, 4, 2, 3, nn.ConvTransposeConfig{Stride: 2, Padding: 1, OutputPadding: 1}),
	"conv_transpose2d groups dilation": nn.NewConvTranspose2d(g, 4, 6, 3, nn.ConvTransposeConfig{
		Groups: 2, Dilation: 2, NoBias: true}),
	"conv_transpose1d":     nn.NewConvTranspose1d(g, 4, 3, 3, nn.ConvTransposeConfig{}),
	"conv_transpose1d all": nn.NewConvTranspose1d(g, 4, 2, 4, nn.ConvTransposeConfig{Stride: 3, Padding: 1, OutputPadding: 2, Groups: 2}),
	"max_pool2d":           nn.NewMaxPool2d(2),
	"max_pool2d all": &nn.MaxPool2d{Config: tensor.PoolConfig{
		Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}, Dilation: [2]int{2, 2}, CeilMode: true}},
	"avg_pool2d":         nn.NewAvgPool2d(2),
	"avg_pool2d padding": &nn.AvgPool2d{Config: tensor.PoolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}},
	"avg_pool2d inside": &nn.AvgPool2d{Config: tensor.PoolConfig{
		Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}, CeilMode: true, IgnorePadding: true}},
	"max_pool1d":           nn.NewMaxPool1d(3),
	"avg_pool1d":           nn.NewAvgPool1d(2),
	"adaptive_avg_pool2d":  &nn.AdaptiveAvgPool2d{H: 3, W: 4},
	"adaptive_max_pool2d":  &nn.AdaptiveMaxPool2d{H: 2, W: 5},
	"layer_norm":           nn.NewLayerNorm([]int{5}, nn.LayerNormConfig{}),
	"layer_norm two":       nn.NewLayerNorm([]int{3, 5}, nn.LayerNormConfig{Eps: 0.01}),
	"layer_norm no affine": nn.NewLayerNorm([]int{5}, nn.LayerNormConfig{NoAffine: true}),
	"layer_norm no bias":   nn.NewLayerNorm([]int{5}, nn.LayerNormConfig{NoBias: true}),
	"relu":                 nn.ReLU{},
	"leaky_relu":           nn.LeakyReLU{},
	"leaky_relu 0.2":       nn.LeakyReLU{Slope: new(0.2)},
	"leaky_relu 0":         nn.LeakyReLU{Slope: new(0.0)},
	"elu":                  nn.ELU{},
	"elu 0.5":              nn.ELU{Alpha: new(0.5)},
	"gelu":                 nn.GELU{},
	"silu":                 nn.SiLU{},
	"tanh":                 nn.Tanh{},
	"sigmoid":              nn.Sigmoid{},
	"softplus":             nn.Softplus{},
	"softmax":              nn.Softmax{},
	"softmax axis":         nn.Softmax{Axis: new(1)},
	"log_softmax":          nn.LogSoftmax{},
	"log_softmax axis":     nn.LogSoftmax{Axis: new(1)},
	"mish":                 nn.Func((*tensor.Tensor).Mish),
	"flatten":              nn.NewFlatten(),
	"flatten 2":            &nn.Flatten{Start: new(2)},
	"identity":             nn.Identity{},
	"dropout eval":         nn.Eval(nn.NewDropout(g, 0.5)),
	"sequential": nn.NewSequential(nn.NewConv2d(g, 4, 3, 3, nn.ConvConfig{}), nn.Tanh{}, nn.NewMaxPool2d(2), nn.NewFlatten(),
		nn.NewLinear(g, 6, 3, nn.LinearConfig{})),
}

// pairs is a convolution whose sizes differ by dimension.
func pairs() *nn.Conv2d {
	l := nn.NewConv2d(g, 4, 2, 3, nn.ConvConfig{})
	l.Weight = tensor.NewParam(tensor.Zeros(2, 4, 2, 3))
	l.Options = tensor.ConvConfig{Stride: [2]int{2, 1}, Padding: [2]int{0, 2}, Dilation: [2]int{3, 1}}
	return l
}

// setParams fills the parameters as make_golden.py does.
func setParams(m any) {
	for i, p := range nn.NamedParams(m) {
		p.CopyFrom(fill(p.DType(), i+1, p.Shape().Dims()...))
	}
}

// checkLayer compares what a layer of dtype d makes of an input of the shape x, and the gradients, with PyTorch's.
func checkLayer(t *testing.T, d tensor.DType, l nn.Layer, x []int, wantY goldenArray, wantDX []float64, params []goldenParam) {
	t.Helper()
	setParams(l)
	in := fill(d, 0, x...).RequireGrad()
	y := l.Forward(in)
	if !slices.Equal(y.Shape().Dims(), wantY.Shape) {
		t.Fatalf("y has shape %v, want %v", y.Shape(), wantY.Shape)
	}
	near(t, d, "y", y, wantY.Data)
	y.Mul(fill(d, 99, wantY.Shape...)).Sum().Backward()
	near(t, d, "dx", in.Grad(), wantDX)
	ps := nn.NamedParams(l)
	if len(ps) != len(params) {
		t.Fatalf("%d parameters, want %d", len(ps), len(params))
	}
	for i, p := range params {
		if ps[i].Name != p.Name || !slices.Equal(ps[i].Shape().Dims(), p.Shape) {
			t.Errorf("parameter %d is %s %v, want %s %v", i, ps[i].Name, ps[i].Shape(), p.Name, p.Shape)
		}
		near(t, d, "gradient of "+p.Name, ps[i].Grad(), p.Grad)
	}
}

func TestLayersAgainstPyTorch(t *testing.T) {
	cases := readGolden(t).Layers
	if len(cases) != len(layers) {
		t.Errorf("%d golden cases for %d layers", len(cases), len(layers))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			if layers[c.Name] == nil {
				t.Fatal("the layer is missing here")
			}
			for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
				checkLayer(t, d, nn.To(layers[c.Name], d), c.X, c.Y, c.DX, c.Params)
			}
		})
	}
}

func TestEmbeddingAgainstPyTorch(t *testing.T) {
	padding := map[string]*int64{"embedding": nil, "embedding padding": new(int64(2))}
	for _, c := range readGolden(t).Embeddings {
		for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
			l := nn.To(nn.NewEmbedding(g, 6, 3, nn.EmbeddingConfig{PaddingIdx: padding[c.Name]}), d)
			setParams(l)
			y := l.Forward(tensor.Of([]int64{1, 0, 5, 2, 2, 1}, 2, 3))
			if !slices.Equal(y.Shape().Dims(), c.Y.Shape) {
				t.Fatalf("%s: y has shape %v, want %v", c.Name, y.Shape(), c.Y.Shape)
			}
			near(t, d, c.Name, y, c.Y.Data)
			y.Mul(fill(d, 99, c.Y.Shape...)).Sum().Backward()
			near(t, d, c.Name+": gradient", l.Weight.Grad(), c.Grad)
		}
	}
}

func TestBatchNormAgainstPyTorch(t *testing.T) {
	build := map[string]func() *nn.BatchNorm{
		"1d":            func() *nn.BatchNorm { return nn.NewBatchNorm1d(3, nn.BatchNormConfig{}) },
		"1d sequence":   func() *nn.BatchNorm { return nn.NewBatchNorm1d(3, nn.BatchNormConfig{Momentum: new(0.3), Eps: 0.01}) },
		"1d cumulative": func() *nn.BatchNorm { return nn.NewBatchNorm1d(3, nn.BatchNormConfig{CumulativeAverage: true}) },
		"2d":            func() *nn.BatchNorm { return nn.NewBatchNorm2d(3, nn.BatchNormConfig{}) },
		"2d no affine":  func() *nn.BatchNorm { return nn.NewBatchNorm2d(3, nn.BatchNormConfig{NoAffine: true}) },
		"2d momentum 0": func() *nn.BatchNorm { return nn.NewBatchNorm2d(3, nn.BatchNormConfig{Momentum: new(0.0)}) },
	}
	cases := readGolden(t).BatchNorms
	if len(cases) != len(build) {
		t.Errorf("%d golden cases, %d here", len(cases), len(build))
	}
	for _, c := range cases {
		for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
			l := nn.To(build[c.Name](), d)
			setParams(l)
			for k, s := range c.Steps {
				if k == len(c.Steps)-1 {
					l.Mode = nn.Infer // as PyTorch's eval(): the parameters are still recorded
				}
				what := fmt.Sprintf("%s step %d: ", c.Name, k)
				x := fill(d, k, c.X...).MulScalar(float64(k + 1)).AddScalar(float64(k)).RequireGrad()
				y := l.Forward(x)
				near(t, d, what+"y", y, s.Y)
				nn.ZeroGrad(l)
				y.Mul(fill(d, 99, c.X...)).Sum().Backward()
				near(t, d, what+"dx", x.Grad(), s.DX)
				for i, p := range nn.Params(l) {
					near(t, d, what+"gradient", p.Grad(), s.Grads[i])
				}
				near(t, d, what+"running mean", l.RunningMean.Tensor, s.Mean)
				near(t, d, what+"running variance", l.RunningVar.Tensor, s.Var)
				if n := l.NumBatchesTracked.Item(); n != s.Batches {
					t.Errorf("%s%v batches tracked, want %v", what, n, s.Batches)
				}
			}
			last := c.Steps[len(c.Steps)-1]
			l.Mode = nn.Train
			x := fill(d, 3, c.X...).MulScalar(4).AddScalar(3)
			near(t, d, c.Name+": Eval", nn.Eval(l).Forward(x), last.Y)
			near(t, d, c.Name+": running mean after Eval", l.RunningMean.Tensor, last.Mean)
		}
	}
}
