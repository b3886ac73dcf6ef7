package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// goldenArray is a tensor in testdata/golden_nn.json.
type goldenArray struct {
	Shape []int
	Data  []goldenNumber
}

// goldenNN is a case of testdata/golden_nn.py, which says what its fields hold.
type goldenNN struct {
	Op      string
	Options goldenOptions
	In      []goldenArray
	Diff    []int
	goldenResults
	Float32 *goldenResults
}

type goldenResults struct{ Out, Grad []goldenArray }

type goldenOptions struct {
	Stride, Padding, Dilation [2]int
	OutputPadding             [2]int `json:"output_padding"`
	Groups                    int
	Kernel, Size              [2]int
	Ceil                      bool
	IgnorePadding             bool `json:"ignore_padding"`
	Axis                      int
	Eps, Smoothing            float64
	Ignore                    *int64
}

func (o goldenOptions) conv() tensor.ConvConfig {
	return tensor.ConvConfig{Stride: o.Stride, Padding: o.Padding, Dilation: o.Dilation, Groups: o.Groups}
}

func (o goldenOptions) pool() tensor.PoolConfig {
	return tensor.PoolConfig{Kernel: o.Kernel, Stride: o.Stride, Padding: o.Padding, Dilation: o.Dilation, CeilMode: o.Ceil, IgnorePadding: o.IgnorePadding}
}

// goldenLayers are the ops by the names of testdata/golden_nn.py.
var goldenLayers = map[string]func(x tensors, o goldenOptions) tensors{
	"conv2d": func(x tensors, o goldenOptions) tensors {
		return tensors{tensor.Conv2d(x[0], x[1], third(x), o.conv())}
	},
	"conv1d": func(x tensors, o goldenOptions) tensors {
		return tensors{tensor.Conv1d(x[0], x[1], third(x), o.conv())}
	},
	"conv_transpose2d": func(x tensors, o goldenOptions) tensors {
		return tensors{tensor.ConvTranspose2d(x[0], x[1], third(x), tensor.ConvTransposeConfig{ConvConfig: o.conv(), OutputPadding: o.OutputPadding})}
	},
	"conv_transpose1d": func(x tensors, o goldenOptions) tensors {
		return tensors{tensor.ConvTranspose1d(x[0], x[1], third(x), tensor.ConvTransposeConfig{ConvConfig: o.conv(), OutputPadding: o.OutputPadding})}
	},
	"max_pool2d": func(x tensors, o goldenOptions) tensors { return tensors{tensor.MaxPool2d(x[0], o.pool())} },
	"avg_pool2d": func(x tensors, o goldenOptions) tensors { return tensors{tensor.AvgPool2d(x[0], o.pool())} },
	"max_pool1d": func(x tensors, o goldenOptions) tensors { return tensors{tensor.MaxPool1d(x[0], o.pool())} },
	"avg_pool1d": func(x tensors, o goldenOptions) tensors { return tensors{tensor.AvgPool1d(x[0], o.pool())} },
	"adaptive_max_pool2d": func(x tensors, o goldenOptions) tensors {
		return tensors{tensor.AdaptiveMaxPool2d(x[0], o.Size[0], o.Size[1])}
	},
	"adaptive_avg_pool2d": func(x tensors, o goldenOptions) tensors {
		return tensors{tensor.AdaptiveAvgPool2d(x[0], o.Size[0], o.Size[1])}
	},
	"adaptive_max_pool1d": func(x tensors, o goldenOptions) tensors { return tensors{tensor.AdaptiveMaxPool1d(x[0], o.Size[1])} },
	"adaptive_avg_pool1d": func(x tensors, o goldenOptions) tensors { return tensors{tensor.AdaptiveAvgPool1d(x[0], o.Size[1])} },
	"batch_norm": func(x tensors, o goldenOptions) tensors {
		y, mean, variance := tensor.BatchNorm(x[0], x[1], x[2], o.Eps)
		return tensors{y, mean, variance}
	},
	"layer_norm":  func(x tensors, o goldenOptions) tensors { return tensors{tensor.LayerNorm(x[0], x[1], x[2], o.Eps)} },
	"softmax":     func(x tensors, o goldenOptions) tensors { return tensors{x[0].Softmax(o.Axis)} },
	"log_softmax": func(x tensors, o goldenOptions) tensors { return tensors{x[0].LogSoftmax(o.Axis)} },
	"cross_entropy": func(x tensors, o goldenOptions) tensors {
		return tensors{tensor.CrossEntropy(x[0], x[1].To(tensor.Int64), tensor.CrossEntropyConfig{Weight: third(x), LabelSmoothing: o.Smoothing, IgnoreIndex: o.Ignore})}
	},
}

// TestGoldenNN compares results and gradients with PyTorch's in float64 and float32.
func TestGoldenNN(t *testing.T) {
	var cases []goldenNN
	optest.ReadGolden(t, "testdata/golden_nn.json", &cases)
	seen := map[string]bool{}
	for i, c := range cases {
		seen[c.Op] = true
		t.Run(fmt.Sprint(i, " ", c.Op), func(t *testing.T) {
			c.check(t, tensor.Float64)
			c.check(t, tensor.Float32)
		})
	}
	for op := range goldenLayers {
		if !seen[op] {
			t.Errorf("no golden case for %s", op)
		}
	}
}

func (c *goldenNN) check(t *testing.T, d tensor.DType) {
	f := goldenLayers[c.Op]
	if f == nil {
		t.Fatal("unknown op")
	}
	var x, wrt tensors
	for _, a := range c.In {
		x = append(x, a.tensor(d))
	}
	for _, i := range c.Diff {
		x[i] = x[i].RequireGrad()
		wrt = append(wrt, x[i])
	}
	y := f(x, c.Options)
	w := make([]float64, y[0].Numel())
	for i := range w {
		w[i] = math.Round(64*math.Cos(float64(i))) / 64
	}
	g := tensor.Gradients(y[:1], tensors{tensor.OfShape(w, y[0].Shape()).To(d)}, wrt, false, false)
	their := c.goldenResults
	if d == tensor.Float32 && c.Float32 != nil {
		their = *c.Float32
	}
	if len(y) != len(c.Out) {
		t.Fatalf("%d results, want %d", len(y), len(c.Out))
	}
	for i := range y {
		c.near(t, fmt.Sprintf("%v result %d", d, i), y[i].Detach(), their.Out[i], c.Out[i])
	}
	for i := range g {
		c.near(t, fmt.Sprintf("%v gradient %d", d, c.Diff[i]), g[i], their.Grad[i], c.Grad[i])
	}
}

// near allows 1e-14 of the tensor's largest value, but at least of 1, in float64. In float32 it allows 1e-6 and what
// PyTorch is off itself: nothing where its result is exact.
func (c *goldenNN) near(t *testing.T, what string, got *tensor.Tensor, want, exact goldenArray) {
	t.Helper()
	if got.Shape() != tensor.ShapeOf(want.Shape...) {
		t.Errorf("%s: shape %v, want %v", what, got.Shape(), want.Shape)
		return
	}
	scale := 1.0
	for _, v := range exact.Data {
		if a := math.Abs(float64(v)); a <= math.MaxFloat64 {
			scale = max(scale, a)
		}
	}
	tol := 1e-14 * scale
	if got.DType() == tensor.Float32 {
		if tol = 1e-6 * scale; c.Float32 == nil {
			tol = 0
		}
	}
	for i, v := range got.Floats() {
		w, e := float64(want.Data[i]), float64(exact.Data[i])
		if v != w && !(v != v && w != w) && !(math.Abs(v-w) <= tol+math.Abs(w-e)) {
			t.Errorf("%s: element %d is %v, want %v", what, i, v, w)
		}
	}
}

func (a *goldenArray) tensor(d tensor.DType) *tensor.Tensor {
	v := make([]float64, len(a.Data))
	for i, n := range a.Data {
		v[i] = float64(n)
	}
	return tensor.OfShape(v, tensor.ShapeOf(a.Shape...)).To(d)
}
