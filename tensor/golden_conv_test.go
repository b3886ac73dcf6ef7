package tensor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// goldenConv is a call of testdata/golden_conv.py, which says what its fields hold.
type goldenConv struct {
	Op      string
	X, W    []int
	Bias    json.RawMessage // of results whether there is one, of refused calls its size or null
	Options struct {
		Stride, Dilation []int
		OutputPadding    []int `json:"output_padding"`
		Padding          json.RawMessage
		Groups           int
	}
	Shape  []int
	Y      []float64
	Grads  [][]float64
	Second [][]float64
}

// convFill is golden_conv.py's fill.
func convFill(seed int, dims ...int) *tensor.Tensor {
	s := tensor.ShapeOf(dims...)
	v := make([]float64, s.Numel())
	for i := range v {
		v[i] = math.Sin(1 + 0.37*float64(i) + 1.3*float64(seed))
	}
	return tensor.OfShape(v, s)
}

// call runs the case's function.
func (c *goldenConv) call(t *testing.T, x, w, bias *tensor.Tensor) *tensor.Tensor {
	var word string
	var padding []int
	if p := c.Options.Padding; p != nil && json.Unmarshal(p, &word) != nil {
		if err := json.Unmarshal(p, &padding); err != nil {
			t.Fatal(err)
		}
	}
	pair := func(v []int) (p [2]int) {
		copy(p[2-min(2, len(v)):], v)
		return p
	}
	triple := func(v []int) (p [3]int) {
		copy(p[:], v)
		return p
	}
	o := c.Options
	flat := tensor.ConvConfig{Same: word == "same", Groups: o.Groups}
	volume := tensor.Conv3dConfig{Stride: triple(o.Stride), Padding: triple(padding), Dilation: triple(o.Dilation), Groups: o.Groups, Same: word == "same"}
	if len(c.X) < 5 {
		flat.Stride, flat.Padding, flat.Dilation = pair(o.Stride), pair(padding), pair(o.Dilation)
	}
	transposed := tensor.ConvTransposeConfig{ConvConfig: flat}
	if len(c.X) < 5 {
		transposed.OutputPadding = pair(o.OutputPadding)
	}
	switch c.Op {
	case "conv1d":
		return tensor.Conv1d(x, w, bias, flat)
	case "conv2d":
		return tensor.Conv2d(x, w, bias, flat)
	case "conv3d":
		return tensor.Conv3d(x, w, bias, volume)
	case "conv_transpose1d":
		return tensor.ConvTranspose1d(x, w, bias, transposed)
	case "conv_transpose2d":
		return tensor.ConvTranspose2d(x, w, bias, transposed)
	case "conv_transpose3d":
		return tensor.ConvTranspose3d(x, w, bias, tensor.ConvTranspose3dConfig{Conv3dConfig: volume, OutputPadding: triple(o.OutputPadding)})
	}
	t.Fatalf("unknown function %s", c.Op)
	return nil
}

func (c *goldenConv) String() string {
	return fmt.Sprintf("%s %v %v %+v padding %s", c.Op, c.X, c.W, c.Options, c.Options.Padding)
}

func TestGoldenConv(t *testing.T) {
	var golden struct{ Cases, Refused []goldenConv }
	optest.ReadGolden(t, "testdata/golden_conv.json", &golden)
	if len(golden.Cases) < 40 || len(golden.Refused) < 40 {
		t.Fatalf("%d cases and %d refused calls", len(golden.Cases), len(golden.Refused))
	}
	for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
		for _, c := range golden.Cases {
			c.check(t, d)
		}
	}
	for _, c := range golden.Refused {
		var bias *tensor.Tensor
		var n int
		if err := json.Unmarshal(c.Bias, &n); err == nil && n > 0 {
			bias = convFill(2, n)
		}
		err := tensor.Catch(func() { c.call(t, convFill(0, c.X...), convFill(1, c.W...), bias) })
		var e *tensor.Error
		if !errors.As(err, &e) || e.Op != c.Op {
			t.Errorf("%v is refused by PyTorch; here: %v", &c, err)
		}
	}
}

func (c *goldenConv) check(t *testing.T, d tensor.DType) {
	in := tensors{convFill(0, c.X...).To(d).RequireGrad(), convFill(1, c.W...).To(d).RequireGrad()}
	if string(c.Bias) == "true" {
		in = append(in, convFill(2, len(c.Grads[2])).To(d).RequireGrad())
	}
	near := func(what string, got *tensor.Tensor, want []float64) {
		t.Helper()
		scale, tol := 1.0, 1e-10 // their 11 digits
		if d == tensor.Float32 {
			tol = 1e-5
		}
		for _, v := range want {
			scale = max(scale, math.Abs(v))
		}
		for i, v := range got.Floats() {
			if !(math.Abs(v-want[i]) <= tol*scale) {
				t.Errorf("%v %v: %s %d is %v, PyTorch's %v", d, c, what, i, v, want[i])
				return
			}
		}
	}
	y := c.call(t, in[0], in[1], third(in))
	if !slices.Equal(y.Shape().Dims(), c.Shape) {
		t.Fatalf("%v: shape %v, PyTorch's %v", c, y.Shape(), c.Shape)
	}
	near("result", y, c.Y)
	grads := tensor.Gradients(tensors{y}, tensors{convFill(9, c.Shape...).To(d)}, in, true, true)
	var slopes tensors
	for i, g := range grads {
		near(fmt.Sprint("gradient ", i, ", element"), g, c.Grads[i])
		slopes = append(slopes, convFill(5, g.Shape().Dims()...).To(d))
	}
	// The bias's gradient does not depend on the inputs.
	second := tensor.Gradients(grads[:2], slopes[:2], in[:2], false, false)
	for i, g := range second {
		near(fmt.Sprint("second gradient ", i, ", element"), g, c.Second[i])
	}
}
