package tensor_test

import (
	"slices"
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

func TestOneHot(t *testing.T) {
	y := tensor.Of([]int64{2, 0, 1, 1}, 2, 2).OneHot(3)
	want := []int64{0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0}
	if y.Shape() != tensor.ShapeOf(2, 2, 3) || y.DType() != tensor.Int64 || !slices.Equal(tensor.Data[int64](y), want) {
		t.Errorf("one-hot of 2, 0, 1, 1: %v", y)
	}
	if y := tensor.Of([]int64{1}).Reshape().OneHot(2); y.Shape() != tensor.ShapeOf(2) || !slices.Equal(tensor.Data[int64](y), []int64{0, 1}) {
		t.Errorf("one-hot of a scalar: %v", y)
	}
	if y := tensor.Of([]int64{}, 0, 2).OneHot(4); y.Shape() != tensor.ShapeOf(0, 2, 4) {
		t.Errorf("one-hot of nothing: %v", y)
	}
	wantFail(t, tensor.ErrIndex, "scatter", func() { tensor.Of([]int64{3}).OneHot(3) })
	wantFail(t, tensor.ErrIndex, "scatter", func() { tensor.Of([]int64{-1}).OneHot(3) })
	wantFail(t, tensor.ErrDType, "one_hot", func() { tensor.Of([]float32{1}).OneHot(3) })
	wantFail(t, tensor.ErrValue, "one_hot", func() { tensor.Of([]int64{}).OneHot(0) })
}

// TestKeepdim compares each reduction that keeps the reduced axes with the one that removes them.
func TestKeepdim(t *testing.T) {
	x := tensor.Of([]float32{3, -1, 2, 0, 5, 1, -2, 4, 0.5, 1, 2, -3}, 2, 3, 2)
	axis := func(f func(*tensor.Tensor, int) *tensor.Tensor) func(*tensor.Tensor, ...int) *tensor.Tensor {
		return func(x *tensor.Tensor, axes ...int) *tensor.Tensor { return f(x, axes[0]) }
	}
	for name, c := range map[string]struct {
		keep, drop func(*tensor.Tensor, ...int) *tensor.Tensor
	}{
		"prod": {(*tensor.Tensor).ProdKeepdim, (*tensor.Tensor).Prod}, "logsumexp": {(*tensor.Tensor).LogSumExpKeepdim, (*tensor.Tensor).LogSumExp},
		"any": {(*tensor.Tensor).AnyKeepdim, (*tensor.Tensor).Any}, "all": {(*tensor.Tensor).AllKeepdim, (*tensor.Tensor).All},
		"argmax": {axis((*tensor.Tensor).ArgMaxKeepdim), axis((*tensor.Tensor).ArgMax)}, "argmin": {axis((*tensor.Tensor).ArgMinKeepdim), axis((*tensor.Tensor).ArgMin)},
	} {
		for _, a := range []int{0, 1, -1} {
			keep, drop := c.keep(x, a), c.drop(x, a)
			if want := x.Shape().With(a, 1); keep.Shape() != want || keep.DType() != drop.DType() || !slices.Equal(keep.Bytes(), drop.Bytes()) {
				t.Errorf("%s along %d: %v beside %v", name, a, keep, drop)
			}
		}
	}
	if y := x.ProdKeepdim(); y.Shape() != tensor.ShapeOf(1, 1, 1) {
		t.Errorf("the product of all has shape %v", y.Shape())
	}
}
