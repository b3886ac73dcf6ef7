package nn_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestFullyConvolutional(t *testing.T) {
	g := random.New(1)
	norm1, norm2 := nn.NewBatchNorm2d(4, nn.BatchNormConfig{}), nn.NewBatchNorm1d(7, nn.BatchNormConfig{})
	fuseStatistics(g, norm1, 4)
	fuseStatistics(g, norm2, 7)
	s := nn.NewSequential(
		nn.NewSequential(nn.NewConv2d(g, 2, 4, 3, nn.ConvConfig{}), norm1, nn.ReLU{}, nn.NewMaxPool2d(2)),
		&nn.AdaptiveAvgPool2d{H: 3, W: 4}, // as they are
		nn.NewFlatten(),
		nn.NewDropout(g, 0.5), nn.NewLinear(g, 4*3*4, 7, nn.LinearConfig{}), norm2, nn.Tanh{},
		nn.NewLinear(g, 7, 3, nn.LinearConfig{NoBias: true}),
	)
	s = nn.To(s, tensor.Float64)
	conv := nn.Eval(nn.FullyConvolutional(s, 2, 8, 10))
	s = nn.Eval(s)
	largest := func(a, b *tensor.Tensor) float64 { return a.Sub(b).Abs().Max().Item() }

	x := tensor.With(tensor.Float64).Randn(g, 5, 2, 8, 10)
	y := conv.Forward(x)
	if y.Shape() != tensor.ShapeOf(5, 3, 1, 1) {
		t.Fatalf("the map has shape %v, want (5, 3, 1, 1)", y.Shape())
	}
	if e := largest(y.Flatten(1), s.Forward(x)); !(e < 1e-12) {
		t.Errorf("logits differ by %v", e)
	}

	// A window of 8 x 10 at every second place of 13 x 16 pixels: 3 rows of 4.
	x = tensor.With(tensor.Float64).Randn(g, 2, 2, 13, 16)
	y = conv.Forward(x)
	if y.Shape() != tensor.ShapeOf(2, 3, 3, 4) {
		t.Fatalf("the map has shape %v, want (2, 3, 3, 4)", y.Shape())
	}
	for i := range 3 {
		for j := range 4 {
			crop := x.Narrow(2, 2*i, 8).Narrow(3, 2*j, 10)
			if e := largest(y.Select(3, j).Select(2, i), s.Forward(crop.Contiguous())); !(e < 1e-12) {
				t.Errorf("place (%d, %d) differs by %v", i, j, e)
			}
		}
	}
}

func TestLinearToConv2dOwnsItsWeights(t *testing.T) {
	l := nn.NewLinear(random.New(1), 12, 2, nn.LinearConfig{})
	c := nn.LinearToConv2d(l, 2, 3)
	was := l.Weight.Floats()
	c.Weight.CopyFrom(tensor.Zeros(2, 2, 2, 3))
	for i, v := range l.Weight.Floats() {
		if v != was[i] || math.IsNaN(v) {
			t.Fatal("the dense layer changed with the convolution")
		}
	}
}

func TestFullyConvolutionalRefuses(t *testing.T) {
	g := random.New(1)
	linear := func(in, out int) nn.Layer { return nn.NewLinear(g, in, out, nn.LinearConfig{}) }
	for name, c := range map[string]struct {
		f    func()
		kind error
	}{
		"inputs that are no planes": {func() { nn.LinearToConv2d(nn.NewLinear(g, 10, 2, nn.LinearConfig{}), 2, 3) }, tensor.ErrShape},
		"no height":                 {func() { nn.LinearToConv2d(nn.NewLinear(g, 10, 2, nn.LinearConfig{}), 0, 3) }, tensor.ErrShape},
		"another size":              {func() { nn.FullyConvolutional(nn.NewSequential(nn.NewFlatten(), linear(18, 2)), 2, 3, 4) }, tensor.ErrShape},
		"no flatten":                {func() { nn.FullyConvolutional(nn.NewSequential(nn.NewConv2d(g, 2, 1, 3, nn.ConvConfig{})), 2, 3, 4) }, tensor.ErrValue},
		"linear along rows":         {func() { nn.FullyConvolutional(nn.NewSequential(linear(4, 2)), 2, 3, 4) }, tensor.ErrValue},
		"adaptive pooling": {func() {
			nn.FullyConvolutional(nn.NewSequential(&nn.AdaptiveAvgPool2d{H: 1, W: 1}, nn.NewFlatten(), linear(2, 2)), 2, 3, 4)
		}, tensor.ErrValue},
		"flattens the batch": {func() { nn.FullyConvolutional(nn.NewSequential(&nn.Flatten{Start: new(0)}, linear(24, 2)), 2, 3, 4) }, tensor.ErrValue},
		"statistics of each place": {func() {
			nn.FullyConvolutional(nn.NewSequential(nn.NewFlatten(), nn.NewBatchNorm1d(24, nn.BatchNormConfig{}), linear(24, 2)), 2, 3, 4)
		}, tensor.ErrValue},
		"slopes of each place": {func() {
			nn.FullyConvolutional(nn.NewSequential(nn.NewFlatten(), nn.NewPReLU(24), linear(24, 2)), 2, 3, 4)
		}, tensor.ErrValue},
		"softmax over classes": {func() { nn.FullyConvolutional(nn.NewSequential(nn.NewFlatten(), linear(24, 2), nn.Softmax{}), 2, 3, 4) }, tensor.ErrValue},
	} {
		if err := tensor.Catch(c.f); !errors.Is(err, c.kind) {
			t.Errorf("%s: error %v, want kind %v", name, err, c.kind)
		}
	}
}

func ExampleFullyConvolutional() {
	g := random.New(1)
	net := nn.NewSequential(
		nn.NewConv2d(g, 1, 6, 5, nn.ConvConfig{}), nn.ReLU{}, nn.NewMaxPool2d(2),
		nn.NewFlatten(), nn.NewLinear(g, 6*12*12, 84, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 84, 10, nn.LinearConfig{}),
	)
	everywhere := nn.FullyConvolutional(net, 1, 28, 28)
	fmt.Println(net.Forward(tensor.Zeros(1, 1, 28, 28)).Shape(), everywhere.Forward(tensor.Zeros(1, 1, 32, 48)).Shape())
	// Output: (1, 10) (1, 10, 3, 11)
}
