package nn_test

import (
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// negatedConv is a layer of a user's that embeds a convolution: its own Forward must run.
type negatedConv struct{ *nn.Conv2d }

func (m negatedConv) Forward(x *tensor.Tensor) *tensor.Tensor {
	return m.Conv2d.Forward(x).MulScalar(-1)
}

// A convolution followed by ReLU in a Sequential gives the elements and gradients of the two, one after the other.
func TestSequentialConvReLU(t *testing.T) {
	g := random.New(1)
	same := func(name string, a, b *tensor.Tensor) {
		t.Helper()
		x, y := tensor.Data[float32](a), tensor.Data[float32](b)
		if a.Shape() != b.Shape() {
			t.Fatalf("%s: %v and %v", name, a.Shape(), b.Shape())
		}
		for i := range x {
			if x[i] != y[i] {
				t.Fatalf("%s: element %d is %v, want %v", name, i, x[i], y[i])
			}
		}
	}
	conv1, conv2, conv3 := nn.NewConv1d(g, 3, 5, 3, nn.ConvConfig{}), nn.NewConv2d(g, 8, 12, 3, nn.ConvConfig{Padding: 1}), nn.NewConv3d(g, 2, 3, 2, nn.ConvConfig{})
	for _, c := range []struct {
		name   string
		layer  nn.Layer
		weight *nn.Param
		x      *tensor.Tensor
	}{
		{"Conv1d", conv1, conv1.Weight, tensor.Randn(g, 2, 3, 40)},
		{"Conv2d", conv2, conv2.Weight, tensor.Randn(g, 2, 8, 13, 17)},
		{"Conv3d", conv3, conv3.Weight, tensor.Randn(g, 2, 2, 4, 5, 6)},
		{"embedded", negatedConv{conv2}, conv2.Weight, tensor.Randn(g, 2, 8, 13, 17)},
	} {
		var ys, dxs, dws []*tensor.Tensor
		for _, f := range []func(x *tensor.Tensor) *tensor.Tensor{
			nn.NewSequential(c.layer, nn.ReLU{}).Forward,
			func(x *tensor.Tensor) *tensor.Tensor { return c.layer.Forward(x).ReLU() },
		} {
			x := c.x.Detach().RequireGrad()
			y := f(x)
			c.weight.ZeroGrad()
			y.Square().Sum().Backward()
			ys, dxs, dws = append(ys, y.Detach()), append(dxs, x.Grad()), append(dws, c.weight.Grad().Clone())
		}
		same(c.name, ys[0], ys[1])
		same(c.name+", gradient of x", dxs[0], dxs[1])
		same(c.name+", gradient of the weight", dws[0], dws[1])
	}
}
