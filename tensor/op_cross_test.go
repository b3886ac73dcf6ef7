package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/tensor"
)

// TestIndexComposites has what the goldens lack: dtypes, broadcasting, ends of the range, and second derivatives.
func TestIndexComposites(t *testing.T) {
	wantFloats(t, "cross product of integers", tensor.Of([]int64{1, 2, 3}).Cross(tensor.Of([]int64{4, 5, 6}), 0), -3, 6, -3)
	wantFloats(t, "broadcast", tensor.Of([]float64{1, 0, 0, 0, 1, 0}, 2, 3).Cross(tensor.Of([]float64{0, 1, 0}), -1), 0, 0, 1, 0, 0, 0)
	wantFloats(t, "trace of integers", tensor.Of([]int32{1, 2, 3, 4, 5, 6}, 2, 3).Trace(), 6)
	wantFloats(t, "trace of nothing", tensor.Zeros(0, 3).Trace(), 0)
	inf, nan := math.Inf(1), math.NaN()
	wantFloats(t, "no probability", tensor.Scalar(-inf).LogAddExp(tensor.Scalar(-inf)), -inf)
	wantFloats(t, "infinite", tensor.Scalar(inf).LogAddExp(tensor.Scalar(1.0)), inf)
	wantFloats(t, "powers of 2", tensor.Of([]float32{3, 1024}).LogAddExp2(tensor.Of([]float32{3, 0})), 4, 1024)
	wantFloats(t, "hypotenuse of integers", tensor.Of([]int64{3, 0}).Hypot(tensor.Of([]int64{4, 0})), 5, 0)
	wantFloats(t, "infinite hypotenuse", tensor.Of([]float32{-float32(inf), 1}).Hypot(tensor.Of([]float32{1, float32(inf)})), inf, inf)
	// The unit, its quotients, the norm and the product are each rounded.
	if got, want := tensor.Of([]float32{3e38}).Hypot(tensor.Of([]float32{1e38})).Item(), math.Hypot(3e38, 1e38); math.Abs(got-want) > 4*0x1p-24*want {
		t.Errorf("large hypotenuse: %v, want %v", got, want)
	}
	x := tensor.Of([]float64{0}).RequireGrad()
	wantFloats(t, "gradient at (0, 0)", tensor.Gradients(tensors{x.Hypot(x)}, nil, tensors{x}, false, false)[0], 0)
	wantFloats(t, "largest float32", tensor.Of([]float32{float32(nan), float32(inf), float32(-inf)}).NanToNum(), 0, math.MaxFloat32, -math.MaxFloat32)
	if i := tensor.Of([]int64{1}); i.NanToNum() != i {
		t.Error("NanToNum of integers makes another tensor")
	}
	wantFloats(t, "differences of bools", tensor.Of([]bool{true, true, false}).Diff(1, 0), 0, 1)
	wantFloats(t, "differences of bytes", tensor.Of([]uint8{3, 5, 4}).Diff(1, 0), 2, 255)
	if y := tensor.Ones(2, 3).Diff(math.MaxInt, 1); y.Shape() != tensor.ShapeOf(2, 0) {
		t.Errorf("differences of differences: %v", y)
	}
	a, b := tensor.Of([]float64{1, 2, -3, 0.5}), tensor.Of([]float64{1, -1, 4, 0.5})
	for name, f := range map[string]func(x, y *tensor.Tensor) *tensor.Tensor{"logaddexp": (*tensor.Tensor).LogAddExp, "logaddexp2": (*tensor.Tensor).LogAddExp2, "hypot": (*tensor.Tensor).Hypot} {
		if err := autograd.GradCheck(func(x []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{f(x[0], x[1])} }, tensors{a, b}, autograd.GradCheckConfig{Order: 3}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIndexCompositesRefuse(t *testing.T) {
	x := tensor.Ones(2, 3)
	rejects(t, tensor.ErrShape, "cross", "both inputs must have 3 elements along axis 0", func() { x.Cross(x, 0) })
	rejects(t, tensor.ErrShape, "cross", "both inputs must have 3 elements", func() { x.Cross(tensor.Ones(1), 1) })
	rejects(t, tensor.ErrShape, "cross", "both inputs must have 3 elements", func() { tensor.Ones(3, 3).Cross(tensor.Ones(3), 0) })
	rejects(t, tensor.ErrShape, "cross", "do not broadcast", func() { x.Cross(tensor.Ones(5, 3), 1) })
	rejects(t, tensor.ErrAxis, "cross", "axis 2 is out of range", func() { x.Cross(x, 2) })
	rejects(t, tensor.ErrShape, "trace", "the trace is of a matrix", func() { tensor.Ones(2).Trace() })
	rejects(t, tensor.ErrShape, "logaddexp", "do not broadcast", func() { x.LogAddExp(tensor.Ones(2)) })
	rejects(t, tensor.ErrShape, "hypot", "do not broadcast", func() { x.Hypot(tensor.Ones(2)) })
	rejects(t, tensor.ErrValue, "diff", "the order -1 is negative", func() { x.Diff(-1, 0) })
	rejects(t, tensor.ErrAxis, "diff", "axis 2 is out of range", func() { x.Diff(1, 2) })
	rejects(t, tensor.ErrAxis, "rot90", "axis 1 is named twice", func() { x.Rot90(1, 1, -1) })
	rejects(t, tensor.ErrAxis, "rot90", "axis 2 is out of range", func() { x.Rot90(1, 0, 2) })
	rejects(t, tensor.ErrAxis, "movedim", "axis -3 is out of range", func() { x.Movedim(0, -3) })
}
