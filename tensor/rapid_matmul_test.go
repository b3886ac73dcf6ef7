package tensor_test

import (
	"slices"
	"testing"

	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

// TestMatMulOverNothing has sums without terms, for a batch too.
func TestMatMulOverNothing(t *testing.T) {
	for _, dims := range [][]int{{3, 0}, {2, 3, 0}, {0, 3, 0}} {
		x := tensor.Zeros(dims...).RequireGrad()
		y := x.MatMul(tensor.Zeros(0, 4))
		if want := x.Shape().With(-1, 4); y.Shape() != want || y.Abs().Sum().Item() != 0 {
			t.Errorf("%v: %v, want zeros of shape %v", dims, y, want)
		}
		y.Sum().Backward()
		if x.Grad().Shape() != x.Shape() {
			t.Errorf("%v: the gradient is %v", dims, x.Grad())
		}
	}
}

// TestRapidMatMul multiplies vectors, matrices and batches that broadcast, of any strides. The sums are exact, in float32 too.
func TestRapidMatMul(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDType(t)
		sizes := rapid.SampledFrom([]int{1, 2, 3, 4, 5, 7, 8, 15, 17, 33, 40})
		m, k, n := sizes.Draw(t, "m"), sizes.Draw(t, "k"), sizes.Draw(t, "n")
		switch rapid.IntRange(0, 19).Draw(t, "empty") {
		case 17:
			m = 0
		case 18:
			k = 0
		case 19:
			n = 0
		}
		var batch []int
		for range rapid.IntRange(0, 2).Draw(t, "batch rank") {
			batch = append(batch, rapid.IntRange(1, 3).Draw(t, "batch"))
		}
		left, right := append(drawPart(t, batch), m, k), append(drawPart(t, batch), k, n)
		switch rapid.IntRange(0, 7).Draw(t, "vector") {
		case 5:
			left = []int{k}
		case 6:
			right = []int{k}
		case 7:
			left, right = []int{k}, []int{k}
		}
		x, a := drawView(t, d, left)
		y, b := drawView(t, d, right)
		got := x.MatMul(y)
		// A row and a column, with their dimension removed at the end.
		row, column := len(left) == 1, len(right) == 1
		if row {
			a.shape = []int{1, k}
		}
		if column {
			b.shape = []int{k, 1}
		}
		la, lb := len(a.shape), len(b.shape)
		shape := append(broadcastND(a.shape[:la-2], b.shape[:lb-2]), a.shape[la-2], b.shape[lb-1])
		want := ndMap(shape, func(i []int) (s float64) {
			r := len(i)
			ia, ib := slices.Clone(i), slices.Clone(i)
			for j := range k {
				ia[r-1], ib[r-2] = j, j
				s += a.at(ia...) * b.at(ib...)
			}
			return s
		})
		if column {
			want.shape = want.shape[:len(shape)-1]
		}
		if row {
			at := len(shape) - 2
			want.shape = slices.Delete(want.shape, at, at+1)
		}
		sameND(t, "matmul", got, want, 0)
	})
}
