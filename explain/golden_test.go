package explain_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// made is sin(a i + b), as in testdata/golden.py.
func made(a, b float64, dims ...int) *tensor.Tensor {
	s := tensor.ShapeOf(dims...)
	v := make([]float64, s.Numel())
	for i := range v {
		v[i] = math.Sin(a*float64(i) + b)
	}
	return tensor.OfShape(v, s)
}

// net is the network of testdata/golden.py: pictures (N, 2, H, W) to 3 scores.
type net struct {
	Conv1, Conv2 *nn.Conv2d
	FC           *nn.Linear
}

func (m *net) Forward(x *tensor.Tensor) *tensor.Tensor {
	x = m.Conv1.Forward(x).ReLU().MaxPool2d(2)
	return m.FC.Forward(m.Conv2.Forward(x).ReLU().Mean(2, 3))
}

func newNet() *net {
	g := random.New(1)
	m := nn.To(&net{
		nn.NewConv2d(g, 2, 5, 3, nn.ConvConfig{Padding: 1}), nn.NewConv2d(g, 5, 6, 3, nn.ConvConfig{Padding: 1}), nn.NewLinear(g, 6, 3, nn.LinearConfig{}),
	}, tensor.Float64)
	m.Conv1.Weight.CopyFrom(made(0.7, 0.1, 5, 2, 3, 3))
	m.Conv1.Bias.CopyFrom(made(1.3, 0.2, 5))
	m.Conv2.Weight.CopyFrom(made(1.1, 0.3, 6, 5, 3, 3).MulScalar(0.3))
	m.Conv2.Bias.CopyFrom(made(0.9, 0.4, 6))
	m.FC.Weight.CopyFrom(made(1.7, 0.5, 3, 6))
	m.FC.Bias.CopyFrom(made(0.8, 0.6, 3))
	return m
}

// layered is the same network of layers, whose convolutions do the ReLUs' work, with another way to make a mean.
func layered(m *net) nn.Sequential {
	return nn.NewSequential(m.Conv1, nn.ReLU{}, nn.NewMaxPool2d(2), m.Conv2, nn.ReLU{}, &nn.AdaptiveAvgPool2d{H: 1, W: 1}, nn.NewFlatten(), m.FC)
}

func pictures() *tensor.Tensor { return made(0.37, 0.7, 2, 2, 8, 8) }

func near(t *testing.T, what string, got *tensor.Tensor, want []float64, within float64) {
	t.Helper()
	v := got.Floats()
	if len(v) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(v), len(want))
	}
	for i := range v {
		if !(math.Abs(v[i]-want[i]) <= within*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, v[i], want[i])
		}
	}
}

func TestGolden(t *testing.T) {
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]float64
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	m, x, classes := newNet(), pictures(), []int{1, 2}
	for name, model := range map[string]nn.Layer{"methods": m, "layers": layered(m), "eval": nn.Eval(m)} {
		check := func(what string, got *tensor.Tensor) {
			t.Helper()
			near(t, name+": "+what, got, want[what], 1e-10)
		}
		must := func(y *tensor.Tensor, err error) *tensor.Tensor {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			return y
		}
		check("scores", model.Forward(x).Detach())
		check("gradient", explain.Gradient(model, x, classes))
		check("saliency", explain.Saliency(model, x, classes))
		check("guided", explain.GuidedBackprop(model, x, classes))
		check("deconv", explain.DeconvNet(model, x, classes))
		check("integrated", explain.IntegratedGradients(model, x, classes, explain.IntegratedGradientsConfig{
			Steps: 20, Baseline: tensor.Of([]float64{0.25}, 1, 1, 1),
		}))
		check("occlusion", explain.Occlusion(model, x, classes, explain.OcclusionConfig{
			Patch: [2]int{3, 2}, Stride: [2]int{2, 1}, Baseline: tensor.Of([]float64{0.5}, 1, 1, 1), Batch: 5,
		}))
		cam := must(explain.GradCAM(model, x, classes, explain.GradCAMConfig{}))
		check("grad_cam", cam)
		check("upsampled", explain.Upsample(cam, 8, 8))
		check("guided_grad_cam", must(explain.GuidedGradCAM(model, x, classes, explain.GradCAMConfig{})))
		maps, bias, err := explain.CAM(model, x, classes)
		check("cam", must(maps, err))
		logits := make([]float64, 2)
		for i, k := range classes {
			logits[i] = want["scores"][3*i+k]
		}
		near(t, name+": mean of the map and bias", maps.Mean(1, 2).Add(bias), logits, 1e-12)
		near(t, name+": Grad-CAM times the places", cam.MulScalar(16), maps.ReLU().Floats(), 1e-12)
	}
}
