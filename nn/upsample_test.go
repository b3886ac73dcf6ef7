package nn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

func TestUpsample(t *testing.T) {
	x := tensor.Of([]float32{1, 2, 3, 4}, 1, 1, 2, 2)
	nearest := nn.Upsample{Scale: 2}.Forward(x)
	if want := []float32{1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4}; nearest.Shape() != tensor.ShapeOf(1, 1, 4, 4) || !slices.Equal(tensor.Data[float32](nearest), want) {
		t.Errorf("nearest: %v", nearest)
	}
	corners := nn.Upsample{Size: []int{3, 2}, InterpolateConfig: tensor.InterpolateConfig{Mode: tensor.InterpolateLinear, AlignCorners: true}}.Forward(x)
	if want := []float32{1, 2, 2, 3, 3, 4}; !slices.Equal(tensor.Data[float32](corners), want) {
		t.Errorf("corners: %v", corners)
	}
	if y := (nn.Upsample{Scale: 1.6}).Forward(x); y.Shape() != tensor.ShapeOf(1, 1, 3, 3) {
		t.Errorf("1.6 times 2 is %v", y.Shape())
	}
	wantKind(t, tensor.ErrValue, func() { nn.Upsample{}.Forward(x) })
	wantKind(t, tensor.ErrValue, func() { nn.Upsample{Scale: math.NaN()}.Forward(x) })
}

func TestPixelShuffle(t *testing.T) {
	y := nn.PixelShuffle{2}.Forward(tensor.Of([]float32{1, 2, 3, 4}, 1, 4, 1, 1))
	if y.Shape() != tensor.ShapeOf(1, 1, 2, 2) || !slices.Equal(tensor.Data[float32](y), []float32{1, 2, 3, 4}) {
		t.Error(y)
	}
}

// The defaults are AlexNet's: 1e-4, 0.75, 1, the α divided by the size.
func TestLocalResponseNorm(t *testing.T) {
	y := nn.LocalResponseNorm{Size: 1}.Forward(tensor.Of([]float64{100}, 1, 1, 1))
	if want := 100 / math.Pow(1+1e-4*1e4, 0.75); math.Abs(y.Item()-want) > 1e-12 {
		t.Errorf("%v, want %v", y.Item(), want)
	}
}
