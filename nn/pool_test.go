package nn_test

import (
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// TestPoolLayers checks that each layer is the function it is named after; those are compared with PyTorch's.
func TestPoolLayers(t *testing.T) {
	g := random.New(1)
	seq, img, vol := tensor.Rand(g, 2, 3, 9), tensor.Rand(g, 2, 3, 6, 8), tensor.Rand(g, 1, 2, 4, 6, 5)
	cube := tensor.Pool3dConfig{Kernel: [3]int{2, 3, 2}, Stride: [3]int{1, 2, 3}}
	wide := tensor.PoolConfig{Kernel: [2]int{3, 2}, Stride: [2]int{1, 2}, CeilMode: true}
	two := func(y, at *tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{y, at} }
	one := func(y *tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{y} }
	for i, c := range []struct{ got, want []*tensor.Tensor }{
		{one(nn.NewMaxPool1d(2).Forward(seq)), one(tensor.MaxPool1d(seq, tensor.Square(2)))},
		{one((&nn.MaxPool2d{Config: wide}).Forward(img)), one(tensor.MaxPool2d(img, wide))},
		{one((&nn.MaxPool3d{Config: cube}).Forward(vol)), one(tensor.MaxPool3d(vol, cube))},
		{two(nn.NewMaxPool1d(2).ForwardWithIndices(seq)), two(tensor.MaxPool1dWithIndices(seq, tensor.Square(2)))},
		{two(nn.NewMaxPool2d(2).ForwardWithIndices(img)), two(tensor.MaxPool2dWithIndices(img, tensor.Square(2)))},
		{two(nn.NewMaxPool3d(2).ForwardWithIndices(vol)), two(tensor.MaxPool3dWithIndices(vol, tensor.Cube(2)))},
		{one((&nn.AvgPool1d{Config: wide}).Forward(seq)), one(tensor.AvgPool1d(seq, wide))},
		{one(nn.NewAvgPool2d(3).Forward(img)), one(tensor.AvgPool2d(img, tensor.Square(3)))},
		{one(nn.NewAvgPool3d(2).Forward(vol)), one(tensor.AvgPool3d(vol, tensor.Cube(2)))},
		{one((&nn.AdaptiveAvgPool1d{L: 4}).Forward(seq)), one(tensor.AdaptiveAvgPool1d(seq, 4))},
		{one((&nn.AdaptiveAvgPool2d{H: 4, W: 3}).Forward(img)), one(tensor.AdaptiveAvgPool2d(img, 4, 3))},
		{one((&nn.AdaptiveAvgPool3d{D: 3, H: 4, W: 2}).Forward(vol)), one(tensor.AdaptiveAvgPool3d(vol, 3, 4, 2))},
		{one((&nn.AdaptiveMaxPool1d{L: 4}).Forward(seq)), one(tensor.AdaptiveMaxPool1d(seq, 4))},
		{one((&nn.AdaptiveMaxPool2d{H: 4, W: 3}).Forward(img)), one(tensor.AdaptiveMaxPool2d(img, 4, 3))},
		{one((&nn.AdaptiveMaxPool3d{D: 3, H: 4, W: 2}).Forward(vol)), one(tensor.AdaptiveMaxPool3d(vol, 3, 4, 2))},
		{two((&nn.AdaptiveMaxPool1d{L: 4}).ForwardWithIndices(seq)), two(tensor.AdaptiveMaxPool1dWithIndices(seq, 4))},
		{two((&nn.AdaptiveMaxPool2d{H: 4, W: 3}).ForwardWithIndices(img)), two(tensor.AdaptiveMaxPool2dWithIndices(img, 4, 3))},
		{two((&nn.AdaptiveMaxPool3d{D: 3, H: 4, W: 2}).ForwardWithIndices(vol)), two(tensor.AdaptiveMaxPool3dWithIndices(vol, 3, 4, 2))},
		{one(nn.NewLPPool1d(2, 3).Forward(seq)), one(tensor.LPPool1d(seq, 2, tensor.Square(3)))},
		{one(nn.NewLPPool2d(3, 2).Forward(img)), one(tensor.LPPool2d(img, 3, tensor.Square(2)))},
	} {
		for k := range c.want {
			if !tensor.Equal(c.got[k], c.want[k]) {
				t.Errorf("layer %d, result %d: %v, want %v", i, k, c.got[k], c.want[k])
			}
		}
	}
}

func TestMaxUnpoolLayers(t *testing.T) {
	g := random.New(1)
	seq, img, vol := tensor.Rand(g, 2, 3, 8), tensor.Rand(g, 2, 3, 6, 8), tensor.Rand(g, 1, 2, 4, 6, 2)
	y, at := nn.NewMaxPool1d(2).ForwardWithIndices(seq)
	one := nn.NewMaxUnpool1d(2).Forward(y, at)
	y, at = nn.NewMaxPool2d(2).ForwardWithIndices(img)
	two := nn.NewMaxUnpool2d(2).Forward(y, at)
	y3, at3 := nn.NewMaxPool3d(2).ForwardWithIndices(vol)
	three := nn.NewMaxUnpool3d(2).Forward(y3, at3)
	for i, c := range []struct{ got, x *tensor.Tensor }{{one, seq}, {two, img}, {three, vol}} {
		if !tensor.Equal(c.got, tensor.Where(c.got.NeScalar(0), c.x, tensor.ZerosLike(c.x))) {
			t.Errorf("%d: elements were put elsewhere", i+1)
		}
	}
	// (3 − 1)·2 − 2·1 + 3 = 5 and one on either side can be pooled to 3 by 3 windows, stride 2, padding 1.
	odd := &nn.MaxUnpool1d{Config: tensor.PoolConfig{Kernel: [2]int{0, 3}, Stride: [2]int{0, 2}, Padding: [2]int{0, 1}}}
	x, zero := tensor.Ones(1, 1, 3), tensor.With(tensor.Int64).Zeros(1, 1, 3)
	if n := odd.Forward(x, zero).Dim(2); n != 5 {
		t.Errorf("3 unpools to %d, want 5", n)
	}
	if n := odd.Forward(x, zero, 6).Dim(2); n != 6 {
		t.Errorf("3 unpools to %d, want 6", n)
	}
	wantKind(t, tensor.ErrShape, func() { odd.Forward(x, zero, 7) })
	wantKind(t, tensor.ErrShape, func() { odd.Forward(x, zero, 3) })
	wantKind(t, tensor.ErrShape, func() { odd.Forward(x, zero, 5, 5) })
	wantKind(t, tensor.ErrShape, func() { nn.NewMaxUnpool2d(2).Forward(x, zero) })
	wantKind(t, tensor.ErrValue, func() { (&nn.MaxUnpool1d{}).Forward(x, zero) })
}

func TestFractionalMaxPoolLayer(t *testing.T) {
	cfg := tensor.FractionalMaxPoolConfig{Kernel: [2]int{2, 2}, Ratio: [2]float64{0.6, 0.6}}
	x := tensor.Rand(random.New(1), 2, 3, 20, 20)
	a, b := nn.NewFractionalMaxPool2d(random.New(5), cfg), nn.NewFractionalMaxPool2d(random.New(5), cfg)
	y := a.Forward(x)
	if y.Shape() != tensor.ShapeOf(2, 3, 12, 12) {
		t.Errorf("shape %v", y.Shape())
	}
	if !tensor.Equal(y, b.Forward(x)) {
		t.Error("equal seeds draw different windows")
	}
	again, at := a.ForwardWithIndices(x)
	if tensor.Equal(y, again) {
		t.Error("the same windows twice")
	}
	if !tensor.Equal(x.Reshape(2, 3, 400).Gather(2, at.Reshape(2, 3, 144)).Reshape(2, 3, 12, 12), again) {
		t.Error("the indices are not those of the maxima")
	}
	wantKind(t, tensor.ErrValue, func() { (&nn.FractionalMaxPool2d{Config: cfg}).Forward(x) })
	wantKind(t, tensor.ErrShape, func() { a.Forward(x.Select(0, 0)) })
}
