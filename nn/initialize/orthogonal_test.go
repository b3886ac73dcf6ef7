package initialize

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestOrthogonal(t *testing.T) {
	for _, dims := range [][]int{{5, 5}, {3, 8}, {8, 3}, {4, 2, 3, 3}, {20, 2, 3}, {1, 1}, {3, 0}, {0, 4}} {
		w := Orthogonal(random.New(1), 1.5, dims...)
		if w.Shape() != tensor.ShapeOf(dims...) {
			t.Fatalf("%v: shape %v", dims, w.Shape())
		}
		if w.Numel() == 0 {
			continue
		}
		m := w.To(tensor.Float64).Reshape(dims[0], -1)
		if m.Dim(0) > m.Dim(1) {
			m = m.Transpose(0, 1)
		}
		want := tensor.With(tensor.Float64).Eye(m.Dim(0)).MulScalar(1.5 * 1.5)
		if d := m.MatMul(m.Transpose(0, 1)).Sub(want).Abs().Max().Item(); d > 1e-6 {
			t.Errorf("%v: off an orthogonal matrix by %v", dims, d)
		}
	}
	// Uniform: the first element of an orthogonal 3 x 3 matrix is uniform in [-1, 1] (Archimedes).
	g := random.New(2)
	const n = 4000
	var mean, square float64
	for range n {
		v := Orthogonal(g, 1, 3, 3).Select(0, 0).Select(0, 0).Item()
		mean += v / n
		square += v * v / n
	}
	if math.Abs(mean) > 5*math.Sqrt(1./3/n) || math.Abs(square-1./3) > 5*math.Sqrt(4./45/n) {
		t.Errorf("the first element has mean %v and second moment %v, want 0 and 1/3", mean, square)
	}
	if tensor.Catch(func() { Orthogonal(g, 1, 4) }) == nil {
		t.Error("a vector was accepted")
	}
}
