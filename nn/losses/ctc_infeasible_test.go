package losses

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// A sequence too short for its target, whose loss ZeroInfinity makes 0, has derivatives 0 of any order, and leaves those of
// the others as they are.
func TestCTCZeroInfinitySecondOrder(t *testing.T) {
	x := tensor.With(tensor.Float64).Randn(random.New(1), 4, 2, 3).RequireGrad()
	r := tensor.With(tensor.Float64).Randn(random.New(2), 4, 2, 3)
	y, tl := tensor.Of([]int64{1, 1, 2, 1}, 2, 2), tensor.Of([]int64{2, 2})
	second := func(il ...int64) *tensor.Tensor {
		loss := CTCLoss{ZeroInfinity: true, Reduction: Sum}.Of(x.LogSoftmax(2), y, tensor.Of(il), tl)
		g := tensor.Gradients([]*tensor.Tensor{loss}, nil, []*tensor.Tensor{x}, true, true)[0]
		return tensor.Gradients([]*tensor.Tensor{g.Mul(r).Sum()}, nil, []*tensor.Tensor{x}, false, false)[0]
	}
	got, whole := second(2, 4), second(4, 4)
	if d := got.Select(1, 0).Abs().Max().Item(); d != 0 {
		t.Errorf("the second derivative of an impossible sequence is %v, want 0", d)
	}
	if d := got.Select(1, 1).Sub(whole.Select(1, 1)).Abs().Max().Item(); d != 0 {
		t.Errorf("that of the other differs by %v", d)
	}
}

// Float16 does not hold the −1e30 that stands for an impossible state.
func TestCTCHalfSecondOrder(t *testing.T) {
	wide := tensor.Randn(random.New(1), 4, 2, 3)
	y, il, tl := tensor.Of([]int64{1, 1, 2, 1}, 2, 2), tensor.Of([]int64{4, 3}), tensor.Of([]int64{2, 2})
	second := func(x *tensor.Tensor) []float64 {
		x = x.RequireGrad()
		loss := CTCLoss{Reduction: Sum}.Of(x.LogSoftmax(2), y, il, tl)
		g := tensor.Gradients([]*tensor.Tensor{loss}, nil, []*tensor.Tensor{x}, true, true)[0]
		return tensor.Gradients([]*tensor.Tensor{g.Square().Sum()}, nil, []*tensor.Tensor{x}, false, false)[0].Floats()
	}
	want := second(wide)
	for i, g := range second(wide.To(tensor.Float16)) {
		if !(math.Abs(g-want[i]) <= 0.02) {
			t.Errorf("element %d is %v, in float32 %v", i, g, want[i])
		}
	}
}
