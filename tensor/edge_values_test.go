package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

// The mean of numbers far from 0 is rounded; the gradient of the variance, 2 (x - mean)/(n - 1), must not be.
func TestVarGradientFarFromZero(t *testing.T) {
	x := tensor.Of([]float32{16777216, 16777218}).RequireGrad()
	x.Var(1).Backward()
	if g := tensor.Data[float32](x.Grad()); g[0] != -2 || g[1] != 2 {
		t.Errorf("gradient %v, want [-2 2]", g)
	}
}

// The gradient of a norm is x/|x|, also where 1/|x| is beyond float32.
func TestNormGradientOfSubnormals(t *testing.T) {
	x := tensor.Of([]float32{1e-39, 0}).RequireGrad()
	x.Norm(2).Backward()
	if g := tensor.Data[float32](x.Grad()); !(math.Abs(float64(g[0])-1) < 1e-6) || g[1] != 0 {
		t.Errorf("gradient %v, want [1 0]", g)
	}
}

// Without channels a convolution is its bias, on every way that kernels go.
func TestConvWithoutChannels(t *testing.T) {
	bias := make([]float32, 16)
	for i := range bias {
		bias[i] = float32(i)
	}
	y := tensor.Conv2d(tensor.Zeros(2, 0, 67, 67), tensor.Zeros(16, 0, 4, 4), tensor.Of(bias), tensor.ConvConfig{})
	for i, v := range tensor.Data[float32](y) {
		if v != bias[i/(64*64)%16] {
			t.Fatalf("element %d is %v", i, v)
		}
	}
}
