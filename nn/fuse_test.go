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

// fuseStatistics gives a normalisation of k channels weights, biases and statistics that are nobody's defaults.
func fuseStatistics(g *random.Generator, bn *nn.BatchNorm, k int) {
	if bn.Weight != nil {
		bn.Weight = tensor.NewParam(tensor.Randn(g, k).AddScalar(1))
		bn.Bias = tensor.NewParam(tensor.Randn(g, k))
	}
	bn.RunningMean = tensor.NewBuffer(tensor.Randn(g, k))
	bn.RunningVar = tensor.NewBuffer(tensor.Rand(g, k).AddScalar(0.1))
}

func TestFuseConvBN(t *testing.T) {
	g := random.New(1)
	near := func(name string, got, want *tensor.Tensor) {
		t.Helper()
		if got.Shape() != want.Shape() {
			t.Fatalf("%s has shape %v, want %v", name, got.Shape(), want.Shape())
		}
		w := want.Floats()
		for i, v := range got.Floats() {
			if !(math.Abs(v-w[i]) <= 1e-5*(1+math.Abs(w[i]))) {
				t.Fatalf("%s: element %d is %v, want %v", name, i, v, w[i])
			}
		}
	}
	for _, cfg := range []nn.ConvConfig{{}, {NoBias: true, Stride: 2, Padding: 1}, {Groups: 2, Dilation: 2}, {Padding: 1, PaddingMode: tensor.PadReflect}} {
		for _, norm := range []nn.BatchNormConfig{{}, {NoAffine: true, Eps: 0.1}, {Frozen: true}} {
			x1, x2, x3 := tensor.Randn(g, 2, 4, 9), tensor.Randn(g, 2, 4, 9, 8), tensor.Randn(g, 2, 4, 6, 7, 8)
			c1, b1 := nn.NewConv1d(g, 4, 6, 3, cfg), nn.NewBatchNorm1d(6, norm)
			c2, b2 := nn.NewConv2d(g, 4, 6, 3, cfg), nn.NewBatchNorm2d(6, norm)
			c3, b3 := nn.NewConv3d(g, 4, 6, 3, cfg), nn.NewBatchNorm3d(6, norm)
			for _, b := range []*nn.BatchNorm{b1, b2, b3} {
				fuseStatistics(g, b, 6)
			}
			if !norm.Frozen {
				b1, b2, b3 = nn.Eval(b1), nn.Eval(b2), nn.Eval(b3)
			}
			if cfg.PaddingMode == tensor.PadConstant {
				near("conv3d", nn.FuseConvBN3d(c3, b3).Forward(x3), b3.Forward(c3.Forward(x3)))
			}
			near("conv1d", nn.FuseConvBN1d(c1, b1).Forward(x1), b1.Forward(c1.Forward(x1)))
			y := nn.FuseConvBN2d(c2, b2).Forward(x2)
			near("conv2d", y, b2.Forward(c2.Forward(x2)))
			if y.RequiresGrad() {
				t.Error("the fused layer's result requires a gradient")
			}
		}
	}
}

func TestFuseConvBNRefuses(t *testing.T) {
	g := random.New(1)
	conv := nn.NewConv2d(g, 2, 3, 1, nn.ConvConfig{})
	for _, c := range []struct {
		bn   *nn.BatchNorm
		kind error
	}{
		{nn.NewBatchNorm2d(3, nn.BatchNormConfig{}), tensor.ErrValue},
		{nn.Eval(nn.NewBatchNorm2d(2, nn.BatchNormConfig{})), tensor.ErrShape},
	} {
		if err := tensor.Catch(func() { nn.FuseConvBN2d(conv, c.bn) }); !errors.Is(err, c.kind) {
			t.Errorf("error %v, want kind %v", err, c.kind)
		}
	}
}

func ExampleFuseConvBN2d() {
	g := random.New(0)
	conv := nn.NewConv2d(g, 3, 8, 3, nn.ConvConfig{Padding: 1, NoBias: true})
	bn := nn.Eval(nn.NewBatchNorm2d(8, nn.BatchNormConfig{}))
	fused := nn.FuseConvBN2d(conv, bn)
	x := tensor.Randn(g, 1, 3, 16, 16)
	difference := fused.Forward(x).Sub(bn.Forward(conv.Forward(x))).Abs().Max().Item()
	fmt.Println(difference < 1e-5)
	// Output: true
}
