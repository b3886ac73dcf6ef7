package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/tensor"
)

// The numbers are torch.polygamma's.
func TestPolygammaNegative(t *testing.T) {
	x := tensor.Of([]float64{-0.5, -0.25, -1.3, -7.75, -1000.37})
	for n, want := range map[int][]float64{
		1: {8.934802200117687, 18.541879647093793, 14.53687624396439, 19.61814433435122, 11.71681435920212},
		2: {-0.82879664423432, 122.69736678366235, 68.54941347116213, -124.03974558822777, 31.860465294565486},
		3: {193.40909103400242, 1555.7633125348507, 768.7206571990428, 1558.5419205916073, 361.24218353556967},
		4: {-3.4742498266672257, 24473.199394184583, 9738.298854017745, -24481.57606243825, 3222.219227259228},
	} {
		for i, got := range x.Polygamma(n).Floats() {
			if !(math.Abs(got-want[i]) <= 1e-9*math.Abs(want[i])) { // PyTorch's own digits
				t.Errorf("order %d: element %d is %v, PyTorch's %v", n, i, got, want[i])
			}
		}
	}
	f := func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].Digamma()} }
	if err := autograd.GradCheck(f, tensors{tensor.Of([]float64{-0.4, -1.6, -2.3})}, autograd.GradCheckConfig{Order: 2}); err != nil {
		t.Error(err)
	}
}
