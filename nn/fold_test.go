package nn_test

import (
	"slices"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// Blocks that do not overlap fold back to what they were cut from.
func TestFold(t *testing.T) {
	x := tensor.With(tensor.Float32).Arange(0, 2*3*4*6, 1).Reshape(2, 3, 4, 6)
	blocks := tensor.FoldConfig{Kernel: [2]int{2, 3}, Stride: [2]int{2, 3}}
	columns := nn.Unfold{FoldConfig: blocks}.Forward(x)
	if columns.Shape() != tensor.ShapeOf(2, 18, 4) {
		t.Fatalf("columns of shape %v", columns.Shape())
	}
	if first := tensor.Data[float32](columns.Select(2, 1).Select(0, 0).Narrow(0, 0, 6)); !slices.Equal(first, []float32{3, 4, 5, 9, 10, 11}) {
		t.Errorf("the second block is %v", first)
	}
	if y := (nn.Fold{H: 4, W: 6, FoldConfig: blocks}).Forward(columns); !tensor.Equal(y, x) {
		t.Errorf("folded back: %v", y)
	}
	wantKind(t, tensor.ErrValue, func() { nn.Unfold{}.Forward(x) })
	wantKind(t, tensor.ErrShape, func() { nn.Fold{H: 6, W: 6, FoldConfig: blocks}.Forward(columns) })
}
